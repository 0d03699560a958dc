"""From a setting to a store."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from backend.ipfs.embedded import EmbeddedStore
from backend.ipfs.port import PayloadStore


def open_store(address: str) -> PayloadStore:
    """`embedded:DIR`, a multiaddr (/ip4/…), or a daemon's http URL. Raises ValueError for anything else."""
    if address.startswith("embedded:"):
        return EmbeddedStore(Path(address.removeprefix("embedded:")))
    if address.startswith("/"):
        from backend.ipfs.kubo import KuboStore

        return KuboStore(address)
    url = urlsplit(address)
    if url.scheme in ("http", "https") and url.hostname:
        from backend.ipfs.kubo import KuboStore

        kind = "ip4" if url.hostname.replace(".", "").isdigit() else "dns"
        return KuboStore(f"/{kind}/{url.hostname}/tcp/{url.port or 5001}/{url.scheme}")
    raise ValueError(f"{address!r} is no payload store: embedded:DIR, a multiaddr, or an http URL")
