"""Large documents: read by anybody, and never at the price of a small request."""

from __future__ import annotations

from typing import Any

import pytest

from backend.batches import service
from backend.batches.kept import Kept
from piecework.domain import documents
from piecework.domain.canonical import canonical_bytes
from piecework.domain.cid import digest_of_cid
from piecework.domain.documents import pack
from tests.backend.house import House, is_problem, verdict
from tests.piecework.domain.examples import example


@pytest.fixture
def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Kinds of the documents that the gateway read as a whole."""
    found: list[str] = []
    unpack = documents.unpack

    def counted(digest: str, kind: str, fetch: Any) -> Any:
        found.append(kind)
        return unpack(digest, kind, fetch)

    monkeypatch.setattr(documents, "unpack", counted)
    return found


def test_a_manifest_that_was_drafted_here_is_given_as_pinned_and_never_parsed(
    house: House, unpacked: list[str]
) -> None:
    tasks = [{"id": f"t{n}", "content": {"text": "x" * 3_000}} for n in range(100)]
    draft = house.draft(house.requester(), tasks)

    answer = house.client.get(f"/v1/batches/{draft['batch_id']}/manifest")

    assert answer.content == canonical_bytes(answer.json())
    assert len(answer.content) > documents.MAX_BLOCK_BYTES
    assert answer.json()["tasks"] == tasks
    assert "manifest" not in unpacked


def funded_elsewhere(house: House, document: bytes) -> str:
    uploader = house.wallet()
    headers = {"authorization": f"Bearer {house.token(uploader)}"}
    stored = house.client.post("/v1/payloads", content=document, headers=headers).json()
    market = house.gateway.market
    batch_id = market.batch_id(market.open_batch(1, manifest=digest_of_cid(stored["cid"])))
    house.until(lambda: house.client.get(f"/v1/batches/{batch_id}").status_code, lambda status: status == 200)
    return str(batch_id)


def test_a_manifest_from_elsewhere_is_read_as_a_whole_once(
    house: House, unpacked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    charged: list[float] = []
    monkeypatch.setattr(house.services.rates, "owe", lambda cost, **_: charged.append(cost))
    packed = pack(example("manifest"), "manifest")
    batch_id = funded_elsewhere(house, packed.blocks[0].data)
    house.until(lambda: unpacked.count("manifest"), bool)  # the search has it
    unpacked.clear()

    first, again = (house.client.get(f"/v1/batches/{batch_id}/manifest") for _ in range(2))

    assert first.content == again.content == packed.blocks[0].data
    assert unpacked == ["manifest"]
    assert charged == [1]


def test_what_is_no_manifest_is_refused_each_time(house: House) -> None:
    batch_id = funded_elsewhere(house, pack(example("answers"), "answers").blocks[0].data)

    for _ in range(2):
        answer = house.client.get(f"/v1/batches/{batch_id}/manifest")
        assert (answer.status_code, is_problem(answer)["code"]) == (409, "document_unreadable")


def test_results_are_made_once_for_all_who_ask_until_there_are_more(house: House, unpacked: list[str]) -> None:
    worker, batch_id = house.wallet(), house.funded(tasks=2)
    house.submitted(worker, batch_id, count=2)
    path = f"/v1/batches/{batch_id}/results"
    house.settled(house.proposed(batch_id, [verdict(worker, "t0")]))
    unpacked.clear()

    first, again = house.get(None, path), house.get(None, path)
    assert first == again
    assert ([label["task"] for label in first["labels"]], unpacked) == (["t0"], ["results"])

    house.settled(house.proposed(batch_id, [verdict(worker, "t1")]))
    unpacked.clear()
    later = house.get(None, path)
    assert (sorted(label["task"] for label in later["labels"]), unpacked) == (["t0", "t1"], ["results"] * 2)
    assert len(later["settlements"]) == 2


def test_results_and_exports_cost_what_their_files_hold_where_nobody_read_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_BYTES_OF_ONE_UNIT", 100)
    charged: list[float] = []
    monkeypatch.setattr(house.services.rates, "owe", lambda cost, **_: charged.append(cost))
    worker, batch_id = house.wallet(), house.funded(tasks=3)
    house.submitted(worker, batch_id, count=3)
    proposal = house.proposed(batch_id, [verdict(worker, f"t{n}") for n in range(3)])
    house.settled(proposal)
    size = len(house.client.get(f"/v1/payloads/{proposal['results_cid']}").content)
    house.until(lambda: house.get(None, f"/v1/batches/{batch_id}")["accepted"], lambda count: count == 3)
    charged.clear()

    for path in ("results", "export"):
        for _ in range(2):
            assert house.client.get(f"/v1/batches/{batch_id}/{path}").status_code == 200

    assert charged == [1 + size // 100] * 2


def test_files_that_are_larger_than_anybody_is_made_to_pay_for_are_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, batch_id = house.wallet(), house.funded(tasks=1)
    house.submitted(worker, batch_id, count=1)
    house.settled(house.proposed(batch_id, [verdict(worker, "t0")]))
    house.until(lambda: house.get(None, f"/v1/batches/{batch_id}")["accepted"], bool)
    monkeypatch.setattr(service, "_MOST_BYTES", 100)

    house.refused(None, f"/v1/batches/{batch_id}/results", None, 409, "documents_too_large", method="GET")


def test_what_is_kept_stays_within_its_bound_and_the_last_used_stays() -> None:
    kept = Kept(most_bytes=10)
    kept.put("a", b"1234")
    kept.put("b", b"1234")
    assert kept.get("a") == b"1234"

    kept.put("c", b"123")
    assert [kept.get(key) for key in "abc"] == [b"1234", None, b"123"]
    kept.put("a", b"12345678901")
    assert [kept.get(key) for key in "abc"] == [None, None, b"123"], "what is too large makes no room"
    kept.put("d", b"1234567890")
    assert kept.get("d") == b"1234567890"
