"""Which intents go together: those that do not touch, so that none is estimated as if another had not happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from piecework.chain.together import MOST_TOGETHER

if TYPE_CHECKING:
    from piecework.db.gateway import RelayIntent

_ABOUT_A_BATCH = ("settle", "expire_claims", "release_rejected", "refund")
_ABOUT_A_WORKER = ("pay_overdue",)


def waves(intents: Iterable[RelayIntent]) -> Iterator[list[RelayIntent]]:
    """Runs of one kind about different batches, in order; any other intent alone.

    What they share is accounts: a call may find less or more there than it was estimated with, and so take another way
    or more gas than it was given (then it reverts and goes again); none is refused that would have been right.
    """
    wave: list[RelayIntent] = []
    seen: set[Any] = set()
    for intent in intents:
        subject = _subject(intent)
        full = len(wave) == MOST_TOGETHER or bool(wave and wave[0].kind != intent.kind)
        if wave and (full or subject is None or None in seen or subject in seen):
            yield wave
            wave, seen = [], set()
        wave.append(intent)
        seen.add(subject)
    if wave:
        yield wave


def _subject(intent: RelayIntent) -> Any | None:
    """What the call is about; None if it must be alone."""
    key = intent.payload.get("key")
    if not isinstance(key, dict) or intent.kind not in (*_ABOUT_A_BATCH, *_ABOUT_A_WORKER):
        return None
    batch = str(key.get("requester")).lower(), str(key.get("salt")).lower()
    return (*batch, str(intent.payload.get("worker")).lower()) if intent.kind in _ABOUT_A_WORKER else batch
