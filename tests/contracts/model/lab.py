"""The shipped contracts on an in-process chain, with calls by name as the model has them."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from eth_account import Account
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_utils import keccak
from web3 import EthereumTesterProvider, Web3
from web3.logs import DISCARD

from piecework.chain import artifacts
from piecework.chain.errors import REFUSALS, decode_revert
from piecework.domain.messages import (
    BatchKey,
    DirectPayment,
    Domain,
    Packet,
    PacketKind,
    Terms,
    Ticket,
    Verdict,
    signable,
)
from tests.contracts.model.escrow_model import Rules

DIGEST = "0x" + "11" * 32
NO_ONE = "0x" + "00" * 20
ROLES = ("deployer", "requester", "reviewer", "operator", "arbitrator", "sponsor", "worker1", "worker2", "worker3")


Call = tuple[Any, str]
"""A contract and the calldata for it."""
FUNDS = {"requester": 50_000, "worker1": 900, "sponsor": 2_000}
"""What is deposited before the first call."""


class Lab:
    """One escrow with a test token. `reset` goes back to right after the first deposits."""

    def __init__(self) -> None:
        genesis = PyEVMBackend.generate_genesis_params(overrides={"gas_limit": 40_000_000})
        self.tester = EthereumTester(PyEVMBackend(genesis_parameters=genesis))
        self.web3 = Web3(EthereumTesterProvider(self.tester))
        keys = self.tester.backend.account_keys
        self.keys = dict(zip(ROLES, keys, strict=False))
        self.addresses = {role: key.public_key.to_checksum_address() for role, key in self.keys.items()}
        self.transactions = 0
        self._encoded: dict[Any, str] = {}
        self.token = self._deploy("TestToken")
        libraries = {name: self._deploy(name).address for name in artifacts.load("TaskEscrow").libraries()}
        arbitrators = [self.addresses["arbitrator"]]
        self.escrow = self._deploy("TaskEscrow", self.token.address, arbitrators, libraries=libraries)
        for account, amount in FUNDS.items():
            self.deposit(account, amount)
        self._clean = self.tester.take_snapshot()
        self.transactions = 0
        self.batches: dict[str, BatchKey] = {}
        self.rules: dict[str, Rules] = {}

    def _deploy(self, contract: str, *arguments: Any, libraries: dict[str, str] | None = None) -> Any:
        artifact = artifacts.load(contract)
        factory = self.web3.eth.contract(abi=artifact.abi, bytecode="0x" + artifact.linked(libraries or {}))
        sent = factory.constructor(*arguments).transact({"from": self.addresses["deployer"], "gas": 8_000_000})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent)
        assert receipt["status"] == 1
        return self.web3.eth.contract(address=receipt["contractAddress"], abi=artifact.abi)

    def reset(self) -> None:
        self.tester.revert_to_snapshot(self._clean)
        self._clean = self.tester.take_snapshot()
        self.batches.clear()

    # -------------------------------------------------------------------- time

    @property
    def now(self) -> int:
        """Unix seconds that the next call will see."""
        return int(self.tester.get_block_by_number("pending")["timestamp"])

    def travel(self, seconds: int) -> None:
        self.tester.time_travel(self.now + seconds)

    # ------------------------------------------------------------------- calls

    def deposit(self, account: str, amount: int) -> None:
        address = self.addresses[account]
        self._send("deployer", self._token_call("mint", address, amount))
        self._send(account, self._token_call("approve", self.escrow.address, amount))
        self._send(account, self._escrow_call("deposit", amount))

    def withdraw(self, account: str, amount: int) -> None:
        self._send(account, self._escrow_call("withdraw", amount, self.addresses[account]))

    def open(self, name: str, rules: Rules, assignments: int) -> None:
        terms = Terms(
            reward=rules.reward,
            operatorFee=rules.operator_fee,
            disputeFee=rules.dispute_fee,
            reviewer=self.addresses["reviewer"],
            assigner=NO_ONE,
            operator=self.addresses["operator"],
            gate=NO_ONE,
            arbitrator=self.addresses["arbitrator"],
            claimBy=rules.claim_by,
            lease=rules.lease,
            reviewWindow=rules.review,
            disputeWindow=rules.dispute,
            rulingWindow=rules.ruling,
            maxClaim=rules.max_claim,
            flags=int(rules.direct),
            manifest=DIGEST,
        )
        salt = "0x" + keccak(text=name).hex()
        self._send("requester", self._escrow_call("openBatch", terms.as_tuple(), bytes.fromhex(salt[2:]), assignments))
        self.batches[name] = BatchKey(self.addresses["requester"], salt, terms)

    def act(self, call: str, name: str, *arguments: Any) -> str | None:
        """Does it and returns None, or returns the code with which the contract refuses or skips it."""
        if call in ("settle", "pay_direct"):
            skipped: str | None = getattr(self, call)(name, *arguments)
            return skipped
        sender, function = getattr(self, f"_{call}")(name, self.batches[name].as_tuple(), *arguments)
        return self._try(sender, function)

    def _claim(self, name: str, key: Any, worker: str, count: int) -> tuple[str, Call]:
        ticket = Ticket().as_tuple()
        return worker, self._escrow_call("claim", key, count, bytes(32), 1, ticket)

    def _give_back(self, name: str, key: Any, worker: str, count: int) -> tuple[str, Call]:
        return worker, self._escrow_call("returnClaim", key, count)

    def _submit(self, name: str, key: Any, worker: str, count: int) -> tuple[str, Call]:
        return worker, self._escrow_call("submit", key, count, bytes.fromhex(DIGEST[2:]))

    def _pay_overdue(self, name: str, key: Any, worker: str) -> tuple[str, Call]:
        return "sponsor", self._escrow_call("payOverdue", key, self.addresses[worker])

    def _overturn(self, name: str, key: Any, worker: str, count: int, by: str) -> tuple[str, Call]:
        return by, self._escrow_call("overturn", key, self.addresses[worker], count)

    def _expire(self, name: str, key: Any, worker: str) -> tuple[str, Call]:
        return "sponsor", self._escrow_call("expireClaims", key, [self.addresses[worker]])

    def _release(self, name: str, key: Any, worker: str) -> tuple[str, Call]:
        return "sponsor", self._escrow_call("releaseRejected", key, [self.addresses[worker]])

    def _contest(self, name: str, key: Any, worker: str, count: int, poster: str) -> tuple[str, Call]:
        if poster == worker:
            return worker, self._escrow_call("dispute", key, count, bytes.fromhex(DIGEST[2:]))
        packet = self._dispute_packet(name, worker, count)
        return poster, self._escrow_call("sponsorDispute", key, packet.as_tuple(0))

    def _rule(self, name: str, key: Any, worker: str, ruling: int) -> tuple[str, Call]:
        return "arbitrator", self._escrow_call("rule", self._open_dispute(name, worker), ruling)

    def _rule_overdue(self, name: str, key: Any, worker: str) -> tuple[str, Call]:
        return "sponsor", self._escrow_call("ruleOverdue", self._open_dispute(name, worker))

    def _refund(self, name: str, key: Any) -> tuple[str, Call]:
        return "sponsor", self._escrow_call("refund", key)

    def _close(self, name: str, key: Any) -> tuple[str, Call]:
        return "requester", self._escrow_call("closeBatch", key)

    def _extend(self, name: str, key: Any, assignments: int) -> tuple[str, Call]:
        return "requester", self._escrow_call("extendBatch", key, assignments, bytes.fromhex(DIGEST[2:]))

    def settle(self, name: str, worker: str, decided: int, accepted: int, rejected: int) -> str | None:
        """One settlement with one verdict; returns why it was skipped, or None."""
        verdict = Verdict(self.addresses[worker], decided, accepted, rejected)
        return self._settle(name, [verdict.as_tuple()], [])

    def pay_direct(self, name: str, worker: str, count: int) -> str | None:
        return self._settle(name, [], [DirectPayment(self.addresses[worker], count).as_tuple()])

    def _settle(self, name: str, verdicts: list[Any], direct: list[Any]) -> str | None:
        key, nonce = self.batches[name].as_tuple(), self.batch(name)[7] + 1
        digest = bytes.fromhex(DIGEST[2:])
        receipt = self._send("reviewer", self._escrow_call("settle", key, nonce, digest, verdicts, direct, b""))
        skipped = self.escrow.events.VerdictSkipped().process_receipt(receipt, errors=DISCARD)
        return REFUSALS[skipped[0]["args"]["reason"]] if skipped else None

    def _dispute_packet(self, name: str, worker: str, count: int) -> Packet:
        batch_id, address = self._id(name), self.addresses[worker]
        packet = Packet(
            kind=PacketKind.DISPUTE,
            batch_id=batch_id,
            worker=address,
            sequence=self.tally(name, worker)[6],
            deadline=self.now + 86_400,
            count=count,
            work_digest=DIGEST,
        )
        data = signable(packet.typed_data(self._domain()))
        signature = Account.sign_message(data, self.keys[worker].to_bytes()).signature
        return replace(packet, signature="0x" + bytes(signature).hex())

    def _open_dispute(self, name: str, worker: str) -> int:
        """The number of the worker's open dispute; of one that never was if there is none."""
        batch_id, address = self._id(name), self.addresses[worker]
        for sequence in range(self.tally(name, worker)[6]):
            words = (
                bytes.fromhex(batch_id[2:]) + bytes.fromhex(address[2:]).rjust(32, b"\0") + sequence.to_bytes(32, "big")
            )
            number = int.from_bytes(keccak(words), "big")
            if self._ask(self.escrow, "disputeOf", number)[10]:
                return number
        return 1

    # ------------------------------------------------------------------- views

    def account(self, role: str) -> tuple[int, ...]:
        return self._ask(self.escrow, "accountOf", self.addresses[role])[:6]

    def batch(self, name: str) -> tuple[int, ...]:
        batch_id = self._id(name)
        return (*self._ask(self.escrow, "batchOf", batch_id)[:8], *self._ask(self.escrow, "lockedOf", batch_id))

    def tally(self, name: str, worker: str) -> tuple[Any, ...]:
        t = self._ask(self.escrow, "tallyOf", self._id(name), self.addresses[worker])
        return (*t[:6], t[10], bool(t[11] & 1))

    def balance(self) -> int:
        return self._ask(self.token, "balanceOf", self.escrow.address)[0]

    def _ask(self, contract: Any, view: str, *arguments: Any) -> tuple[int, ...]:
        """A view whose answer is a row of numbers."""
        raw = self._raw_call("deployer", contract.address, self._data(contract, view, *arguments))
        return tuple(int.from_bytes(raw[i : i + 32], "big") for i in range(0, len(raw), 32))

    def _escrow_call(self, function: str, *arguments: Any) -> Call:
        return self.escrow, self._data(self.escrow, function, *arguments)

    def _token_call(self, function: str, *arguments: Any) -> Call:
        return self.token, self._data(self.token, function, *arguments)

    def _data(self, contract: Any, function: str, *arguments: Any) -> str:
        """Calldata; remembered, because web3 checks the whole ABI each time."""
        key = (contract.address, function, repr(arguments))
        if key not in self._encoded:
            self._encoded[key] = contract.encode_abi(function, args=list(arguments))
        return self._encoded[key]

    def _raw_call(self, sender: str, to: str, data: str) -> bytes:
        """At the time that the next transaction will see."""
        call = {"from": self.addresses[sender], "to": to, "data": data, "gas": 3_000_000}
        answer = self.tester.call(call, block_number="pending")
        return bytes.fromhex(answer[2:]) if isinstance(answer, str) else bytes(answer)

    # ------------------------------------------------------------------ sending

    def _domain(self) -> Any:
        return Domain(self.web3.eth.chain_id, self.escrow.address)

    def _id(self, name: str) -> str:
        return self.batches[name].batch_id(self._domain())

    def _try(self, sender: str, call: Call) -> str | None:
        contract, data = call
        try:
            self._raw_call(sender, contract.address, data)
        except TransactionFailed as error:
            return decode_revert(_revert_data(error)).code
        self._send(sender, call)
        return None

    def _send(self, sender: str, call: Call) -> Any:
        contract, data = call
        transaction: Any = {"from": self.addresses[sender], "to": contract.address, "data": data, "gas": 3_000_000}
        receipt = self.web3.eth.wait_for_transaction_receipt(self.web3.eth.send_transaction(transaction))
        assert receipt["status"] == 1, "a call that should pass was reverted"
        self.transactions += 1
        return receipt


def _revert_data(error: BaseException) -> bytes:
    """eth-tester puts the data, or another exception that has it, into an exception's first argument."""
    first: Any = error
    while isinstance(first, BaseException):
        first = first.args[0]
    if isinstance(first, str) and first.startswith("b"):
        first = ast.literal_eval(first)  # it prints the bytes into a text
    assert isinstance(first, bytes), f"no revert data in {error!r}"
    return first
