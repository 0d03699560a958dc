"""Every state that anybody can bring about, for a small market: none is stuck, none breaks a law.

The model's clock has few instants a window, enough for each deadline to be running, at its last moment, or over. From
every state found, time and the calls that anyone may make must bring every assignment to paid or refunded and every
lock and bond back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import pytest

from tests.contracts.model.escrow_model import Batch, Dispute, Model, Record, Refused, Rules, Tally

WORKERS = ("w1", "w2")
RULES = Rules(reward=2, operator_fee=0, dispute_fee=2, claim_by=1, lease=0, review=1, dispute=0, ruling=0, max_claim=2)
State = tuple[object, ...]
Move = Callable[[Model], None]


def start(assignments: int, spare: int) -> Model:
    """A funded batch, and `spare` units left in the requester's account."""
    model = Model()
    model.deposit("requester", RULES.unit * assignments + spare)
    model.open("b", Batch(RULES, "requester", "operator", "arbitrator", assignments))
    return model


def freeze(m: Model) -> State:
    """What the future depends on. Deadlines are seen from now; a passed one, or one of nothing, is -1."""
    b = m.batches["b"]

    def left(end: int, used: bool) -> int:
        return max(-1, end - m.now) if used else -1

    tallies = []
    for worker in WORKERS:
        t = b.tallies[worker]
        ending = left(t.dispute.ruling_end, True) if t.dispute else -1
        tallies.append(
            (
                t.claimed,
                t.old,
                t.young,
                t.contestable,
                t.disputed,
                t.fee_locked,
                left(t.lease_end, t.claimed > 0),
                left(t.old_end, t.old > 0),
                left(t.young_end, t.young > 0),
                left(t.contest_end, t.contestable > 0),
                ending,
            )
        )
    spare = min(m.accounts["requester"].owed, 2 * RULES.dispute_fee)
    closed = b.closed_at is not None
    return (b.free, b.unspent, spare, closed, max(-1, b.rules.claim_by - m.now), *sorted(tallies))


def thaw(state: State) -> Model:
    """A model in that state, at time zero of its own. What is past or irrelevant is left out."""
    free, unspent, spare, closed, claim_by, *tallies = state
    m = Model(now=0)
    rules = Rules(**{**vars(RULES), "claim_by": claim_by})
    b = Batch(rules, "requester", "operator", "arbitrator", free)  # type: ignore[arg-type]
    b.closed_at = -1 if closed else None
    for worker, values in zip(WORKERS, tallies, strict=True):
        claimed, old, young, contestable, disputed, locked, lease, old_end, young_end, contest_end, ruling_end = values  # type: ignore[misc]
        dispute = Dispute(disputed, ruling_end, "sponsor") if disputed else None
        b.tallies[worker] = Tally(
            claimed=claimed,
            old=old,
            young=young,
            contestable=contestable,
            lease_end=lease,
            old_end=old_end,
            young_end=young_end,
            contest_end=contest_end,
            fee_locked=locked,
            dispute=dispute,
        )
        b.claimed += claimed
        b.submitted += old + young
        b.contestable += contestable
        b.disputed += disputed
        b.locked += RULES.dispute_fee if locked else 0
        b.bonds += RULES.dispute_fee if dispute else 0
        m.accounts[worker] = Record(rejected=contestable, contested=disputed)
    m.accounts["requester"].owed = spare  # type: ignore[assignment]
    m.accounts["sponsor"].owed = RULES.dispute_fee * len(WORKERS)
    m.batches["b"] = b
    m.held = b.held_units + sum(record.owed for record in m.accounts.values())
    assert b.unspent == unspent
    return m


def anyone(without: str = "") -> list[tuple[str, Move]]:
    """Calls that everybody may make; `without` leaves one out, to see that it is needed."""
    moves: list[tuple[str, Move]] = [("refund", lambda m: m.refund(m.batches["b"]))]
    for w in WORKERS:
        moves += [
            ("expire", lambda m, w=w: m.expire(m.batches["b"], w)),  # type: ignore[misc]
            ("pay_overdue", lambda m, w=w: m.pay_overdue(m.batches["b"], w)),  # type: ignore[misc]
            ("rule_overdue", lambda m, w=w: m.rule_overdue(m.batches["b"], w)),  # type: ignore[misc]
            ("release", lambda m, w=w: m.release(m.batches["b"], w)),  # type: ignore[misc]
        ]
    return [(name, move) for name, move in moves if name != without]


def tick(m: Model) -> None:
    m.now += 1


def everybody() -> list[tuple[str, Move]]:
    """All that any party can do, hostile ones included."""
    moves = [*anyone(), ("tick", tick), ("close", lambda m: m.close(m.batches["b"]))]
    moves.append(("withdraw", lambda m: m.withdraw("requester", m.accounts["requester"].owed or 1)))
    for w in WORKERS:
        for n in (1, 2):
            moves += [
                ("claim", lambda m, w=w, n=n: m.claim(m.batches["b"], w, n)),  # type: ignore[misc]
                ("give_back", lambda m, w=w, n=n: m.give_back(m.batches["b"], w, n)),  # type: ignore[misc]
                ("submit", lambda m, w=w, n=n: m.submit(m.batches["b"], w, n)),  # type: ignore[misc]
                ("overturn", lambda m, w=w, n=n: m.overturn(m.batches["b"], w, n)),  # type: ignore[misc]
                ("contest", lambda m, w=w, n=n: m.contest(m.batches["b"], w, n, "sponsor")),  # type: ignore[misc]
            ]
        for accepted, rejected in ((1, 0), (0, 1), (1, 1), (2, 0), (0, 2)):
            moves.append(
                (
                    "verdict",
                    lambda m, w=w, a=accepted, r=rejected: m.verdict(  # type: ignore[misc]
                        m.batches["b"], w, m.batches["b"].tallies[w].decided, a, r
                    ),
                )
            )
        for ruling in (0, 1, 2, 3):
            moves.append(("rule", lambda m, w=w, r=ruling: m.rule(m.batches["b"], w, r)))  # type: ignore[misc]
    return moves


def after(state: State, move: Move) -> State | None:
    """The state that a move leads to; None if it is refused. Raises AssertionError if a law breaks."""
    m = thaw(state)
    try:
        move(m)
    except Refused:
        return None
    broken = m.broken_laws()
    assert not broken, f"{broken} after a move from {state}"
    return freeze(m)


def reachable(first: State) -> Iterator[State]:
    """Breadth first over everybody's moves."""
    moves = [move for _, move in everybody()]
    seen = {first}
    waiting = deque([first])
    while waiting:
        state = waiting.popleft()
        yield state
        for move in moves:
            found = after(state, move)
            if found is not None and found not in seen:
                seen.add(found)
                waiting.append(found)


def comes_to_rest(state: State, calls: list[tuple[str, Move]]) -> bool:
    """Whether time and `calls` alone bring every assignment to paid or refunded, and every lock and bond back."""
    m = thaw(state)
    for _ in range(8):
        for _, call in calls:
            trial = m.clone()
            try:
                call(trial)
            except Refused:
                continue
            m = trial
        b = m.batches["b"]
        if b.unspent == 0 and b.locked == 0 and b.bonds == 0:
            return True
        tick(m)
    return False


@pytest.mark.slow
@pytest.mark.parametrize(("assignments", "spare"), [(4, 0), (4, 4)])
def test_no_reachable_state_is_stuck(assignments: int, spare: int, tell: Callable[[str], None]) -> None:
    states = list(reachable(freeze(start(assignments, spare))))
    calls = anyone()
    stuck = [state for state in states if not comes_to_rest(state, calls)]
    tell(f"{assignments} assignments, {spare} units to spare: {len(states):,} states, {len(stuck)} stuck")
    assert len(states) > 2_000, "the search is too small to mean anything"
    assert not stuck, f"{len(stuck)} of {len(states)} states are stuck, for instance {stuck[0]}"


@pytest.mark.parametrize("missing", ["refund", "expire", "pay_overdue", "rule_overdue", "release"])
def test_each_call_that_anyone_may_make_is_needed(missing: str, tell: Callable[[str], None]) -> None:
    """The planted bug: without it the search must find stuck states."""
    states = list(reachable(freeze(start(assignments=1, spare=2))))
    calls = anyone(without=missing)
    stuck = [state for state in states if not comes_to_rest(state, calls)]
    tell(f"without {missing}: {len(stuck):,} of {len(states):,} states are stuck")
    assert stuck
