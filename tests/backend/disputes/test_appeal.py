"""From a rejection with its reason to a ruling that pays, through public HTTP and wallets alone."""

from __future__ import annotations

import json

from piecework.domain.canonical import canonical_bytes
from piecework.domain.cid import digest_of
from tests.backend.court import PANEL_FEE_UNITS, Court
from tests.backend.house import REWARD_UNITS, sign


def owed(court: Court, address: str) -> int:
    return court.stack.escrow.account(address).owed


def test_a_wrong_rejection_is_appealed_ruled_and_paid(court: Court) -> None:
    requester, worker = court.requester(), court.wallet()
    court.earn(worker)
    batch_id = court.rejected(worker, 3, requester)
    before = owed(court, requester.address), owed(court, worker.address)

    # The worker reads why, until when it can appeal, and what that takes.
    found = court.rejections(worker, batch_id)[0]
    assert sorted(answer["reason"] for answer in found["answers"]) == [f"no cat in t{i}" for i in range(3)]
    assert (found["contestable"], found["disputed"], found["can_appeal"]) == (3, 0, True)
    assert found["appeal_until"] > court.services.clock.now()
    assert found["bond_units"] == str(PANEL_FEE_UNITS)
    assert "appeals/draft" in found["how_to_appeal"]

    # It signs a dispute that names its evidence; the gateway brings it for nothing.
    drafted = court.appeal(worker, batch_id, tasks=[{"task": "t0", "note": "left of the tree"}])
    assert digest_of(canonical_bytes(drafted["evidence"])) == drafted["evidence_digest"]
    assert drafted["typed_data"]["primaryType"] == "Dispute"
    assert drafted["typed_data"]["message"]["evidenceDigest"] == drafted["evidence_digest"]
    assert [r["note"] for r in drafted["evidence"]["rejections"]] == ["left of the tree"]
    assert not drafted["needs_sponsor"]
    intent = court.post(None, "/v1/appeals", court.signed(worker, drafted), 202)
    assert court.gateway.finished(intent["intent_id"])["status"] == "confirmed"

    # Everybody can read it.
    dispute = court.dispute_of(batch_id)
    number = dispute["dispute_id"]
    assert (dispute["state"], dispute["count"], dispute["worker"]) == ("open", 3, worker.address)
    assert dispute["evidence"] == drafted["evidence"]
    assert json.loads(court.client.get(f"/v1/payloads/{dispute['evidence_cid']}").content) == drafted["evidence"]
    assert len(dispute["rejections"]) == 3
    assert dispute["case"]["phase"] == "commit"
    court.until(lambda: court.rejections(worker, batch_id)[0]["obstacle"], lambda why: why == "dispute_open")

    # Three jurors commit, then reveal; the median accepts two of three.
    assert [item["may_vote"] for item in court.get(court.jurors[0], "/v1/juror/queue")["items"]][-1]
    salts = [court.commit(juror, number, ruling) for juror, ruling in zip(court.jurors, (3, 4, 2), strict=True)]
    case = court.dispute(number)["case"]
    assert (case["phase"], case["commits"], case["votes"]) == ("reveal", 3, {})
    assert case["committed"] == sorted(juror.address for juror in court.jurors)
    for juror, ruling, salt in zip(court.jurors, (3, 4, 2), salts, strict=True):
        court.reveal(juror, number, ruling, salt)
    ended = court.ended(number, "ruled")
    assert (ended["accepted"], ended["case"]["phase"]) == (2, "ended")
    assert ended["case"]["votes"] == {j.address: r for j, r in zip(court.jurors, (3, 4, 2), strict=True)}
    assert (ended["from_bond_units"], ended["from_lock_units"]) == ("200", "400")

    # The worker has its pay and two thirds of its bond, the requester the rest of its lock, the jurors their fee.
    assert owed(court, worker.address) == before[1] + 2 * REWARD_UNITS - 200
    assert owed(court, requester.address) == before[0] + PANEL_FEE_UNITS - 400
    record = court.get(None, f"/v1/accounts/{worker.address}")
    assert (record["accepted"], record["rejected"], record["contested"]) == (3, 1, 0)
    assert (record["disputes_won"], record["disputes_lost"]) == (2, 1)
    assert court.stack.web3.eth.get_balance(worker.address) == 0
    first = court.jurors[0]
    assert court.get(first, "/v1/juror/queue")["earned_units"] == str(PANEL_FEE_UNITS // 3)
    court.send(first, court.post(first, "/v1/juror/withdrawal", {})["transaction"])
    assert court.stack.token.balance_of(first.address) == PANEL_FEE_UNITS // 3


def test_a_sponsor_puts_up_the_bond_and_gets_it_back(court: Court) -> None:
    worker, sponsor = court.wallet(), court.requester()
    batch_id = court.rejected(worker, 1)
    drafted = court.appeal(worker, batch_id)
    assert drafted["needs_sponsor"]
    body = court.signed(worker, drafted)
    problem = court.refused(None, "/v1/appeals", body, 409, "bond_short")
    assert problem["bond_units"] == str(PANEL_FEE_UNITS)
    court.refused(sponsor, "/v1/appeals/sponsorship", body, 409, "bond_short")

    permit = court.post(sponsor, "/v1/deposits/draft", {"amount_units": str(PANEL_FEE_UNITS)})["permit"]
    signed = {
        "amount_units": permit["message"]["value"],
        "deadline": permit["message"]["deadline"],
        "signature": sign(sponsor, permit),
    }
    court.send(sponsor, court.post(sponsor, "/v1/deposits/transaction", signed)["transaction"])
    assert owed(court, sponsor.address) == PANEL_FEE_UNITS

    given = court.post(sponsor, "/v1/appeals/sponsorship", body)
    court.send(sponsor, given["transaction"])
    dispute = court.dispute_of(batch_id)
    assert (dispute["poster"], dispute["worker"]) == (sponsor.address, worker.address)
    assert owed(court, sponsor.address) == 0
    court.vote(dispute["dispute_id"], 2, 2, 2)
    court.ended(dispute["dispute_id"], "ruled")
    assert owed(court, sponsor.address) == PANEL_FEE_UNITS
    assert owed(court, worker.address) == REWARD_UNITS


def test_a_worker_brings_a_dispute_packet_of_its_own_making(court: Court) -> None:
    from piecework.domain.messages import Packet, PacketKind

    worker = court.wallet()
    court.earn(worker)
    batch_id = court.rejected(worker, 2)
    packet = Packet(
        kind=PacketKind.DISPUTE,
        batch_id=batch_id,
        worker=worker.address,
        sequence=court.stack.escrow.tally(batch_id, worker.address).sequence,
        deadline=court.services.clock.now() + 600,
        count=1,
    )
    body = {
        "batch_id": batch_id,
        "kind": "dispute",
        "sequence": packet.sequence,
        "deadline": packet.deadline,
        "count": 1,
        "signature": sign(worker, packet.typed_data(court.stack.escrow.domain)),
    }
    intent = court.post(worker, "/v1/work/packets", body, 202)
    assert court.gateway.finished(intent["intent_id"])["status"] == "confirmed"
    dispute = court.dispute_of(batch_id)
    assert (dispute["count"], dispute["evidence"], dispute["evidence_cid"]) == (1, None, None)
    assert dispute["evidence_problem"] == "the worker gave none"


def test_disputes_are_listed_newest_first_and_by_every_filter(court: Court) -> None:
    worker = court.wallet()
    court.earn(worker, 2 * PANEL_FEE_UNITS)
    numbers = [court.disputed(worker, court.rejected(worker, 1))["dispute_id"] for _ in range(2)]
    listed = [item["dispute_id"] for item in court.get(None, "/v1/disputes", worker=worker.address)["items"]]
    assert listed == numbers[::-1]
    page = court.get(None, "/v1/disputes", worker=worker.address, limit=1)
    rest = court.get(None, "/v1/disputes", worker=worker.address, limit=1, cursor=page["next_cursor"])
    assert [page["items"][0]["dispute_id"], rest["items"][0]["dispute_id"]] == listed
    about = {"worker": worker.address, "arbitrator": court.panel.address}
    assert len(court.get(None, "/v1/disputes", state="open", **about)["items"]) == 2
    assert court.get(None, "/v1/disputes", state="ruled", **about)["items"] == []
    assert court.get(None, "/v1/disputes", arbitrator=worker.address)["items"] == []
    court.refused(None, "/v1/disputes/" + "0x" + "9" * 64, None, 404, "dispute_unknown", method="GET")
