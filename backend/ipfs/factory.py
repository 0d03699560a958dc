"""From a setting to a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backend.ipfs.embedded import EmbeddedStore
from backend.ipfs.pinning import PinningService
from backend.ipfs.port import PayloadStore

if TYPE_CHECKING:
    from backend.ipfs.second_copy import SecondCopy


def open_copied(address: str, service: PinningService | None) -> tuple[PayloadStore, SecondCopy | None]:
    """A store, and what brings its files to a pinning service. Raises ValueError if none can fetch from the store."""
    store = open_store(address)
    if service is None:
        return store, None
    from backend.ipfs.kubo import KuboStore
    from backend.ipfs.second_copy import CopiedStore, SecondCopy

    if not isinstance(store, KuboStore):
        raise ValueError(
            "PIECEWORK_PINNING_URL needs a Kubo: the service fetches files from it, and cannot from an embedded store; "
            "set PIECEWORK_PAYLOAD_STORE to a daemon's address"
        )
    copies = SecondCopy(service, store)
    return CopiedStore(store, copies), copies


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
