"""A house whose arbitrator is a panel of jurors, and that serves a registry of qualifications."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_account import Account
from eth_utils import keccak

from tests.backend.house import House, sign, verdict
from tests.backend.payments.gateway import running_gateway

PANEL_FEE_UNITS = 600
RESERVE_UNITS = 10 * PANEL_FEE_UNITS


@dataclass
class Court(House):
    """`jurors` sit in the panel, two of three rule. They own gas."""

    jurors: list[Any] = field(default_factory=list)
    panel: Any = None
    registry: Any = None

    def rejected(self, worker: Any, tasks: int = 2, requester: Any = None, **changes: Any) -> str:
        """The id of a batch in which the worker answered every task, and the reviewers rejected all."""
        body = {"reserve_units": str(RESERVE_UNITS), "answers_per_task": 1, **changes}
        batch_id = self.funded(requester or self.requester(), tasks, **body)
        self.rejected_in(batch_id, worker, tasks)
        return batch_id

    def rejected_in(self, batch_id: str, worker: Any, tasks: int) -> None:
        offer = self.submitted(worker, batch_id, count=tasks)
        verdicts = [verdict(worker, task, "rejected", f"no cat in {task}") for task in offer["tasks"]]
        self.settled(self.proposed(batch_id, verdicts))
        self.until(lambda: self.rejections(worker, batch_id), lambda items: items and items[0]["contestable"] == tasks)

    def rejections(self, worker: Any, batch_id: str) -> Any:
        return self.get(worker, "/v1/rejections", batch_id=batch_id)["items"]

    def earn(self, worker: Any, units: int = PANEL_FEE_UNITS) -> None:
        """Money in the worker's account in the escrow, for a bond; given by a sponsor of the test as a deposit."""
        giver = self.requester()
        batch_id = self.funded(giver, tasks=1, reward_units=str(units), answers_per_task=1, dispute_fee_units="0")
        offer = self.submitted(worker, batch_id)
        self.settled(self.proposed(batch_id, [verdict(worker, offer["tasks"][0])]))
        path = f"/v1/accounts/{worker.address}"
        self.until(lambda: int(self.get(None, path)["owed_units"]), lambda owed: owed >= units)

    def appeal(self, worker: Any, batch_id: str, **changes: Any) -> Any:
        body = {"batch_id": batch_id, "statement": "There is a cat in every picture.", **changes}
        return self.post(worker, "/v1/appeals/draft", body, 201)

    def signed(self, worker: Any, drafted: Any) -> dict[str, Any]:
        names = ("batch_id", "count", "evidence_digest", "sequence", "deadline")
        signature = sign(worker, drafted["typed_data"])
        return {**{name: drafted[name] for name in names}, "worker": worker.address, "signature": signature}

    def disputed(self, worker: Any, batch_id: str, **changes: Any) -> Any:
        """The dispute's view once it is on chain."""
        body = self.signed(worker, self.appeal(worker, batch_id, **changes))
        intent = self.post(None, "/v1/appeals", body, 202)
        assert self.gateway.finished(intent["intent_id"])["status"] == "confirmed"
        return self.dispute_of(batch_id)

    def dispute_of(self, batch_id: str) -> Any:
        path = "/v1/disputes"
        found = self.until(lambda: self.get(None, path, batch_id=batch_id)["items"], bool)[0]
        return self.get(None, f"{path}/{found['dispute_id']}")

    def dispute(self, dispute_id: str) -> Any:
        return self.get(None, f"/v1/disputes/{dispute_id}")

    def commitment(self, juror: Any, dispute_id: str, ruling: int, salt: str) -> str:
        """As the juror's own client computes it from the recipe of its queue."""
        recipe = self.get(juror, "/v1/juror/queue")["commitment"]
        values = {**recipe, "dispute_id": int(dispute_id, 16), "ruling": ruling, "salt": bytes.fromhex(salt[2:])}
        return "0x" + keccak(encode(recipe["types"], [values[name] for name in recipe["names"]])).hex()

    def commit(self, juror: Any, dispute_id: str, ruling: int) -> str:
        """Sends the juror's commitment; returns the salt."""
        salt = "0x" + secrets.token_hex(32)
        body = {"commitment": self.commitment(juror, dispute_id, ruling, salt)}
        self.send(juror, self.post(juror, f"/v1/juror/cases/{dispute_id}/commitment", body)["transaction"])
        return salt

    def reveal(self, juror: Any, dispute_id: str, ruling: int, salt: str) -> None:
        body = {"ruling": ruling, "salt": salt}
        self.send(juror, self.post(juror, f"/v1/juror/cases/{dispute_id}/reveal", body)["transaction"])

    def vote(self, dispute_id: str, *rulings: int) -> None:
        """Each juror commits, then each reveals; a ruling of -1 never reveals."""
        salts = [self.commit(j, dispute_id, max(0, r)) for j, r in zip(self.jurors, rulings, strict=False)]
        for juror, ruling, salt in zip(self.jurors, rulings, salts, strict=False):
            if ruling >= 0:
                self.reveal(juror, dispute_id, ruling, salt)

    def ended(self, dispute_id: str, state: str) -> Any:
        return self.until(lambda: self.dispute(dispute_id), lambda found: found["state"] == state)


@contextmanager
def open_court(stack: Any, folder: Path) -> Iterator[Court]:
    """Another escrow on the stack's chain, whose arbitrator is a panel of three jurors."""
    from piecework.chain.credentials import Credentials
    from piecework.chain.deploy import deploy_arbitration_panel, deploy_credentials, deploy_escrow
    from piecework.chain.escrow import Escrow
    from piecework.chain.panel import ArbitrationPanel

    web3, deployer = stack.web3, stack.accounts["deployer"]
    jurors = [Account.create() for _ in range(3)]
    for juror in jurors:
        web3.provider.make_request("anvil_setBalance", [juror.address, hex(10**18)])
    panel = deploy_arbitration_panel(web3, deployer, [j.address for j in jurors], 2, PANEL_FEE_UNITS)
    escrow = deploy_escrow(web3, deployer, stack.token.address, [panel])
    registry, _ = deploy_credentials(web3, deployer)
    court_stack = replace(stack, escrow=Escrow(web3, escrow.escrow))
    settings = {"arbitrator": panel, "credentials_address": registry, "default_reviewer": stack.panel}
    with running_gateway(court_stack, folder, keeper_poll_seconds=0.1, **settings) as gateway:
        yield Court(gateway, jurors=jurors, panel=ArbitrationPanel(web3, panel), registry=Credentials(web3, registry))
