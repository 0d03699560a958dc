"""Plain JSON-RPC to a node: what the indexer and the auditor read in bulk."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from piecework.chain.errors import ChainError, NodeUnreachable


class RpcError(ChainError):
    """The node answered with an error."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method} was refused by the node: {message} ({code})")
        self.code = code


class Rpc:
    """One HTTP connection to a node. Quantities come back as the node gives them (hex text).

    `timeout_seconds` bounds connecting, sending, each wait for bytes, and the whole of an answer's body: a node that
    sends a byte now and then holds up nobody.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 30.0) -> None:
        import httpx2

        self.url = url
        self._httpx = httpx2
        self._timeout_seconds = timeout_seconds
        self._http = httpx2.Client(timeout=timeout_seconds)

    def call(self, method: str, *params: Any) -> Any:
        """One answer. Raises NodeUnreachable or RpcError."""
        return self.batch([(method, params)])[0]

    def batch(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Answers in the order asked. Raises NodeUnreachable, or RpcError for the first that failed or is missing."""
        if not requests:
            return []
        answers = self._post(
            [
                {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
                for number, (method, params) in enumerate(requests)
            ]
        )
        by_id = {answer.get("id"): answer for answer in answers if isinstance(answer, dict)}
        # Some nodes refuse a whole batch with one error that names no request.
        general = by_id.get(None, {})
        if general.get("error") is None:
            general = {"error": {"message": "the node left this request unanswered"}}
        results = []
        for number, (method, _) in enumerate(requests):
            answer = by_id.get(number, general)
            if answer.get("error") is not None or "result" not in answer:
                raise _refusal(method, answer.get("error"))
            results.append(answer["result"])
        return results

    def _post(self, body: list[dict[str, Any]]) -> list[Any]:
        deadline = time.monotonic() + self._timeout_seconds
        data = bytearray()
        try:
            with self._http.stream("POST", self.url, json=body) as response:
                response.raise_for_status()
                for chunk in response.iter_bytes():
                    data += chunk
                    if time.monotonic() > deadline:
                        raise NodeUnreachable(self.url, f"no whole answer in {self._timeout_seconds:g} s")
            answers = json.loads(data)
        except (self._httpx.HTTPError, self._httpx.InvalidURL, ValueError, RecursionError) as error:
            raise NodeUnreachable(self.url, type(error).__name__) from error
        if not isinstance(answers, (dict, list)):
            raise NodeUnreachable(self.url, "the answer is no JSON-RPC")
        return [answers] if isinstance(answers, dict) else answers

    def chain_id(self) -> int:
        return int(self.call("eth_chainId"), 16)

    def block_number(self) -> int:
        return int(self.call("eth_blockNumber"), 16)

    def close(self) -> None:
        self._http.close()


def _refusal(method: str, error: Any) -> RpcError:
    if not isinstance(error, dict):
        return RpcError(method, 0, str(error or "the answer holds neither result nor error")[:300])
    code = error.get("code", 0)
    return RpcError(method, code if isinstance(code, int) else 0, str(error.get("message", ""))[:1000])
