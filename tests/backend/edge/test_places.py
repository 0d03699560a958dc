"""Whose connection gives its place to a newcomer when all places are taken."""

from __future__ import annotations

import pytest

from backend.connections import Connections, Waits

TOTAL = 6


class Stand:
    """A connection of a household, in a state."""

    def __init__(self, household: str, state: Waits | None, since: float = 0.0) -> None:
        self.household = household
        self.state = state
        self.since = since
        self.is_open = True

    def waits(self) -> tuple[Waits, float] | None:
        return None if self.state is None else (self.state, self.since)

    def drop(self, why: str) -> None:
        assert why == "room"
        self.is_open = False


def besieged(newcomers: int) -> tuple[Stand, list[Stand]]:
    """An upload of a household with an idle connection beside it, among strangers that hold one silent one each, and
    the strangers' connections after as many more came."""
    book = Connections(TOTAL, 0)
    upload, idle = Stand("home", Waits.IN_A_REQUEST), Stand("home", Waits.FOR_ANOTHER_REQUEST)
    silent = [Stand(f"stranger {number}", Waits.FOR_ITS_FIRST_REQUEST, number) for number in range(TOTAL - 2)]
    for each in (upload, idle, *silent):
        assert book.enter(each) is None
    for number in range(newcomers):
        silent.append(Stand(f"newcomer {number}", Waits.FOR_ITS_FIRST_REQUEST, 100 + number))
        book.enter(silent[-1])
    assert len(book) == TOTAL
    return upload, silent


def test_an_upload_outlives_silent_connections_of_many_networks() -> None:
    upload, silent = besieged(newcomers=20)

    assert upload.is_open
    assert sum(each.is_open for each in silent) == TOTAL - 1


def test_an_upload_that_is_closed_before_silent_ones_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: whoever holds the most gives whatever it has."""

    def of_the_fullest(self: Connections, own: object) -> bool:
        del own
        return self._close_one(max(self._held.values(), key=len), Waits.IN_A_REQUEST)

    monkeypatch.setattr(Connections, "_make_room", of_the_fullest)

    assert not besieged(newcomers=20)[0].is_open


def test_a_half_sent_request_gives_way_where_nobody_is_idle() -> None:
    book = Connections(2, 0)
    uploads = [Stand("flood", Waits.IN_A_REQUEST, number) for number in range(2)]
    for each in uploads:
        book.enter(each)

    assert book.enter(Stand("home", None)) is None
    assert [each.is_open for each in uploads] == [False, True]


def test_what_is_at_work_is_never_closed() -> None:
    book = Connections(2, 0)
    for name in ("one", "two"):
        book.enter(Stand(name, None))

    assert book.enter(Stand("home", None)) == "total"
