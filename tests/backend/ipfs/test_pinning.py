"""A second copy at a pinning service, and the audit that finds and brings back what is missing, on real daemons."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from backend.ipfs import pin_audit
from backend.ipfs.embedded import EmbeddedStore
from backend.ipfs.factory import open_copied
from backend.ipfs.kubo import KuboStore
from backend.ipfs.pin_audit import Expected, PinAudit, PinReport
from backend.ipfs.pinning import PinningFailed, PinningService, open_service
from backend.ipfs.port import PayloadMissing
from backend.ipfs.second_copy import CopiedStore
from backend.ipfs.unixfs import CHUNK_BYTES
from piecework.domain import documents
from piecework.domain.canonical import new_salt
from piecework.domain.cid import cid_of
from tests.backend.ipfs.daemon import Daemon, running_kubo
from tests.backend.ipfs.keystream import keystream
from tests.backend.ipfs.pinner import TOKEN, Pinner, pinning_service

pytestmark = pytest.mark.timeout(1800)  # the first run builds the daemon


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running_kubo(tmp_path_factory.mktemp("ours"), offline=False) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running_kubo(tmp_path_factory.mktemp("theirs"), offline=False) as daemon:
        yield daemon


@pytest.fixture
def pinner(theirs: Daemon) -> Iterator[Pinner]:
    with pinning_service(theirs) as found:
        yield found


@pytest.fixture
def store(ours: Daemon) -> KuboStore:
    found = KuboStore(ours.address)
    for cid in found.pins():
        if cid.startswith("b"):  # every Kubo has an empty folder pinned under a name of the first kind
            found.unpin(cid)
    ours.run("repo", "gc", "--quiet")
    return found


def service_of(pinner: Pinner, token: str = TOKEN) -> PinningService:
    return PinningService(pinner.url, SecretStr(token), timeout_seconds=10)


def audited(store: Any, pinner: Pinner | None, expected: Any = None, *, repair: bool = False) -> PinReport:
    audit = PinAudit(store, service_of(pinner) if pinner else None, repair=repair, wait_seconds=30)
    if isinstance(store, KuboStore):
        audit.through(store.addresses(), lambda _: None)
    return audit.run(expected or {})


def found(report: PinReport) -> list[tuple[str, str, str, bool]]:
    return [(each.cid, each.where, each.problem, each.repaired) for each in report.findings]


def until(done: Any, seconds: float = 40.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := done()):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)
    return value


def test_the_service_of_these_tests_serves_the_client_that_kubo_has(pinner: Pinner, ours: Daemon) -> None:
    """An independent client of the API: what it is content with is the API."""
    cid = KuboStore(ours.address).put(keystream("by kubo", 1_000))
    ours.run("pin", "remote", "service", "add", "tests", pinner.url, TOKEN)
    try:
        ours.run("pin", "remote", "add", "--service=tests", "--name=one", cid)
        assert ours.run("pin", "remote", "ls", "--service=tests", f"--cid={cid}").split()[:2] == [cid, "pinned"]
        ours.run("pin", "remote", "rm", "--service=tests", f"--cid={cid}")
        assert ours.run("pin", "remote", "ls", "--service=tests", f"--cid={cid}") == ""
    finally:
        ours.run("pin", "remote", "service", "rm", "tests")


def test_what_is_stored_has_a_second_copy_soon_and_storing_does_not_wait(
    pinner: Pinner, ours: Daemon, theirs: Daemon
) -> None:
    both, copies = open_copied(ours.address, service_of(pinner))
    assert isinstance(both, CopiedStore)
    assert copies is not None
    pinner.broken = 503  # at first the service is away
    copies.start()
    try:
        cids = [both.put(keystream("copied", size)) for size in (1, 70_000, 2 * CHUNK_BYTES + 5)]
        assert [both.get(cid, 10**7)[:1] for cid in cids]
        until(lambda: pinner.seen)
        pinner.broken = 0
        until(
            lambda: all(state.status == "pinned" for state in states(pinner, cids)) and len(states(pinner, cids)) == 3
        )
    finally:
        copies.stop()
    assert set(cids) <= KuboStore(theirs.address).pins()
    theirs.run("repo", "gc", "--quiet")
    assert KuboStore(theirs.address).get(cids[2], 10**7) == keystream("copied", 2 * CHUNK_BYTES + 5)


def states(pinner: Pinner, cids: list[Any]) -> list[Any]:
    return list(service_of(pinner).states(cids).values())


def test_a_clean_store_with_copies_is_clean(store: KuboStore, pinner: Pinner) -> None:
    cids = [store.put(keystream("clean", size)) for size in (10, 3_000)]
    assert audited(store, pinner, repair=True).exit_code == 0

    report = audited(store, pinner, {cids[0]: Expected("manifest of batch 1")})

    assert (report.findings, report.exit_code, report.checked, report.at_service) == ([], 0, 2, 2)


def test_what_the_service_lost_is_found_and_brought_back(store: KuboStore, pinner: Pinner) -> None:
    cid = store.put(keystream("lost there", 5_000))
    audited(store, pinner, repair=True)
    for request_id in list(pinner.pins):
        pinner.remove(request_id)

    assert (found(audited(store, pinner)), audited(store, pinner).exit_code) == (
        [(cid, "service", "missing", False)],
        1,
    )
    assert found(audited(store, pinner, repair=True)) == [(cid, "service", "missing", True)]
    assert audited(store, pinner).exit_code == 0


def test_a_pin_that_failed_is_asked_for_again(store: KuboStore, pinner: Pinner) -> None:
    cid = store.put(keystream("failed", 400))
    pinner.fails.add(cid)
    report = audited(store, pinner, repair=True)
    assert [finding.repaired for finding in report.findings] == [False]
    assert report.exit_code == 1
    pinner.fails.clear()

    (finding,) = audited(store, pinner, repair=True).findings

    assert finding.problem == "failed this service cannot"
    assert finding.repaired
    assert len(pinner.pins) == 1, "the failed request was replaced"


def test_what_our_store_lost_comes_back_from_the_second_copy(store: KuboStore, pinner: Pinner, ours: Daemon) -> None:
    data = keystream("lost here", 2 * CHUNK_BYTES)
    cid = store.put(data)
    audited(store, pinner, repair=True)
    store.unpin(cid)
    ours.run("repo", "gc", "--quiet")
    assert not store.has(cid)
    wanted = {str(cid): Expected("manifest of batch 1")}

    report = audited(store, pinner, wanted, repair=True)

    assert found(report) == [] or found(report) == [(cid, "store", "not pinned", True)]
    assert store.has(cid)
    assert cid in store.pins()
    assert store.get(cid, 10**8) == data


def test_what_is_there_and_not_pinned_is_pinned(store: KuboStore) -> None:
    cid = store.put(b"let go")
    store.unpin(cid)
    wanted = {str(cid): Expected("results of batch 1")}

    assert found(audited(store, None, wanted)) == [(cid, "store", "not pinned", False)]
    assert found(audited(store, None, wanted, repair=True)) == [(cid, "store", "not pinned", True)]
    assert cid in store.pins()


def test_damaged_and_missing_files_are_made_anew_from_the_database(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    files = [b"answers of one", b"answers of two", b"nobody has these"]
    cids = [str(store.put(data)) for data in files[:2]] + [str(cid_of(files[2]))]
    block_of(tmp_path, cids[0]).write_bytes(b"answers of one, torn")
    block_of(tmp_path, cids[1]).unlink()
    sources = [lambda data=data: [data] for data in files[:2]]
    wanted = {cid: Expected("answers", source) for cid, source in zip(cids, sources, strict=False)}
    wanted[cids[2]] = Expected("manifest of batch 2")

    report = audited(store, None, wanted, repair=True)

    problems = {cids[0]: ("damaged", True), cids[1]: ("missing", True), cids[2]: ("missing", False)}
    assert {each.cid: (each.problem, each.repaired) for each in report.findings} == problems
    assert report.exit_code == 1
    assert [store.get(cid, 100) for cid in cids[:2]] == files[:2]
    with pytest.raises(PayloadMissing):
        store.get(cids[2], 100)


def test_a_lost_part_of_a_large_document_is_found(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    answers = [{"task": f"t{number}", "answer": "x" * 1_000} for number in range(400)]
    document = {
        "format": documents.format_name("answers"),
        "salt": new_salt(),
        "batch_id": "0x" + "ab" * 32,
        "manifest_version": 1,
        "worker": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "answers": answers,
    }
    packed = documents.pack(document, "answers")
    assert len(packed.blocks) > 2
    for block in packed.blocks:
        store.put(block.data)
    part = packed.blocks[1].cid
    block_of(tmp_path, part).unlink()
    store.unpin(part)

    report = audited(store, None, {str(packed.cid): Expected("answers")})

    assert found(report) == [(part, "store", "missing", False)]


def block_of(folder: Path, cid: str) -> Path:
    return folder / "blocks" / cid[-2:] / cid


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "refuses the token"), (403, "refuses the token"), (409, "no more pins"), (500, "BROKEN"), (302, "refuses")],
)
def test_a_service_that_refuses_is_named_without_the_token(pinner: Pinner, status: int, says: str) -> None:
    pinner.broken = status
    with capture_logs() as logs, pytest.raises(PinningFailed, match=says) as failure:
        service_of(pinner).check()
    assert TOKEN not in f"{failure.value} {failure.value!r} {logs} {service_of(pinner)!r}"


def test_a_wrong_token_and_a_dead_service_leave_the_audit_without_an_answer(store: KuboStore, pinner: Pinner) -> None:
    store.put(b"something")
    service = service_of(pinner, "another token")
    report = PinAudit(store, service, repair=False).run({})
    assert report.exit_code == 2
    assert "refuses the token" in report.unchecked[0]

    gone = PinningService("http://127.0.0.1:9/psa", SecretStr(TOKEN), timeout_seconds=5)
    assert PinAudit(store, gone, repair=True).run({}).exit_code == 2


def test_more_pins_than_a_page_holds_are_all_seen(store: KuboStore, pinner: Pinner) -> None:
    pinner.largest_page = 2
    cids = [str(store.put(keystream(f"page {number}", 50))) for number in range(12)]
    for _ in range(2):
        for cid in cids[:4]:
            service_of(pinner).pin(cid, origins=store.addresses())

    assert set(service_of(pinner).states(cids)) == set(cids[:4])
    listed = [path for method, path in pinner.seen if method == "GET"]
    assert any("before=" in path for path in listed)


def test_the_token_comes_from_a_file_and_is_asked_for(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n")
    assert open_service(None, None, None) is None
    found = open_service("https://pins.example/psa", None, str(secret))
    assert found is not None
    assert TOKEN not in repr(found)
    for url, token_file in (("https://pins.example", None), ("https://pins.example", str(tmp_path / "none"))):
        with pytest.raises(ValueError, match="PIECEWORK_PINNING_TOKEN_FILE"):
            open_service(url, None, token_file)
    for url in ("pins.example", "https://me:secret@pins.example", "https://pins.example/?key=1"):
        with pytest.raises(ValueError, match="PIECEWORK_PINNING_URL"):
            open_service(url, SecretStr(TOKEN), None)


def test_an_embedded_store_cannot_have_a_second_copy_at_a_service(tmp_path: Path) -> None:
    service = PinningService("https://pins.example", SecretStr(TOKEN))
    with pytest.raises(ValueError, match="needs a Kubo"):
        open_copied(f"embedded:{tmp_path}", service)


def test_an_audit_that_does_not_read_the_files_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: what is pinned is believed to be whole."""
    store = EmbeddedStore(tmp_path)
    cid = str(store.put(b"whole"))
    block_of(tmp_path, cid).write_bytes(b"torn")
    assert audited(store, None).exit_code == 1
    monkeypatch.setattr(pin_audit.PinAudit, "_look", lambda *_: (b"", None))
    with pytest.raises(AssertionError):
        assert audited(store, None).exit_code == 1
