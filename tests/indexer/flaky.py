"""A node's connection that fails as networks and nodes do, drawn from a seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from piecework.chain.errors import NodeUnreachable
from piecework.chain.rpc import Rpc, RpcError


class FlakyRpc(Rpc):
    """Loses answers, refuses wide queries, gives logs twice, and lets `between` happen between two requests."""

    def __init__(self, url: str, rng: random.Random, between: Callable[[], None] = lambda: None) -> None:
        super().__init__(url)
        self._rng = rng
        self._between = between
        self.troubles: Counter[str] = Counter()

    def batch(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        chance = self._rng.random()
        if chance < 0.08:
            self.troubles["lost"] += 1
            raise NodeUnreachable(self.url, "ReadTimeout")
        if chance < 0.12:
            self.troubles["moved"] += 1
            self._between()
        method, parameters = requests[0]
        if method == "eth_getLogs":
            return [self._logs(parameters[0])]
        return super().batch(requests)

    def _logs(self, query: dict[str, str]) -> Any:
        if int(query["toBlock"], 16) - int(query["fromBlock"], 16) > 6 and self._rng.random() < 0.6:
            self.troubles["refused"] += 1
            raise RpcError("eth_getLogs", -32005, "query returned more than 10000 results")
        logs = super().batch([("eth_getLogs", (query,))])[0]
        if logs and self._rng.random() < 0.2:
            self.troubles["twice"] += 1
            logs = logs + self._rng.sample(logs, 1)
            self._rng.shuffle(logs)
        return logs
