"""Room for all uploads together: a bound on the disk, shared out by network, since addresses cost nothing.

What batches were drafted from goes first, then the oldest upload of the network that holds the most, as long as that is
more than the newcomer's would hold. So nobody loses an upload whose network holds less than its share: the room divided
by the networks that have something there.
"""

from __future__ import annotations

import structlog
from sqlalchemy.orm import Session

from backend.errors import NoRoom
from backend.services import Services
from backend.uploads import repository
from backend.uploads.repository import Place

log = structlog.get_logger("uploads")

LEAST_BYTES = 16_384
"""What any part counts as, so that many small ones cannot make a large table."""


def counted(size: int) -> int:
    """Bytes that a part of `size` bytes counts as."""
    return max(size, LEAST_BYTES)


def make_room(services: Services, session: Session, size: int, network: str, own: Place) -> None:
    """For a part that counts `size` bytes, of the upload `own`. Raises NoRoom with what is free and who may take it."""
    most = services.settings.max_upload_bytes_in_all
    held = repository.held_by_network(session)
    missing = sum(held.values()) + size - most
    for used in repository.used_uploads(session, own) if missing > 0 else ():
        if missing > 0:
            missing -= _evict(session, used, "used")
    while missing > 0:
        held = repository.held_by_network(session)
        largest, own_bytes = max(held, key=lambda name: held[name], default=network), held.get(network, 0)
        victim = repository.oldest_upload(session, largest, own)
        if victim is None or size > most or held[largest] <= own_bytes + size:
            raise _no_room(most, most - sum(held.values()), own_bytes, size)
        missing -= _evict(session, victim, "oldest_of_largest")


def _evict(session: Session, victim: Place, why: str) -> int:
    freed = repository.counted_bytes(session, victim)
    repository.remove(session, victim.requester, victim.upload_id)
    log.warning("upload_evicted", requester=victim.requester, upload_id=victim.upload_id, bytes=freed, why=why)
    return freed


def _no_room(most: int, free: int, own: int, size: int) -> NoRoom:
    detail = (
        f"this gateway keeps {most} bytes of uploads in all, {max(0, free)} are free, your network's hold {own}, and "
        f"this part counts {size}: remove one that you need no more (DELETE /v1/task-uploads/ID), draft smaller "
        "batches without an upload, or come back later"
    )
    return NoRoom("uploads_full", detail, max_bytes=most, free_bytes=max(0, free), network_bytes=own)
