"""Random life on an escrow: whatever requesters, workers, reviewers and arbitrators may do, valid or not."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from eth_account import Account

from piecework.chain.calls import Call, encode
from piecework.domain import messages
from piecework.domain.messages import BatchKey, DirectPayment, Packet, PacketKind, Verdict
from tests.backend.relay.market import DAY, HOUR, Market, digest_of, signed

PURSE_UNITS = 10**27
"""A requester's deposit. Rewards may be so large that their sums pass 2^63."""
REWARDS = (20, 100_000, 3 * 10**21)


@dataclass
class World(Market):
    """A market whose next act is drawn from `rng`. Sequence numbers come from the chain, whatever reorgs do."""

    rng: random.Random = field(default_factory=random.Random)
    keys: list[BatchKey] = field(default_factory=list)
    workers: list[Any] = field(default_factory=list)
    disputes: list[int] = field(default_factory=list)
    acts: int = 0

    def begin(self, workers: int = 4) -> None:
        """Two requesters with money in the escrow, an operator that one of them allows, and workers without gas."""
        stack = self.stack
        self.workers = [Account.from_key(self.rng.randbytes(32)) for _ in range(workers)]
        for name in ("requester", "stranger"):
            stack.send(stack.accounts[name], stack.token.mint(stack.accounts[name].address, 4 * PURSE_UNITS))
            stack.send(stack.accounts[name], self._approve(4 * PURSE_UNITS))
            stack.send(stack.accounts[name], stack.escrow.deposit(PURSE_UNITS))
        self.allow_operator()
        self.open()

    def act(self, times: int = 1) -> None:
        """Does something, often several things in one after the other."""
        for _ in range(times):
            acts, weights = zip(*_ACTS, strict=True)
            chosen: Callable[[World], None] = self.rng.choices(acts, weights)[0]
            chosen(self)
            self.acts += 1

    def try_send(self, name: str, call: Call) -> bool:
        """Sends `call` from the account of that role; it may revert. Whether it did not."""
        web3, sender = self.stack.web3, self.stack.accounts[name]
        transaction = {
            "to": call.to,
            "data": call.data,
            "chainId": web3.eth.chain_id,
            "nonce": web3.eth.get_transaction_count(sender.address),
            "gas": 5_000_000,
            "maxFeePerGas": web3.eth.gas_price * 2,
            "maxPriorityFeePerGas": 1,
        }
        sent = web3.eth.send_raw_transaction(sender.sign_transaction(transaction).raw_transaction)
        return bool(web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)["status"])

    def call(self, function: str, *arguments: Any) -> Call:
        return encode(self.stack.escrow.contract, function, *arguments)

    # -------------------------------------------------------------- requesters

    def open(self) -> None:
        reward = self.rng.choice(REWARDS)
        terms = self.terms(
            reward=reward,
            operatorFee=reward // self.rng.choice((20, 100)),
            disputeFee=self.rng.choice((0, reward * 2)),
            reviewWindow=self.rng.choice((HOUR, DAY)),
            rulingWindow=DAY,
            claimBy=self.now + self.rng.choice((2, 60, 200)) * DAY,
            flags=self.rng.choice((0, 0, 1)),
            manifest=self.digest(),
        )
        name = self.rng.choice(("requester", "requester", "stranger"))
        salt, count = self.digest(), self.rng.randint(1, 40)
        requester = self.stack.accounts[name].address
        if name == "requester" and self.rng.random() < 0.3:
            done = self.try_send("operator", self.call("openBatchFor", requester, terms.as_tuple(), salt, count))
        else:
            done = self.try_send(name, self.stack.escrow.open_batch(terms, salt, count))
        if done:
            self.keys.append(BatchKey(requester, salt, terms))

    def extend(self) -> None:
        key = self.key()
        self.try_send(self.owner(key), self.stack.escrow.extend_batch(key, self.rng.randint(0, 9), self.digest()))

    def close(self) -> None:
        key = self.key()
        self.try_send(self.owner(key), self.stack.escrow.close_batch(key))

    def refund(self) -> None:
        self.try_send("relayer", self.stack.escrow.refund(self.key()))

    def deposit(self) -> None:
        self.try_send("requester", self.stack.escrow.deposit(self.rng.randint(1, 10**24)))

    def allow_operator(self) -> None:
        reviewer, arbitrator = (self.stack.accounts[name].address for name in ("reviewer1", "arbitrator"))
        operator = self.stack.accounts["operator"].address
        cap, until = self.rng.choice((10**5, 10**26)), self.now + 90 * DAY
        self.try_send("requester", self.call("approveOperator", operator, cap, cap // 10, until, reviewer, arbitrator))

    def bonus(self) -> None:
        key, name = self.key(), self.rng.choice(("requester", "operator", "stranger"))
        amount = self.rng.randint(1, 10**4)
        self.try_send(name, self.call("bonus", key.as_tuple(), self.worker_of().address, amount, digest_of(3)))

    # ----------------------------------------------------------------- workers

    def packets(self) -> None:
        """Up to three packets in one call, good ones and bad ones."""
        made = [(key, packet) for key, packet in (self.random_packet() for _ in range(self.rng.randint(1, 3)))]
        keys = list({self.batch_id(key): key for key, _ in made}.values())
        self.try_send("relayer", self.stack.escrow.relay(keys, [packet for _, packet in made]))

    def random_packet(self) -> tuple[BatchKey, Packet]:
        key, worker = self.key(), self.worker_of()
        kinds = ("claim", "submit", "both", "both", "back", "sweep", "dispute", "replayed")
        kind, count = self.rng.choice(kinds), self.rng.randint(1, 4)
        if kind == "claim":
            return key, self.claim(key, worker, count, tasks_digest=self.digest())
        if kind == "submit":
            return key, self.submit(key, worker, self.tally(key, worker).claimed or 1, work_digest=self.digest())
        if kind == "back":
            return key, self.give_back(key, worker, 1)
        if kind == "sweep":
            return key, self.packet(key, worker, PacketKind.SET_SWEEP, count=self.rng.randint(0, 1))
        if kind == "dispute":
            self.expect_dispute(key, worker)
            return key, self.packet(key, worker, PacketKind.DISPUTE, count=count, work_digest=self.digest())
        if kind == "replayed":
            return key, self.claim(key, worker, count, sequence=max(0, self.tally(key, worker).sequence - 1))
        return key, self.claim_and_submit(key, worker, count)

    def packet(self, key: BatchKey, worker: Any, kind: PacketKind, **changes: Any) -> Packet:
        changes.setdefault("sequence", self.tally(key, worker).sequence)
        return super().packet(key, worker, kind, **changes)

    def sponsored_dispute(self) -> None:
        key, worker = self.contested()
        self.expect_dispute(key, worker)
        packet = self.packet(key, worker, PacketKind.DISPUTE, count=self.rng.randint(1, 3), work_digest=self.digest())
        self.try_send("stranger", self.stack.escrow.sponsor_dispute(key, packet))

    def expect_dispute(self, key: BatchKey, worker: Any) -> None:
        """Notes the number that a dispute opened now would have."""
        from eth_abi import encode as abi_encode
        from eth_utils import keccak

        sequence = self.tally(key, worker).sequence
        values = (bytes.fromhex(self.batch_id(key)[2:]), worker.address, sequence)
        self.disputes.append(int.from_bytes(keccak(abi_encode(("bytes32", "address", "uint24"), values)), "big"))

    def withdraw(self) -> None:
        worker = self.worker_of()
        state = self.stack.escrow.account(worker.address)
        amount = self.rng.randint(1, state.owed) if state.owed else 1
        deadline = self.now + DAY
        data = messages.withdrawal(
            self.stack.escrow.domain,
            account=worker.address,
            amount_units=amount,
            to=worker.address,
            nonce=state.nonce,
            deadline=deadline,
        )
        arguments = (worker.address, amount, worker.address, state.nonce, deadline, signed(worker, data))
        self.try_send("relayer", self.stack.escrow.withdraw_by_sig(*arguments))

    def sweep(self) -> None:
        self.try_send("relayer", self.stack.escrow.sweep([worker.address for worker in self.workers]))

    # ------------------------------------------------------ reviewer and others

    def settle(self) -> None:
        """Verdicts on some workers, now and then a stale one or a direct payment."""
        key, _ = self.pair_with(lambda tally: tally.old_lot and self.now < tally.old_review_end)
        batch = self.stack.escrow.batch(self.batch_id(key))
        verdicts = [verdict for worker in self.workers for verdict in self.verdict(key, worker)]
        direct = [DirectPayment(self.worker_of().address, 1)] if self.rng.random() < 0.3 else []
        call = self.stack.escrow.settle(key, batch.settlements + 1, self.digest(), verdicts, direct)
        self.try_send("reviewer1", call)

    def verdict(self, key: BatchKey, worker: Any) -> list[Verdict]:
        """Rejections are half of all; one in ten is stale."""
        tally = self.tally(key, worker)
        undecided = tally.old_lot + tally.young_lot
        if undecided == 0 and self.rng.random() < 0.9:
            return []
        decided = self.rng.randint(1, max(1, undecided))
        rejected = self.rng.randint(0, decided)
        stale = self.rng.random() < 0.1
        return [Verdict(worker.address, tally.decided + stale, decided - rejected, rejected)]

    def overturn(self) -> None:
        key, worker = self.contested()
        self.try_send("reviewer1", self.stack.escrow.overturn(key, worker.address, 1))

    def rule(self) -> None:
        """On an open dispute, if there is one; the arbitrator may refuse, or rule too high."""
        view = self.stack.escrow.contract.functions.disputeOf
        opened = [number for number in self.disputes[-4:] if int(view(number).call()[0], 16)]
        if not opened:
            return
        if self.rng.random() < 0.3:
            self.stack.travel(DAY + 60)
            self.try_send("relayer", self.stack.escrow.rule_overdue(opened[0]))
        else:
            self.try_send("arbitrator", self.stack.escrow.rule(opened[0], self.rng.randint(0, 4)))

    def deadlines(self) -> None:
        """Everything that anyone may do once time is over."""
        escrow = self.stack.escrow
        key, late = self.pair_with(lambda tally: tally.old_lot and tally.old_review_end < self.now)
        self.try_send("relayer", escrow.pay_overdue(key, late.address))
        names = [worker.address for worker in self.workers]
        self.try_send("relayer", escrow.expire_claims(key, names))
        key, _ = self.pair_with(lambda tally: tally.contestable and tally.contest_end < self.now)
        self.try_send("relayer", escrow.release_rejected(key, names))

    def wait(self) -> None:
        self.stack.travel(self.rng.choice((60, 60, 600, 1800, 2 * HOUR, 26 * HOUR)))

    # ------------------------------------------------------------------- choose

    def key(self) -> BatchKey:
        """One of the newest batches, so that things come together."""
        return self.rng.choice(self.keys[-3:])

    def owner(self, key: BatchKey) -> str:
        return next(name for name in ("requester", "stranger") if self.stack.accounts[name].address == key.requester)

    def worker_of(self) -> Any:
        return self.rng.choice(self.workers)

    def contested(self) -> tuple[BatchKey, Any]:
        """A batch and a worker with rejections in it, if there is one."""
        return self.pair_with(lambda tally: tally.contestable)

    def pair_with(self, wanted: Callable[[Any], Any]) -> tuple[BatchKey, Any]:
        """A batch and a worker whose tally is as wanted, if there is one; else any."""
        pairs = [(key, worker) for key in self.keys[-3:] for worker in self.workers]
        self.rng.shuffle(pairs)
        return next((pair for pair in pairs if wanted(self.tally(*pair))), pairs[0])

    def tally(self, key: BatchKey, worker: Any) -> Any:
        return self.stack.escrow.tally(self.batch_id(key), worker.address)

    def digest(self) -> str:
        return digest_of(self.rng.randrange(1, 2**200))


_ACTS = (
    (World.packets, 30),
    (World.settle, 20),
    (World.wait, 8),
    (World.deadlines, 6),
    (World.open, 4),
    (World.extend, 3),
    (World.close, 2),
    (World.refund, 2),
    (World.deposit, 2),
    (World.allow_operator, 1),
    (World.bonus, 3),
    (World.sponsored_dispute, 6),
    (World.overturn, 4),
    (World.rule, 6),
    (World.withdraw, 3),
    (World.sweep, 2),
)


def reorg(world: World, depth: int, transactions: int = 0) -> None:
    """Replaces the newest `depth` blocks by others of the same number with other transactions in them."""
    accounts, escrow = world.stack.accounts, world.stack.escrow
    pairs = []
    for number in range(transactions):
        sender = accounts["requester"]
        call = escrow.deposit(world.rng.randint(1, 10**6))
        if number % 3 == 1:
            call = world.call("setSweep", bool(world.rng.getrandbits(1)))
        pairs.append([{"from": sender.address, "to": call.to, "data": call.data}, world.rng.randrange(depth)])
    answer = world.stack.web3.provider.make_request("anvil_reorg", [depth, pairs])
    assert "error" not in answer, answer
