"""The kubo adapter: the same CIDs as the embedded store on a real daemon, and names for what daemons do wrong."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from backend.ipfs.embedded import EmbeddedStore
from backend.ipfs.factory import open_store
from backend.ipfs.kubo import KuboStore
from backend.ipfs.port import (
    PayloadCorrupt,
    PayloadError,
    PayloadMissing,
    PayloadTooLarge,
    StoreUnavailable,
)
from backend.ipfs.unixfs import CHUNK_BYTES
from piecework.chain.anvil import free_port
from piecework.domain.cid import CidError, cid_of
from tests.backend.ipfs.daemon import Daemon, running_kubo
from tests.backend.ipfs.keystream import keystream
from tests.backend.ipfs.strange import says, says_nothing, strange_daemon, trickles

pytestmark = pytest.mark.timeout(1800)  # the first run builds the daemon

SIZES = [0, 1, 262_144, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 17]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A daemon named by PIECEWORK_KUBO_URL, or one of our own."""
    given = os.environ.get("PIECEWORK_KUBO_URL")
    if given:
        yield given
    else:
        with running_kubo(tmp_path_factory.mktemp("kubo")) as daemon:
            yield daemon.address


@pytest.fixture(scope="module")
def kubo(address: str) -> KuboStore:
    store = open_store(address)
    assert isinstance(store, KuboStore)
    return store


@pytest.mark.parametrize("size", SIZES)
def test_a_real_daemon_gives_the_cids_of_the_embedded_store(kubo: KuboStore, tmp_path: Path, size: int) -> None:
    data = keystream("same", size)

    cid = kubo.put(data)

    assert cid == EmbeddedStore(tmp_path).put(data)
    assert cid in kubo.pins()
    assert kubo.has(cid)
    assert kubo.get(cid, size) == data


def test_putting_twice_and_checking_is_fine(kubo: KuboStore) -> None:
    kubo.check()

    assert kubo.put(b"twice") == kubo.put(b"twice") == cid_of(b"twice")


def test_unpinning_ends_a_pin_and_passes_over_unknown_ones(kubo: KuboStore) -> None:
    cid = kubo.put(b"for a while")

    kubo.unpin(cid)
    kubo.unpin(cid)
    kubo.unpin(cid_of(b"never there"))

    assert cid not in kubo.pins()


def test_a_block_that_nobody_has_is_missing(kubo: KuboStore) -> None:
    nowhere = cid_of(b"nobody has this")

    assert not kubo.has(nowhere)
    with pytest.raises(PayloadMissing) as raised:
        kubo.get(nowhere, 100)
    assert raised.value.cid == nowhere


def test_a_file_over_the_readers_limit_is_named(kubo: KuboStore) -> None:
    cid = kubo.put(keystream("limit", CHUNK_BYTES + 1))

    with pytest.raises(PayloadTooLarge):
        kubo.get(cid, CHUNK_BYTES)


def test_a_file_in_another_layout_is_refused_and_not_misread(kubo: KuboStore) -> None:
    """Bytes that a daemon keeps in dag-pb leaves are not in this profile; an empty answer would be a lie."""
    import io

    options: dict[str, Any] = {"cid_version": 1, "raw_leaves": False}
    named = kubo._client.add(io.BytesIO(b"in a dag-pb leaf"), **options)["Hash"]

    with pytest.raises(PayloadCorrupt, match="by this profile"):
        kubo.get(named, 100)


@pytest.mark.parametrize("name", ["", "x", "../x", "Qm" + "a" * 44])
def test_only_cids_of_the_profile_are_asked_for(kubo: KuboStore, name: str) -> None:
    for ask in (kubo.has, kubo.unpin):
        with pytest.raises(CidError):
            ask(name)
    with pytest.raises(PayloadError):
        kubo.get(name, 10)


def test_a_url_and_a_multiaddr_name_the_same_daemon(address: str, kubo: KuboStore) -> None:
    if not address.startswith("/"):
        port, host = urlsplit(address).port, urlsplit(address).hostname
    else:
        _, _, host, _, port = address.split("/")[:5]  # type: ignore[assignment]
    cid = kubo.put(b"one daemon")

    assert open_store(f"http://{host}:{port}").get(cid, 100) == b"one daemon"


def test_a_daemons_own_settings_change_no_cid(tmp_path: Path) -> None:
    if os.environ.get("PIECEWORK_KUBO_URL"):
        pytest.skip("PIECEWORK_KUBO_URL names a daemon whose settings are not ours to change")
    with running_kubo(tmp_path) as daemon:
        daemon.stop()
        for key, value in (("CidVersion", "0"), ("UnixFSRawLeaves", "false"), ("UnixFSFileMaxLinks", "174")):
            daemon.run("config", "--json", f"Import.{key}", value)
        daemon.run("config", "Import.UnixFSChunker", "size-1000")
        daemon.start()
        data = keystream("settings", CHUNK_BYTES + 1)

        assert KuboStore(daemon.address).put(data) == EmbeddedStore(tmp_path / "own").put(data)


def test_a_daemon_that_dies_is_named_and_found_again_when_it_is_back(tmp_path: Path) -> None:
    if os.environ.get("PIECEWORK_KUBO_URL"):
        pytest.skip("PIECEWORK_KUBO_URL names a daemon that is not ours to stop")
    with running_kubo(tmp_path) as daemon:
        store = KuboStore(daemon.address)
        cid = store.put(b"kept")
        daemon.stop()

        for name, ask in every_question(store, cid).items():
            with pytest.raises(StoreUnavailable, match="is it running"):
                pytest.fail(f"{name} gave {ask()}")

        restart(daemon)
        assert KuboStore(daemon.address).get(cid, 10) == b"kept"


def restart(daemon: Daemon) -> None:
    daemon.start()


# ------------------------------------------------ daemons that are not what they say


def every_question(store: KuboStore, cid: str) -> dict[str, Any]:
    return {
        "put": lambda: store.put(b"hello"),
        "get": lambda: store.get(cid, 100),
        "has": lambda: store.has(cid),
        "pins": store.pins,
        "unpin": lambda: store.unpin(cid),
        "check": store.check,
    }


QUESTIONS = ["put", "get", "has", "pins", "unpin", "check"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_daemon_at_all_is_named(question: str) -> None:
    store = KuboStore(f"/ip4/127.0.0.1/tcp/{free_port()}", timeout_seconds=5)

    with pytest.raises(StoreUnavailable, match="is it running"):
        every_question(store, cid_of(b"hello"))[question]()


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_silent_daemon_is_named_in_time_and_never_called_a_missing_block(question: str) -> None:
    release = threading.Event()
    with strange_daemon(says_nothing(release)) as address:
        store = KuboStore(address, timeout_seconds=0.3)
        try:
            with pytest.raises(StoreUnavailable):
                every_question(store, cid_of(b"hello"))[question]()
        finally:
            release.set()


def test_a_block_that_trickles_in_is_given_up_in_time() -> None:
    release = threading.Event()
    with strange_daemon(trickles(release)) as address:
        store = KuboStore(address, timeout_seconds=0.4)
        try:
            with pytest.raises(StoreUnavailable, match="too slow"):
                store.get(cid_of(b"hello"), 100)
        finally:
            release.set()


@pytest.mark.parametrize("question", [name for name in QUESTIONS if name not in ("get", "has", "unpin")])
@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"<html>a web page</html>", b"\xff\xfe", b'{"Hash": ', b'{"Hash":"x"}{"Hash":"y"}'],
)
def test_a_server_that_is_no_daemon_is_named(question: str, body: bytes) -> None:
    with strange_daemon(says(body)) as address, pytest.raises((StoreUnavailable, PayloadCorrupt)):
        every_question(KuboStore(address, timeout_seconds=5), cid_of(b"hello"))[question]()


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("status", [403, 404, 500, 502])
def test_a_refusal_is_named_with_what_the_daemon_said(question: str, status: int) -> None:
    body = json.dumps({"Message": "no, thank you", "Code": 0, "Type": "error"}).encode()
    with (
        strange_daemon(says(body, status)) as address,
        pytest.raises(StoreUnavailable, match="refused: no, thank you"),
    ):
        every_question(KuboStore(address, timeout_seconds=5), cid_of(b"hello"))[question]()


@pytest.mark.parametrize("lie", [b"other bytes", b"", b"hello\0"])
def test_a_block_with_other_bytes_is_named(lie: bytes) -> None:
    with strange_daemon(says(lie, kind="text/plain")) as address, pytest.raises(PayloadCorrupt, match="mixed up"):
        KuboStore(address, timeout_seconds=5).get(cid_of(b"hello"), 100)


def test_the_liars_of_these_tests_are_believed_when_they_do_not_lie() -> None:
    with strange_daemon(says(b"hello", kind="text/plain")) as address:
        assert KuboStore(address, timeout_seconds=5).get(cid_of(b"hello"), 100) == b"hello"
    named = json.dumps({"Name": "x", "Hash": cid_of(b"hello"), "Size": "5"}).encode()
    with strange_daemon(says(named)) as address:
        assert KuboStore(address, timeout_seconds=5).put(b"hello") == cid_of(b"hello")


def test_an_endless_block_is_given_up() -> None:
    with (
        strange_daemon(says(b"x" * (3 * CHUNK_BYTES), kind="text/plain")) as address,
        pytest.raises(PayloadCorrupt, match="more than"),
    ):
        KuboStore(address, timeout_seconds=20).get(cid_of(b"hello"), 100)


def test_a_block_that_breaks_off_is_named() -> None:
    with (
        strange_daemon(says(b"hel", length=5, kind="text/plain")) as address,
        pytest.raises((StoreUnavailable, PayloadCorrupt)),
    ):
        KuboStore(address, timeout_seconds=5).get(cid_of(b"hello"), 100)


def test_a_daemon_that_names_a_file_otherwise_is_named() -> None:
    body = json.dumps({"Name": "x", "Hash": cid_of(b"something else"), "Size": "5"}).encode()
    with strange_daemon(says(body)) as address, pytest.raises(PayloadCorrupt, match="the daemon calls it"):
        KuboStore(address, timeout_seconds=5).put(b"hello")
