"""The escrow with one line of a linked library changed: a bug that an auditor must name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import solcx

from piecework.chain import artifacts
from piecework.chain.compile import repository_root, standard_input
from piecework.chain.deploy import deploy_contract
from piecework.chain.escrow import Escrow


@dataclass(frozen=True)
class Bug:
    """In `library`, `old` (which stands there once) became `new`; the audit's checks that must differ."""

    name: str
    library: str
    old: str
    new: str
    found_by: frozenset[str]

    def bytecode(self) -> str:
        """The changed library's creation code. Quick, because nothing else is compiled to code."""
        root = repository_root()
        request = standard_input(root)
        source = f"contracts/libraries/{self.library}.sol"
        text = request["sources"][source]["content"]
        assert text.count(self.old) == 1, f"{source} has {text.count(self.old)} times {self.old!r}"
        request["sources"][source]["content"] = text.replace(self.old, self.new)
        request["settings"]["viaIR"] = False
        request["settings"]["outputSelection"] = {source: {self.library: ["evm.bytecode"]}}
        output = solcx.compile_standard(request, solc_binary=root / "tools" / "solc")
        return str(output["contracts"][source][self.library]["evm"]["bytecode"]["object"])


def deploy_with(bug: Bug, stack: Any) -> Escrow:
    """The shipped escrow, linked to the changed library and the shipped others."""
    web3, deployer = stack.web3, stack.accounts["deployer"]
    libraries = {}
    for name in artifacts.load("TaskEscrow").libraries():
        if name == bug.library:
            libraries[name] = _create(web3, deployer, bug.bytecode())
        else:
            libraries[name], _ = deploy_contract(web3, deployer, name)
    arbitrators = [stack.accounts["arbitrator"].address]
    address, _ = deploy_contract(web3, deployer, "TaskEscrow", stack.token.address, arbitrators, libraries=libraries)
    return Escrow(web3, address)


def _create(web3: Any, sender: Any, bytecode: str) -> str:
    transaction = (
        web3.eth.contract(abi=[], bytecode="0x" + bytecode)
        .constructor()
        .build_transaction({"from": sender.address, "nonce": web3.eth.get_transaction_count(sender.address)})
    )
    sent = web3.eth.send_raw_transaction(sender.sign_transaction(transaction).raw_transaction)
    return str(web3.eth.wait_for_transaction_receipt(sent)["contractAddress"])


BUGS = (
    Bug(
        "work is credited twice",
        "Settlements",
        "ledger.creditWork(worker, amount, accepted, rejected);",
        "ledger.creditWork(worker, 2 * amount, accepted, rejected);",
        frozenset({"view_account", "solvency"}),
    ),
    Bug(
        "the operator's fee does not come back after silence",
        "Deadlines",
        "OperatorFees.giveBack(ledger, batchId, requester, operatorFee * count);",
        "operatorFee; requester;",
        frozenset({"returned_fees", "money_conservation"}),
    ),
    Bug(
        "silence pays too early",
        "Deadlines",
        "if (t.count(TallySlots.OLD_LOT) > 0 && block.timestamp > t.time(TallySlots.OLD_REVIEW_END)) {",
        "if (t.count(TallySlots.OLD_LOT) > 0) {",
        frozenset({"silence_after_window"}),
    ),
    Bug(
        "rejected work is free again at once",
        "Settlements",
        "move(BatchSlots.SUBMITTED, BatchSlots.CONTESTABLE, rejected);",
        "move(BatchSlots.SUBMITTED, BatchSlots.FREE, rejected);",
        frozenset({"view_batch"}),
    ),
)
