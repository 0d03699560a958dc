"""The catalog shows what the mirror shows: no more, no less, and not much later; and it can be built again."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend.search import repository, rows
from piecework.db.gateway import SkillName
from piecework.db.mirror import MirrorBatch, MirrorCredential
from piecework.db.search import SearchBatch
from tests.backend.search.shelf import NOW, Shelf, address, manifest, mirror_row


def test_a_batch_whose_opening_the_mirror_does_not_show_is_not_found(shelf: Shelf) -> None:
    kept, lost = shelf.put(manifest("Bees")), shelf.put(manifest("Bees"))
    with Session(shelf.engine) as session, session.begin():
        session.execute(delete(MirrorBatch).where(MirrorBatch.batch_id == lost))

    assert shelf.find("bees") == [kept], "before the catalog knows"
    assert shelf.catalog.refresh([lost], NOW) == 1
    assert shelf.find("bees") == [kept]
    with Session(shelf.engine) as session:
        assert [row.batch_id for row in session.execute(select(SearchBatch)).scalars()] == [kept]


def test_a_catalog_that_does_not_ask_the_mirror_would_find_it(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: the catalog's row is believed, wherever the mirror says the batch was opened."""
    moved = shelf.put(manifest("Bees"))
    shelf.change(moved, opened_block=10**6)
    assert shelf.find("bees") == []

    repository._written.cache_clear()
    monkeypatch.setattr(repository, "_SAME_OPENING", "b.batch_id = s.batch_id")
    assert shelf.find("bees") == [moved]
    repository._written.cache_clear()


def test_a_batch_that_a_reorg_opened_elsewhere_is_found_once_in_its_new_place(shelf: Shelf) -> None:
    first, second = shelf.put(manifest("Bees")), shelf.put(manifest("Bees"))
    shelf.change(first, opened_block=10**6)

    assert shelf.catalog.reconcile(NOW) == 2, "out of the old place, into the new one"
    shelf.catalog.manifest_found(first, manifest("Bees"), NOW)
    assert shelf.find("bees") == [first, second]


def test_open_means_open_now_whatever_the_catalog_last_saw(shelf: Shelf) -> None:
    opened, closed, full, over = (shelf.put(manifest("Bees")) for _ in range(4))
    shelf.change(closed, closed_at=NOW)
    shelf.change(full, free=0)
    shelf.change(over, claim_by=NOW - 1)

    for _ in range(2):
        assert shelf.find("bees") == [opened]
        assert shelf.find("bees", status="ended") == [over, full, closed]
        assert shelf.find("bees", status="all") == [over, full, closed, opened]
        shelf.catalog.reconcile(NOW)
    shelf.change(full, free=3)
    assert shelf.find("bees") == [full, opened], "what is given back can be found at once"
    with Session(shelf.engine) as session:
        assert rows.overdue(session, NOW + 2_000, 10) == [opened, full]


def test_a_search_takes_in_what_was_opened_since(shelf: Shelf) -> None:
    first = shelf.put(manifest("Bees"))
    row = mirror_row(5_000)
    with Session(shelf.engine) as session, session.begin():
        session.add(row)
        session.flush()
        second = row.batch_id
    assert shelf.find() == [first]

    assert shelf.find_fresh() == [second, first]
    assert shelf.find() == [second, first], "without words yet"
    assert shelf.find("bees") == [first]


def test_a_manifest_gives_words_and_what_is_none_leaves_the_batch_without(shelf: Shelf) -> None:
    named, unreadable, missing = shelf.put(), shelf.put(), shelf.put()
    shelf.catalog.manifest_found(named, manifest("Bees", skills=["entomology"], languages=["en-GB"]), NOW)
    shelf.catalog.manifest_found(unreadable, None, NOW)
    shelf.catalog.manifest_missing(missing)

    assert shelf.find("entomology bees") == shelf.find(language="en") == shelf.find(language="en-gb") == [named]
    assert shelf.find(language="de") == []
    with Session(shelf.engine) as session:
        found = {row.batch_id: row for row in session.execute(select(SearchBatch)).scalars()}
    assert (found[named].source, found[unreadable].source, found[missing].source) == ("manifest", "unreadable", "none")
    assert found[named].retry_at is found[unreadable].retry_at is None
    assert found[missing].retry_at is not None
    assert found[missing].retry_at > found[missing].attempts == 1


def test_pay_per_hour_is_estimated_until_it_is_measured(shelf: Shelf) -> None:
    batch_id = shelf.put(manifest("Bees", estimated_seconds_per_task=60), reward_units=100_000)
    assert shelf.find(min_pay_units_per_hour=6_000_000) == [batch_id]
    assert shelf.find(min_pay_units_per_hour=6_000_001) == []

    shelf.catalog.set_pay(batch_id, 9_000_000)
    shelf.catalog.manifest_found(batch_id, manifest("Bees"), NOW)
    assert shelf.find(min_pay_units_per_hour=9_000_000) == [batch_id]
    assert shelf.find(min_pay_units_per_hour=9_000_001) == []


def test_pay_beyond_what_the_column_holds_is_written_as_the_most(shelf: Shelf) -> None:
    batch_id = shelf.put(manifest("Gold", estimated_seconds_per_task=1), reward_units=2**96 - 1)
    assert shelf.find(min_pay_units_per_hour=2**96 - 1) == [batch_id]


def test_a_requesters_record_reaches_all_of_its_batches(shelf: Shelf) -> None:
    good = [shelf.put(manifest("Bees"), requester=address(7)) for _ in range(3)]
    new = shelf.put(manifest("Bees"), requester=address(8))
    assert shelf.find(min_requester_paid=1) == shelf.find(min_requester_approval_percent=1) == []

    shelf.change(good[0], accepted=9)
    shelf.catalog.refresh([good[0]], NOW)
    assert shelf.find(min_requester_paid=9) == good[::-1]
    assert shelf.find(min_requester_paid=10) == []
    assert shelf.find(min_requester_approval_percent=100) == good[::-1]
    assert shelf.find() == [new, *good[::-1]]


def test_held_by_finds_what_asks_for_a_held_skill(shelf: Shelf) -> None:
    french, bees, neither = (shelf.put(manifest("Work", skills=skills)) for skills in (["French B2"], ["bees"], []))
    holder, skill = address(50), "0x" + "12" * 32
    with Session(shelf.engine) as session, session.begin():
        session.add(SkillName(skill=skill, name="french b2"))
        session.add(credential(holder, skill))

    assert shelf.find(held_by=holder) == [french]
    assert shelf.find(held_by=address(51)) == []
    with Session(shelf.engine) as session, session.begin():
        session.execute(update(MirrorCredential).values(expiry=NOW - 1))
    assert shelf.find(held_by=holder) == []
    assert {bees, neither} < set(shelf.find())


def credential(holder: str, skill: str) -> MirrorCredential:
    values: dict[str, Any] = {"level": 1, "expiry": 0, "granted_at": NOW - 10, "version": 1, "refused": False}
    hash_ = "0x" + "00" * 32
    return MirrorCredential(
        holder=holder, issuer=address(2), skill=skill, block_number=1, transaction_hash=hash_, **values
    )


def test_rebuilt_from_nothing_it_finds_the_same(shelf: Shelf) -> None:
    drafted = [
        (manifest(f"Bees {n}", skills=["bees"]), {"requester": address(n % 3), "reward_units": 10**n}) for n in range(9)
    ]
    shelf.put_drafted(drafted)
    searches: list[dict[str, Any]] = [{"q": "bees"}, {"q": '"bees 4"'}, {"min_reward_units": 10**6}, {"skill": "bees"}]
    before = [shelf.find(**search) for search in searches]
    assert all(before)

    assert shelf.catalog.rebuild(NOW) == len(drafted)
    assert [shelf.find(**search) for search in searches] == before
    assert shelf.catalog.reconcile(NOW) == 0, "nothing left to do"
