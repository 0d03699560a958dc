"""The embedded store: what it names is whole, and what is not whole has a name."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from backend.ipfs.embedded import EmbeddedStore
from backend.ipfs.factory import open_store
from backend.ipfs.port import (
    PayloadCorrupt,
    PayloadMissing,
    PayloadTooLarge,
    StoreFull,
    StoreUnavailable,
)
from backend.ipfs.unixfs import CHUNK_BYTES
from piecework.domain.cid import CidError, cid_of
from tests.backend.ipfs.keystream import keystream
from tests.conftest import ROOT

LARGE = keystream("large", 2 * CHUNK_BYTES + 5)


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    return EmbeddedStore(tmp_path / "store")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("data", [b"", b"hello", LARGE], ids=["empty", "small", "tree"])
def test_what_is_put_is_got_and_pinned_and_survives_a_restart(
    store: EmbeddedStore, tmp_path: Path, data: bytes
) -> None:
    cid = store.put(data)

    again = EmbeddedStore(tmp_path / "store")
    assert again.get(cid, len(data)) == data
    assert again.has(cid)
    assert again.pins() == {cid}


def test_putting_twice_changes_no_file(store: EmbeddedStore, tmp_path: Path) -> None:
    first = store.put(LARGE)
    before = files(tmp_path)

    assert store.put(LARGE) == first
    assert files(tmp_path) == before


def test_an_unpinned_file_is_no_pin_and_unknown_ones_are_passed_over(store: EmbeddedStore) -> None:
    kept, gone = store.put(b"kept"), store.put(b"gone")

    store.unpin(gone)
    store.unpin(cid_of(b"never there"))

    assert store.pins() == {kept}


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "bafk", "/", "b/../../x", "Qm" + "a" * 44])
def test_only_a_cid_becomes_a_path(store: EmbeddedStore, tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_bytes(b"outside")

    for ask in (store.has, store.unpin):
        with pytest.raises(CidError):
            ask(name)
    with pytest.raises(PayloadCorrupt):
        store.get(name, 10)
    assert (tmp_path / "x").exists()


def test_a_missing_block_is_named(store: EmbeddedStore, tmp_path: Path) -> None:
    root = store.put(LARGE)
    leaf = cid_of(LARGE[:CHUNK_BYTES])
    block_path(tmp_path, leaf).unlink()

    with pytest.raises(PayloadMissing) as raised:
        store.get(root, len(LARGE))
    assert raised.value.cid == leaf
    with pytest.raises(PayloadMissing, match="never pinned, or was lost"):
        store.get(cid_of(b"nobody has this"), 100)


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped bit", "longer"])
@pytest.mark.parametrize("which", ["root", "leaf"])
def test_a_damaged_block_is_named_and_putting_the_file_again_heals_it(
    store: EmbeddedStore, tmp_path: Path, damage: str, which: str
) -> None:
    root = store.put(LARGE)
    path = block_path(tmp_path, root if which == "root" else cid_of(LARGE[:CHUNK_BYTES]))
    whole = path.read_bytes()
    damaged = {
        "cut": whole[: len(whole) // 2],
        "empty": b"",
        "flipped bit": whole[:-1] + bytes([whole[-1] ^ 1]),
        "longer": whole + b"x",
    }[damage]
    path.write_bytes(damaged)

    with pytest.raises(PayloadCorrupt, match="changed or mixed up"):
        store.get(root, len(LARGE))

    assert store.put(LARGE) == root
    assert store.get(root, len(LARGE)) == LARGE


def test_a_file_over_the_readers_limit_is_named(store: EmbeddedStore) -> None:
    small, large = store.put(b"12345"), store.put(LARGE)

    for cid, size in ((small, 5), (large, len(LARGE))):
        assert len(store.get(cid, size)) == size
        with pytest.raises(PayloadTooLarge) as raised:
            store.get(cid, size - 1)
        assert raised.value.limit_bytes == size - 1


# ------------------------------------------------------------------- full disk


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT], ids=["disk full", "quota full"])
@pytest.mark.parametrize("at", range(4), ids=["first block", "second block", "third block", "the root"])
def test_a_full_disk_is_named_and_leaves_nothing_behind(
    store: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, code: int
) -> None:
    store.put(b"here before")
    before = files(tmp_path)
    failing_at(monkeypatch, at, code)

    with pytest.raises(StoreFull, match="free some disk and try again"):
        store.put(LARGE)

    monkeypatch.undo()
    assert files(tmp_path) == before
    assert store.get(store.put(LARGE), len(LARGE)) == LARGE


def test_a_broken_disk_is_named_otherwise_and_leaves_nothing_behind(
    store: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_at(monkeypatch, 1, errno.EIO)

    with pytest.raises(StoreUnavailable, match="cannot be written"):
        store.put(LARGE)

    assert files(tmp_path) == {}


def test_the_check_names_a_full_disk_and_leaves_no_probe(
    store: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.check()
    failing_at(monkeypatch, 0, errno.ENOSPC)

    with pytest.raises(StoreFull):
        store.check()

    assert files(tmp_path) == {}
    assert store.pins() == set()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
def test_a_really_full_device_gives_the_error_that_is_expected_here(tmp_path: Path) -> None:
    """The planted failures of this file are of the kind that a kernel gives."""
    with pytest.raises(OSError) as raised, Path("/dev/full").open("wb", buffering=0) as device:
        device.write(b"x")
    assert raised.value.errno == errno.ENOSPC


def test_a_write_that_is_killed_leaves_no_block_under_its_name(store: EmbeddedStore, tmp_path: Path) -> None:
    """A process that dies between two blocks: its files are temporary ones, which no reader looks at."""
    program = (
        "import os, sys; from pathlib import Path; from backend.ipfs.embedded import EmbeddedStore\n"
        "real, calls = os.fsync, []\n"
        "def dying(file):\n"
        "    calls.append(file)\n"
        "    os._exit(9) if len(calls) == 2 else real(file)\n"
        "os.fsync = dying\n"
        "EmbeddedStore(Path(sys.argv[1])).put(sys.stdin.buffer.read())"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "store")]
    assert subprocess.run(command, input=LARGE, cwd=ROOT, check=False).returncode == 9

    assert files(tmp_path) != {}
    assert all(Path(name).name.startswith(".") for name in files(tmp_path))
    assert store.pins() == set()
    assert store.get(store.put(LARGE), len(LARGE)) == LARGE


def test_many_writers_of_the_same_files_leave_them_whole(store: EmbeddedStore, tmp_path: Path) -> None:
    data = [keystream(str(i), 20_000) for i in range(8)]
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for item in data:
                assert store.get(store.put(item), len(item)) == item
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert not [name for name in files(tmp_path) if Path(name).name.startswith(".")]


def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreUnavailable, match="cannot be used as a payload store"):
        open_store(f"embedded:{tmp_path / 'file' / 'store'}")


@pytest.mark.parametrize("address", ["", "ftp://example", "ipfs", "http://"])
def test_an_address_of_no_store_is_refused_with_what_there_is(address: str) -> None:
    with pytest.raises(ValueError, match="embedded:DIR, a multiaddr, or an http URL"):
        open_store(address)


def block_path(tmp_path: Path, cid: str) -> Path:
    return tmp_path / "store" / "blocks" / cid[-2:] / cid


def failing_at(monkeypatch: pytest.MonkeyPatch, at: int, code: int) -> None:
    """The `at`-th file that is synced fails as a disk does."""
    calls: list[int] = []
    real: Any = os.fsync

    def fsync(file: int) -> None:
        calls.append(file)
        if len(calls) == at + 1:
            raise OSError(code, os.strerror(code))
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
