"""A juror: looks at what was rejected, commits to a vote, and reveals it. It pays its own gas.

The vote's salt never leaves this client before the reveal: the commitment is computed here.
"""

from __future__ import annotations

import json
import secrets

from eth_abi import encode
from eth_utils import keccak

from scripts.crowd.api import Api, Json
from scripts.crowd.reviewer import by_digest
from scripts.crowd.wallet import Node
from scripts.crowd.worker import Answerer

_RULING_GAS = 500_000


class Juror:
    """One juror with its wallet and its own judgement: what it would have answered."""

    def __init__(self, api: Api, node: Node, judge: Answerer) -> None:
        self._api = api
        self._node = node
        self._judge = judge
        self._votes: dict[str, tuple[int, str]] = {}

    def judge(self, dispute: Json) -> int:
        """How many of the contested answers are right, by the juror's own look at each task."""
        manifest = self._api.get(f"/v1/batches/{dispute['batch_id']}/manifest")
        tasks = {task["id"]: task for task in manifest["tasks"]}
        right = 0
        for rejected in dispute["rejections"]:
            document = json.loads(by_digest(self._api, rejected["submission"]))
            given = {item["task"]: item["answer"] for item in document["answers"]}
            right += document["worker"] == dispute["worker"] and given[rejected["task"]] == self._judge(
                self._api, tasks[rejected["task"]]
            )
        return min(right, int(dispute["count"]))

    def commit(self, dispute_id: str) -> None:
        """Judges the case and commits to the ruling: r accepts r - 1 answers."""
        assert self._api.wallet is not None  # noqa: S101 - jurors have wallets
        ruling = 1 + self.judge(self._api.get(f"/v1/disputes/{dispute_id}"))
        salt = "0x" + secrets.token_hex(32)
        self._votes[dispute_id] = (ruling, salt)
        body = {"commitment": self._commitment(dispute_id, ruling, salt)}
        answer = self._api.post(f"/v1/juror/cases/{dispute_id}/commitment", body)
        self._node.send(self._api.wallet, answer["transaction"])

    def reveal(self, dispute_id: str) -> None:
        assert self._api.wallet is not None  # noqa: S101
        ruling, salt = self._votes[dispute_id]
        answer = self._api.post(f"/v1/juror/cases/{dispute_id}/reveal", {"ruling": ruling, "salt": salt})
        # The last reveal rules as well, and nobody knows beforehand which one is last.
        self._node.send(self._api.wallet, answer["transaction"], spare_gas=_RULING_GAS)

    def _commitment(self, dispute_id: str, ruling: int, salt: str) -> str:
        recipe = self._api.get("/v1/juror/queue")["commitment"]
        mine = {"dispute_id": int(dispute_id, 16), "ruling": ruling, "salt": bytes.fromhex(salt[2:])}
        values = {**recipe, **mine}
        return "0x" + keccak(encode(recipe["types"], [values[name] for name in recipe["names"]])).hex()
