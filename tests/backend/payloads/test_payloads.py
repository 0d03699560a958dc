"""Uploads and downloads by content: what comes back is what was named, or a problem."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend.ipfs.unixfs import CHUNK_BYTES
from backend.waiting import store
from piecework.domain.cid import cid_of
from tests.backend.house import House, is_problem
from tests.backend.ipfs.keystream import keystream


@pytest.fixture(scope="module")
def uploader(house: House) -> Any:
    return house.wallet()


def upload(house: House, who: Any, data: bytes, query: str = "", kind: str = "application/octet-stream") -> Any:
    headers = {"content-type": kind} | ({"authorization": f"Bearer {house.token(who)}"} if who else {})
    return house.client.post(f"/v1/payloads{query}", content=data, headers=headers)


KINDS = ["application/octet-stream", "application/json", "text/plain", "image/png", "multipart/form-data; boundary=x"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [b"\x89PNG\r\n", b'{"json": 1}', b'"text"', b"\xff\xfe\x00"])
def test_bytes_are_kept_as_they_came_whatever_they_are_called(
    house: House, uploader: Any, data: bytes, kind: str
) -> None:
    answer = upload(house, uploader, data, kind=kind)

    assert answer.json() == {"cid": cid_of(data), "size": len(data)}
    found = house.client.get(f"/v1/payloads/{cid_of(data)}")
    assert found.content == data
    assert found.headers["content-type"] == "application/octet-stream"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in found.headers["content-security-policy"]
    assert found.headers["content-disposition"] == "attachment"


def test_a_file_of_many_blocks_comes_back_whole(house: House, uploader: Any) -> None:
    data = keystream("upload", 2 * CHUNK_BYTES + 3)

    cid = upload(house, uploader, data).json()["cid"]

    assert house.client.get(f"/v1/payloads/{cid}").content == data


def test_bytes_that_the_given_cid_does_not_name_are_refused(house: House, uploader: Any) -> None:
    assert upload(house, uploader, b"right", f"?cid={cid_of(b'right')}").status_code == 201

    before = house.services.store.pins()
    answer = upload(house, uploader, b"wrong", f"?cid={cid_of(b'right')}")
    assert (answer.status_code, is_problem(answer)["code"]) == (422, "cid_mismatch")
    answer = upload(house, uploader, b"wrong", "?cid=Qm123")
    assert (answer.status_code, is_problem(answer)["code"]) == (422, "cid_invalid")
    assert house.services.store.pins() == before


def test_uploads_over_size_empty_or_of_nobody_are_refused(house: House, uploader: Any) -> None:
    limit = house.services.settings.max_payload_bytes
    before = house.services.store.pins()

    for who, data, status, code in (
        (uploader, b"x" * (limit + 1), 413, "payload_too_large"),
        (uploader, b"", 422, "payload_empty"),
        (None, b"x", 401, "not_signed_in"),
    ):
        answer = upload(house, who, data)
        assert (answer.status_code, is_problem(answer)["code"]) == (status, code)
    assert house.services.store.pins() == before


@pytest.mark.parametrize("cid", ["x", "Qm" + "a" * 44, cid_of(b"x").upper(), cid_of(b"x")[:-1], cid_of(b"x") + "a"])
def test_a_name_that_is_no_cid_is_refused(house: House, cid: str) -> None:
    answer = house.client.get(f"/v1/payloads/{cid}")

    assert (answer.status_code, is_problem(answer)["code"]) == (422, "cid_invalid")


def test_missing_altered_and_too_long_files_are_three_problems(house: House) -> None:
    missing = house.client.get(f"/v1/payloads/{cid_of(b'nobody has this')}")
    assert (missing.status_code, is_problem(missing)["code"]) == (404, "payload_missing")

    cid = house.services.store.put(b"soon altered")
    path = block_path(house, cid)
    path.write_bytes(b"other bytes")
    altered = house.client.get(f"/v1/payloads/{cid}")
    assert (altered.status_code, is_problem(altered)["code"]) == (503, "payload_corrupt")
    assert b"other bytes" not in altered.content

    limit = house.services.settings.max_body_bytes
    long = house.services.store.put(bytes(limit + 1))
    answer = house.client.get(f"/v1/payloads/{long}")
    assert (answer.status_code, is_problem(answer)["code"]) == (413, "payload_too_large")


def block_path(house: House, cid: str) -> Path:
    folder = Path(house.services.settings.payload_store.removeprefix("embedded:"))
    return folder / "blocks" / cid[-2:] / cid


def test_a_full_disk_refuses_a_claim_by_name(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """No work is handed out while nothing that comes of it could be stored."""
    import errno
    import os

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    worker, batch_id = house.wallet(), house.funded(tasks=1)
    house.until(house._is_quiet, bool)  # its manifest is stored
    monkeypatch.setattr(store, "TRUSTED_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        house.refused(worker, "/v1/work/assignments", {"batch_id": batch_id}, 507, "payload_store_full")
    house.offer(worker, batch_id)
