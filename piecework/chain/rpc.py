"""Plain JSON-RPC to a node: what the indexer and the auditor read in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from piecework.chain.errors import ChainError, NodeUnreachable


class RpcError(ChainError):
    """The node answered with an error."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method} was refused by the node: {message} ({code})")
        self.code = code


class Rpc:
    """One HTTP connection to a node. Quantities come back as the node gives them (hex text)."""

    def __init__(self, url: str, *, timeout_seconds: float = 30.0) -> None:
        import httpx2

        self.url = url
        self._httpx = httpx2
        self._http = httpx2.Client(timeout=timeout_seconds)

    def call(self, method: str, *params: Any) -> Any:
        """One answer. Raises NodeUnreachable or RpcError."""
        return self.batch([(method, params)])[0]

    def batch(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Answers in the order asked. Raises NodeUnreachable, or RpcError for the first that failed."""
        if not requests:
            return []
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
            for number, (method, params) in enumerate(requests)
        ]
        try:
            response = self._http.post(self.url, json=body)
            response.raise_for_status()
            answers = response.json()
        except (self._httpx.HTTPError, ValueError) as error:
            raise NodeUnreachable(self.url, type(error).__name__) from error
        if isinstance(answers, dict):  # some nodes answer a refused batch with one error
            answers = [answers]
        by_id = {answer.get("id"): answer for answer in answers}
        results = []
        for number, (method, _) in enumerate(requests):
            answer = by_id.get(number, answers[0])
            if "error" in answer:
                refusal = answer["error"]
                raise RpcError(method, int(refusal.get("code", 0)), str(refusal.get("message", "")))
            results.append(answer.get("result"))
        return results

    def chain_id(self) -> int:
        return int(self.call("eth_chainId"), 16)

    def block_number(self) -> int:
        return int(self.call("eth_blockNumber"), 16)

    def close(self) -> None:
        self._http.close()
