"""Receipts add up: whatever happened, the lines of an address's books come to what the contract owes it and holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from backend.errors import Conflict
from backend.receipts import service
from backend.receipts.service import Books, Line
from piecework.chain.rpc import Rpc
from piecework.db.engine import open_engine, upgrade
from piecework.db.mirror import ChainEvent, MirrorAccount, MirrorBatch, MirrorDispute
from piecework.domain import receipts
from piecework.domain.receipts import MONEY_EVENTS, Context, Entry
from tests.indexer.following import compare_with_contract, follow, to_head
from tests.quarrels import FEE_UNITS, Quarrel


@pytest.fixture(scope="module")
def lived(world: Any) -> Any:
    """A random life, and quarrels that it seldom has: a sponsor's bond that is partly lost, and one that is out."""
    world.act(250)
    quarrel = Quarrel(world.stack)
    quarrel.deposit("requester", 10 * FEE_UNITS)
    quarrel.deposit("stranger", 10 * FEE_UNITS)
    key = quarrel.open_batch(disputeFee=FEE_UNITS)
    for accepted in (1, None):
        worker = quarrel.worker()
        quarrel.decide(key, worker, accepted=1, rejected=3)
        number = quarrel.dispute(key, worker, 3, sponsor="stranger")
        if accepted is not None:
            quarrel.rule(number, accepted=accepted)
    return world


@pytest.fixture
def session(lived: Any, mirror: Engine) -> Iterator[Session]:
    with Session(mirror) as found:
        yield found


@pytest.fixture(scope="module")
def mirror(lived: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The mirror of that life, which says what the contract says."""
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('receipts') / 'mirror.db'}")
    upgrade(engine)
    index(lived, engine)
    yield engine
    engine.dispose()


def index(world: Any, engine: Engine) -> None:
    with closing(Rpc(world.stack.rpc_url)) as rpc:
        to_head(follow(world.stack, engine, rpc))
    assert compare_with_contract(engine, world.stack.escrow) > 10


def held_units(session: Session, address: str) -> int:
    """What the mirror's counts say that an address has locked: in batches, dispute fees, and bonds of open disputes."""
    total = 0
    for row in session.execute(select(MirrorBatch).where(MirrorBatch.requester == address)).scalars():
        waiting = row.free + row.claimed + row.submitted + row.contestable + row.disputed
        total += waiting * (row.reward_units + row.operator_fee_units) + row.locked_units
    bonds = select(MirrorDispute).where(MirrorDispute.poster == address, MirrorDispute.state == "open")
    return total + sum(row.fee_units for row in session.execute(bonds).scalars())


def every_line(session: Session, address: str) -> list[Line]:
    books, found = Books(address), []
    while not books.is_read:
        found += books.read_on(session)
    return found


def check_books(session: Session) -> Counter[str]:
    """Every account's books; returns how often each line was seen."""
    seen: Counter[str] = Counter()
    for account in session.execute(select(MirrorAccount)).scalars().all():
        changes = balance = locked = 0
        place = (-1, -1)
        for line in every_line(session, account.address):
            assert place <= (line.event.block_number, line.event.log_index), "the lines are in order"
            place = line.event.block_number, line.event.log_index
            changes += line.entry.change_units
            balance, locked = line.balance_units, line.locked_units
            assert balance >= 0, f"{account.address} owed less than nothing after {line}"
            assert locked >= 0, f"{account.address} locked less than nothing after {line}"
            seen[line.entry.what] += 1
        assert changes == balance == account.owed_units, account.address
        assert locked == held_units(session, account.address), account.address
    return seen


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_every_books_sum_is_what_is_owed_and_what_is_locked(lived: Any, new_engine: Any, kind: str, tell: Any) -> None:
    engine = new_engine(kind)
    index(lived, engine)
    with Session(engine) as session:
        seen = check_books(session)

    missing = {what for what in WORDS if not seen[what]}
    assert not missing, f"the world never made {missing}; it made {seen}"
    assert set(seen) <= WORDS
    tell(f"{sum(seen.values())} lines of receipts added up: {dict(seen)}")


WORDS = {
    "deposit", "withdrawal", "batch funded", "refund", "work paid", "worker paid", "bonus received", "bonus paid",
    "operator fee received", "operator fee paid", "operator fee returned", "dispute fee locked",
    "dispute fee released", "bond posted", "bond returned", "arbitration fee received", "arbitration paid from bond",
    "arbitration paid from dispute fee", "rejection final",
}  # fmt: skip


def test_every_event_that_moves_an_account_has_a_rule(session: Session) -> None:
    """Of the events that carry an amount; `SweepFailed` and `OperatorSpent` tell more about another, or nothing."""
    told = {"SweepFailed", "OperatorSpent"}
    with_amount = (row for row in session.execute(select(ChainEvent)).scalars() if "amount" in row.args)
    names = {row.name for row in with_amount} - told
    assert names <= set(MONEY_EVENTS) == set(receipts._RULES)


def forgets_the_fee(args: Any, _: Context) -> Iterator[Entry]:
    yield Entry(args["requester"], "operator fee returned", 0, -int(args["amount"]))


def takes_arbitration_for_the_operators(args: Any, context: Context) -> Iterator[Entry]:
    yield Entry(args["receiver"], "operator fee received", int(args["amount"]))
    if context.requester is not None:
        yield Entry(context.requester, "operator fee paid", 0, -int(args["amount"]))


def pays_the_requester(args: Any, context: Context) -> Iterator[Entry]:
    yield Entry(args["worker"], "work paid", 0)
    yield Entry(str(context.requester), "worker paid", int(args["amount"]), -int(args["amount"]))


@pytest.mark.parametrize(
    ("event", "bug"),
    [
        ("FeeReturned", forgets_the_fee),
        ("FeePaid", takes_arbitration_for_the_operators),
        ("Paid", pays_the_requester),
        *((name, lambda _args, _context: iter(())) for name in ("Withdrawn", "Refunded", "BondReturned", "Ruled")),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", ""),
)
def test_a_planted_bug_in_a_rule_is_noticed(
    session: Session, monkeypatch: pytest.MonkeyPatch, event: str, bug: Any
) -> None:
    monkeypatch.setitem(receipts._RULES, event, bug)
    with pytest.raises(AssertionError):
        check_books(session)


@pytest.mark.parametrize("rows", [1, 7])
def test_books_are_the_same_in_however_small_parts_they_are_read(
    session: Session, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(service, "ROWS_AT_A_TIME", rows)
    check_books(session)


def test_books_are_not_read_on_when_the_chain_went_back(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "ROWS_AT_A_TIME", 1)
    address = session.execute(select(MirrorBatch.requester).limit(1)).scalar_one()
    books = Books(address)
    (line,) = books.read_on(session)
    place = (line.event.block_number, line.event.log_index)

    session.get_one(ChainEvent, place).block_hash = "0x" + "1" * 64
    session.flush()
    with pytest.raises(Conflict, match="went back"):
        books.read_on(session)
    session.rollback()


def test_a_line_that_is_lost_on_the_way_is_noticed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: the query knows only the events that name the address first."""
    from backend.receipts import repository

    everything = repository.money_events

    def own(session: Session, address: str, after: Any, limit: int) -> list[Any]:
        return [(e, b) for e, b in everything(session, address, after, limit) if e.account == address]

    monkeypatch.setattr(repository, "money_events", own)
    with pytest.raises(AssertionError):
        check_books(session)
