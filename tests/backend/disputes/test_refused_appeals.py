"""Appeals that the contract would refuse are refused before they are queued, by name, and change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.backend.court import PANEL_FEE_UNITS, Court
from tests.backend.house import sign


@pytest.fixture(scope="module")
def appellant(court: Court) -> Any:
    """A worker with a bond, two contestable rejections in `batch_id`, and an appeal drafted and signed."""
    worker = court.wallet()
    court.earn(worker, 3 * PANEL_FEE_UNITS)
    batch_id = court.rejected(worker, 2)
    drafted = court.appeal(worker, batch_id)
    return worker, batch_id, drafted, court.signed(worker, drafted)


def test_who_was_not_rejected_has_nothing_to_appeal(court: Court) -> None:
    worker, batch_id = court.wallet(), court.funded()
    body = {"batch_id": batch_id, "statement": "I want more."}
    court.refused(worker, "/v1/appeals/draft", body, 409, "nothing_contestable")
    assert court.get(worker, "/v1/rejections")["items"] == []
    unknown = {**body, "batch_id": "0x" + "77" * 32}
    court.refused(worker, "/v1/appeals/draft", unknown, 404, "batch_unknown")


def test_evidence_is_about_what_was_rejected(court: Court, appellant: Any) -> None:
    worker, batch_id, _, _ = appellant
    body = {"batch_id": batch_id, "statement": "See.", "tasks": [{"task": "t9"}]}
    court.refused(worker, "/v1/appeals/draft", body, 422, "task_not_rejected")
    court.refused(worker, "/v1/appeals/draft", {"batch_id": batch_id, "statement": ""}, 422, "malformed_request")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"count": 1}, 422, "signature_by_another_key"),
        ({"sequence": 99}, 422, "signature_by_another_key"),
        ({"deadline": 1_000}, 422, "signature_expired"),
        ({"evidence_digest": "0x" + "55" * 32}, 422, "evidence_unknown"),
        ({"signature": "0x" + "11" * 65}, 422, "signature_by_another_key"),
        ({"batch_id": "0x" + "44" * 32}, 422, "evidence_of_another"),
    ],
)
def test_a_changed_field_is_refused_by_name(
    court: Court, appellant: Any, change: dict[str, Any], status: int, code: str
) -> None:
    signed = appellant[3]
    court.refused(None, "/v1/appeals", {**signed, **change}, status, code)
    sponsor = court.jurors[0]
    court.refused(sponsor, "/v1/appeals/sponsorship", {**signed, **change}, status, code)


def test_evidence_of_another_worker_cannot_be_used(court: Court, appellant: Any) -> None:
    other, (_, _, drafted, _) = court.wallet(), appellant
    court.earn(other)
    batch_id = court.rejected(other, 1)
    own = court.signed(other, court.appeal(other, batch_id))
    stolen = {**own, "evidence_digest": drafted["evidence_digest"]}
    court.refused(None, "/v1/appeals", stolen, 422, "evidence_of_another")


def test_a_second_dispute_waits_for_the_first(court: Court) -> None:
    worker = court.wallet()
    court.earn(worker, 2 * PANEL_FEE_UNITS)
    batch_id = court.rejected(worker, 3)
    signed_again = court.signed(worker, court.appeal(worker, batch_id, count=1))
    intent = court.post(None, "/v1/appeals", signed_again, 202)
    assert court.gateway.finished(intent["intent_id"])["status"] == "confirmed"
    dispute = court.dispute_of(batch_id)
    court.until(lambda: court.rejections(worker, batch_id)[0]["disputed"], lambda disputed: disputed == 1)
    body = {"batch_id": batch_id, "statement": "And these."}
    court.refused(worker, "/v1/appeals/draft", body, 409, "dispute_open")
    found = court.rejections(worker, batch_id)[0]
    assert (found["obstacle"], found["dispute_id"]) == ("dispute_open", dispute["dispute_id"])

    court.refused(None, "/v1/appeals", signed_again, 409, "sequence_not_next")
    court.vote(dispute["dispute_id"], 2, 2, 2)
    court.ended(dispute["dispute_id"], "ruled")
    assert court.disputed(worker, batch_id)["count"] == 2


def test_after_the_window_it_is_too_late(court: Court) -> None:
    worker = court.wallet()
    court.earn(worker)
    batch_id = court.rejected(worker, 1)
    signed = court.signed(worker, court.appeal(worker, batch_id))
    court.stack.travel(86_400 + 900)
    court.until(court.services.clock.now, lambda now: now > signed["deadline"])
    assert court.client.post("/v1/appeals", json=signed).json()["code"] == "signature_expired"
    body = {"batch_id": batch_id, "statement": "Too late."}
    headers = {"authorization": f"Bearer {court.token(worker)}"}
    late = court.client.post("/v1/appeals/draft", json=body, headers=headers).json()
    assert late["code"] in ("dispute_window_over", "nothing_contestable")  # as quick as the keeper is
    # The keeper frees the money, and with it the requester's lock.
    court.until(lambda: court.get(None, f"/v1/batches/{batch_id}")["locked_units"], lambda units: units == "0")
    assert court.rejections(worker, batch_id) == []


def test_a_dispute_packet_is_checked_as_an_appeal_is(court: Court) -> None:
    from piecework.domain.messages import Packet, PacketKind

    worker = court.wallet()
    batch_id = court.rejected(worker, 1)

    def body(count: int) -> dict[str, Any]:
        packet = Packet(
            kind=PacketKind.DISPUTE,
            batch_id=batch_id,
            worker=worker.address,
            sequence=court.stack.escrow.tally(batch_id, worker.address).sequence,
            deadline=court.services.clock.now() + 600,
            count=count,
        )
        signature = sign(worker, packet.typed_data(court.stack.escrow.domain))
        names = ("batch_id", "sequence", "deadline", "count")
        return {**{name: getattr(packet, name) for name in names}, "kind": "dispute", "signature": signature}

    court.refused(worker, "/v1/work/packets", body(0), 422, "nothing_asked")
    court.refused(worker, "/v1/work/packets", body(1), 409, "bond_short")
    stranger = court.wallet()
    court.refused(stranger, "/v1/work/packets", body(1), 422, "signature_by_another_key")
