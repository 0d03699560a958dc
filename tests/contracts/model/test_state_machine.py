"""Random lives of two batches, on the shipped contracts and in the plain-Python model at once.

hypothesis chooses the calls; each is also asked of the model. What the model refuses the contract must refuse with the
same error; what it allows must be mined, and afterwards every account, batch and tally must be the model's, field by
field.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.model.escrow_model import Batch, Model, Refused, Rules
from tests.contracts.model.lab import FUNDS, Lab

TRANSACTIONS = int(os.environ.get("PIECEWORK_MACHINE_TRANSACTIONS", "2000"))
STEPS = 30
CALLS_A_STEP = 6
DAY = 86_400
WORKERS = ("worker1", "worker2", "worker3")
BATCHES = ("open", "direct")
RULES: dict[str, dict[str, Any]] = {
    "open": {"reward": 1000, "operator_fee": 50, "dispute_fee": 900, "max_claim": 6, "direct": False},
    "direct": {"reward": 700, "operator_fee": 0, "dispute_fee": 0, "max_claim": 3, "direct": True},
}
RARE = ("close", "refund", "extend", "expire", "rule")
"""Would end most lives, or disputes, early."""
SETTLEMENTS = ("settle", "pay_direct")
Call = tuple[str, str, tuple[Any, ...]]
"""A call's name, its batch and its other arguments."""


def calls(model: Model) -> Iterator[Call]:
    """Everything that somebody might try now, sensible or not."""
    for name, b in model.batches.items():
        yield from ((call, name, ()) for call in ("refund", "close"))
        yield "extend", name, (1,)
        for worker in WORKERS:
            t = b.tallies[worker]
            yield from ((call, name, (worker,)) for call in ("pay_overdue", "expire", "release", "rule_overdue"))
            for count in sorted({0, 1, min(b.free, 4), b.free + 1}):
                yield "claim", name, (worker, count)
                yield "pay_direct", name, (worker, count)
            for count in sorted({1, t.claimed, t.claimed + 1}):
                yield "give_back", name, (worker, count)
                yield "submit", name, (worker, count)
            undecided = t.old + t.young
            for accepted in sorted({0, 1, t.old, undecided}):
                for rejected in sorted({0, 1, max(0, undecided - accepted), undecided}):
                    yield "settle", name, (worker, t.decided, accepted, rejected)
            yield "settle", name, (worker, t.decided + 1, 1, 0)
            for count in sorted({1, t.contestable, t.contestable + 1}):
                yield from (("overturn", name, (worker, count, by)) for by in ("requester", "reviewer"))
                yield from (("contest", name, (worker, count, poster)) for poster in (worker, "sponsor"))
            yield from (("rule", name, (worker, ruling)) for ruling in range(4))


def attempt(model: Model, call: Call) -> str | None:
    """Does it in the model; the code of the refusal, which changes nothing, or None."""
    name, batch, arguments = call
    b = model.batches[batch]
    try:
        if name == "settle":
            model.verdict(b, *arguments)
        elif name == "overturn":
            model.overturn(b, *arguments[:2])
        else:
            getattr(model, name)(b, *arguments)
    except Refused as refusal:
        return refusal.code
    finally:
        if name in SETTLEMENTS:
            model.settled(b)  # it counts whether or not its one entry applies
    return None


class Market(RuleBasedStateMachine):
    """One chain with two batches. `lab` is set by the test that runs this machine."""

    lab: Lab
    counts: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.lab.reset()
        self.model = Model(now=self.lab.now)
        self.touched: set[tuple[str, str]] = set()

    @initialize(assignments=st.integers(3, 12), spare=st.integers(1, 4000))
    def fund(self, assignments: int, spare: int) -> None:
        """Both batches; `spare` units stay with the requester, to be locked for disputes."""
        for account, amount in FUNDS.items():
            self.model.deposit(account, amount)
        cost = sum((RULES[n]["reward"] + RULES[n]["operator_fee"]) * assignments for n in BATCHES)
        for name in BATCHES:
            timing = {"claim_by": self.lab.now + 9 * DAY, "lease": DAY // 2, "review": 2 * DAY, "dispute": DAY}
            rules = Rules(**RULES[name], **timing, ruling=2 * DAY)
            self.lab.open(name, rules, assignments)
            self.model.open(name, Batch(rules, "requester", "operator", "arbitrator", assignments))
        self._withdraw("requester", FUNDS["requester"] - cost - spare)

    @rule(seed=st.integers(0, 2**32 - 1))
    def life_goes_on(self, seed: int) -> None:
        """A few calls, some of them refused or idle; sometimes time passes, or somebody takes money out."""
        rng = random.Random(seed)
        for _ in range(CALLS_A_STEP):
            self._call(rng, idle=rng.random() < 0.15)
        if rng.random() < 0.5:
            self.lab.travel(rng.choice([1, 5, 12, 24, 49]) * 3600)
        if rng.random() < 0.2:
            account = rng.choice([*WORKERS, "requester", "operator"])
            amount = self.model.accounts[account].owed * rng.randint(1, 4) // 4
            if amount:
                self._withdraw(account, amount)

    def _call(self, rng: random.Random, *, idle: bool) -> None:
        """First which call, then with what: many variants make no call likelier."""
        self.model.now = self.lab.now
        possible: dict[str, list[Call]] = {}
        for call in calls(self.model):
            possible.setdefault(call[0], []).append(call)
        for name in rng.sample(sorted(possible), len(possible)):
            if name in RARE and rng.random() < 0.7:
                continue
            for call in rng.sample(possible[name], len(possible[name])):
                trial = self.model.clone()
                if (attempt(trial, call) is not None or trial == self.model) == idle:
                    self.do(call)
                    return

    def _withdraw(self, account: str, amount: int) -> None:
        self.counts["withdraw"] += 1
        self.touched.add((BATCHES[0], WORKERS[0]))
        self.model.withdraw(account, amount)
        self.lab.withdraw(account, amount)

    def do(self, call: Call) -> None:
        """The contract does, or refuses with the same code, what the model does."""
        name, batch, arguments = call
        self.model.now = self.lab.now
        refused = attempt(self.model, call)
        self.counts[name if refused is None else f"{name}: {refused}"] += 1
        assert self.lab.act(name, batch, *arguments) == refused, call
        self.touched.add((batch, arguments[0] if arguments and arguments[0] in WORKERS else WORKERS[0]))

    @invariant()
    def contract_and_model_agree(self) -> None:
        if not self.touched:
            return
        for account in (*WORKERS, "requester", "operator", "arbitrator", "sponsor"):
            record = self.model.accounts[account]
            expected = (record.owed, record.accepted, record.rejected, record.contested, record.won, record.lost)
            assert self.lab.account(account) == expected, account
        for name, worker in self.touched:
            b = self.model.batches[name]
            counts = (b.free, b.claimed, b.submitted, b.contestable, b.disputed, b.accepted, b.refunded, b.settlements)
            assert self.lab.batch(name) == (*counts, b.locked), name
            t = b.tallies[worker]
            values = (t.claimed, t.old, t.young, t.decided, t.contestable, t.disputed, t.sequence, t.fee_locked)
            assert self.lab.tally(name, worker) == values, (name, worker)
        self.touched.clear()
        assert not self.model.broken_laws()
        assert self.lab.balance() == self.model.held

    def teardown(self) -> None:
        if self.lab.transactions >= TRANSACTIONS:
            raise EnoughTransactions


class EnoughTransactions(BaseException):
    """Ends the search once it has done what was asked; no failure, so hypothesis must not shrink it."""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_contract_and_model_live_the_same_lives(tell: Callable[[str], None]) -> None:
    Market.lab = Lab()
    Market.counts = Counter()
    chosen = settings(
        max_examples=10_000,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises(EnoughTransactions):
        run_state_machine_as_test(Market, settings=chosen)  # type: ignore[no-untyped-call]
    rows = [f"  {call:<40} {count:>6,}" for call, count in sorted(Market.counts.items())]
    tell("\n".join([f"{Market.lab.transactions:,} transactions", *rows]))
    assert Market.lab.transactions >= TRANSACTIONS
    model = Model()
    model.batches["b"] = Batch(Rules(1, 0, 0, 0, 0, 0, 0, 0, 1), "requester", "operator", "arbitrator", 1)
    dead = {name for name, _, _ in calls(model)} - set(Market.counts)
    assert not dead, f"never succeeded: {dead}"


def test_a_model_with_another_rule_is_told_apart() -> None:
    """The planted bug: a model whose silence pays the operator must be found out by the same comparison."""
    machine = _market_with_paid_silence()
    assert machine.model.broken_laws() == []
    with pytest.raises(AssertionError):
        machine.contract_and_model_agree()


def _market_with_paid_silence() -> Market:
    Market.lab = Lab()
    Market.counts = Counter()
    machine = Market()
    machine.fund(assignments=3, spare=1)
    machine.do(("claim", "open", ("worker1", 1)))
    machine.do(("submit", "open", ("worker1", 1)))
    machine.lab.travel(2 * DAY + 1)
    machine.do(("pay_overdue", "open", ("worker1",)))
    machine.contract_and_model_agree()
    machine.touched.add(("open", "worker1"))
    fee = RULES["open"]["operator_fee"]
    machine.model.accounts["requester"].owed -= fee
    machine.model.accounts["operator"].owed += fee
    return machine
