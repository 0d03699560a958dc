"""Files that nothing paid for names yet: kept for a while, in a room that has a bound, and not in the payload store."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from piecework.db.base import Base


def _where(condition: str) -> dict[str, Any]:
    """An index of the rows alone that fulfil it."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class WaitingFile(Base):
    """A block of an unfunded draft's documents, or a file that somebody uploaded."""

    __tablename__ = "waiting_files"

    holder: Mapped[str] = mapped_column(String(110), primary_key=True)
    """What is kept or forgotten as a whole: a draft's batch id, `ADDRESS:CID` of an upload, `KIND:…` of a document that
    a transaction is going to name."""
    cid: Mapped[str] = mapped_column(String(110), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(Integer)
    """In which order a draft's blocks are stored: the root of each document last."""
    data: Mapped[bytes] = mapped_column(LargeBinary)
    is_known: Mapped[bool] = mapped_column(Boolean)
    """Of an address with paid work: these have half of the room for themselves."""
    share: Mapped[str] = mapped_column(String(110))
    """Who shares the room with whom: such an address; of others the IP address, or the /64 of IPv6."""
    counted_bytes: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[float] = mapped_column(Float, index=True)

    __table_args__ = (
        # What counts, and what does not, apart: nobody bounds how many documents wait for a name.
        Index("ix_waiting_files_share", "is_known", "share", "counted_bytes", **_where("counted_bytes > 0")),
        Index("ix_waiting_files_named", "share", "holder", **_where("counted_bytes = 0")),
    )
