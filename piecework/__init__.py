"""What both programs of Piecework agree on: words, chain, tables, quality; and a requester's client for it."""

from __future__ import annotations

TYPE_CHECKING = False  # as of `typing`, which would be loaded for it
if TYPE_CHECKING:
    from typing import Any

    from piecework.client import AsyncClient as AsyncClient
    from piecework.client import Client as Client

__version__ = "0.1.0"
__all__ = ["AsyncClient", "Client"]


def __getattr__(name: str) -> Any:
    """The clients are imported when they are asked for: the other rooms need no HTTP."""
    if name in __all__:
        from piecework import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
