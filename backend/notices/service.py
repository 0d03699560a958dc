"""One's own notices, newest first."""

from __future__ import annotations

from backend.notices import repository
from backend.notices.schemas import NoticePage, NoticeView
from backend.paging import decode_cursor, encode_cursor
from backend.services import Services


def own(services: Services, address: str, cursor: str | None, limit: int) -> NoticePage:
    key = decode_cursor(cursor, (int,))
    with services.reading() as session:
        rows = repository.before(session, address, int(key[0]) if key else None, limit + 1)
        items = [NoticeView.model_validate(row, from_attributes=True) for row in rows[:limit]]
    last = encode_cursor([items[-1].position]) if len(rows) > limit else None
    return NoticePage(items=items, next_cursor=last)
