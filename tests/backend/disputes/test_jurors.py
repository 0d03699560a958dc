"""Jurors vote from their own wallets; what the panel would refuse is refused by name before anybody pays gas."""

from __future__ import annotations

from typing import Any

import pytest

from tests.backend.court import PANEL_FEE_UNITS, Court

DAY = 86_400
SALT = "0x" + "5a" * 32


@pytest.fixture
def dispute_id(court: Court) -> str:
    """A new open dispute over two rejections."""
    worker = court.wallet()
    court.earn(worker)
    return str(court.disputed(worker, court.rejected(worker, 2))["dispute_id"])


def phase_is(court: Court, dispute_id: str, phase: str) -> Any:
    return court.until(lambda: court.dispute(dispute_id)["case"], lambda case: case["phase"] == phase)


def test_the_queue_is_for_jurors(court: Court, dispute_id: str) -> None:
    queue = court.get(court.jurors[1], "/v1/juror/queue")
    item = next(item for item in queue["items"] if item["dispute"]["dispute_id"] == dispute_id)
    assert (item["may_vote"], item["committed"], item["revealed"], item["case"]["phase"]) == (
        True,
        False,
        False,
        "commit",
    )
    opened, end = item["dispute"]["opened_at"], item["dispute"]["ruling_end"]
    assert (item["case"]["commit_end"], item["case"]["reveal_end"]) == (
        opened + (end - opened) // 2,
        opened + (end - opened) // 4 * 3,
    )
    stranger = court.wallet()
    court.refused(stranger, "/v1/juror/queue", None, 403, "not_a_juror", method="GET")
    court.refused(None, "/v1/juror/queue", None, 401, "not_signed_in", method="GET")


def test_the_commitment_of_the_recipe_is_the_contracts(court: Court, dispute_id: str) -> None:
    juror = court.jurors[0]
    found = court.commitment(juror, dispute_id, 3, SALT)
    wanted = court.panel.commitment(
        court.stack.escrow.address, int(dispute_id, 16), juror.address, 3, bytes.fromhex(SALT[2:])
    )
    assert found == "0x" + wanted.hex()
    assert found != court.commitment(court.jurors[1], dispute_id, 3, SALT)


def test_commitments_that_the_panel_would_refuse(court: Court, dispute_id: str) -> None:
    path = f"/v1/juror/cases/{dispute_id}/commitment"
    good = {"commitment": "0x" + "ab" * 32}
    court.refused(court.wallet(), path, good, 409, "not_juror")
    court.refused(court.jurors[0], path, {"commitment": "0x" + "00" * 32}, 422, "commitment_zero")
    court.refused(court.jurors[0], path, {"commitment": "0x12"}, 422, "malformed_request")
    court.commit(court.jurors[0], dispute_id, 2)
    court.refused(court.jurors[0], path, good, 409, "already_committed")
    unknown = f"/v1/juror/cases/{'0x' + '31' * 32}/commitment"
    court.refused(court.jurors[0], unknown, good, 404, "dispute_unknown")


def test_a_vote_is_not_taken_before_the_reveal_nor_changed_at_it(court: Court, dispute_id: str) -> None:
    path = f"/v1/juror/cases/{dispute_id}/reveal"
    salt = court.commit(court.jurors[0], dispute_id, 3)
    court.refused(court.jurors[0], path, {"ruling": 3, "salt": salt}, 409, "wrong_phase")
    for juror in court.jurors[1:]:
        court.commit(juror, dispute_id, 3)
    phase_is(court, dispute_id, "reveal")
    court.refused(court.jurors[0], path, {"ruling": 2, "salt": salt}, 409, "commitment_mismatch")
    court.refused(court.jurors[1], path, {"ruling": 3, "salt": salt}, 409, "commitment_mismatch")
    court.reveal(court.jurors[0], dispute_id, 3, salt)
    court.refused(court.jurors[0], path, {"ruling": 3, "salt": salt}, 409, "commitment_mismatch")
    court.refused(court.jurors[2], "/v1/juror/withdrawal", {}, 409, "nothing_earned")


def test_a_case_that_ended_takes_no_vote(court: Court, dispute_id: str) -> None:
    court.vote(dispute_id, 1, 1, 1)
    ended = court.ended(dispute_id, "ruled")
    assert (ended["accepted"], ended["from_bond_units"]) == (0, str(PANEL_FEE_UNITS))
    path = f"/v1/juror/cases/{dispute_id}/commitment"
    court.refused(court.jurors[0], path, {"commitment": "0x" + "ab" * 32}, 409, "dispute_ended")


def test_the_keeper_concludes_when_a_juror_never_reveals(court: Court, dispute_id: str) -> None:
    court.vote(dispute_id, 3, 3, -1)
    assert court.dispute(dispute_id)["case"]["phase"] == "reveal"
    case = court.dispute(dispute_id)["case"]
    court.stack.travel(case["reveal_end"] - court.services.clock.now() + 60)
    ended = court.ended(dispute_id, "ruled")
    assert (ended["accepted"], ended["case"]["reveals"]) == (2, 2)


def test_without_a_quorum_the_keeper_lets_silence_pay_the_worker(court: Court, dispute_id: str) -> None:
    court.commit(court.jurors[0], dispute_id, 1)
    case = court.dispute(dispute_id)["case"]
    court.stack.travel(case["commit_end"] - court.services.clock.now() + 60)
    phase_is(court, dispute_id, "no_quorum")
    worker = court.dispute(dispute_id)["worker"]
    before = court.stack.escrow.account(worker).owed
    court.stack.travel(case["ruling_end"] - court.services.clock.now() + 60)
    ended = court.ended(dispute_id, "overdue")
    assert (ended["accepted"], ended["from_bond_units"], ended["from_lock_units"]) == (2, "0", "0")
    assert court.stack.escrow.account(worker).owed > before + PANEL_FEE_UNITS
    record = court.get(None, f"/v1/accounts/{worker}")
    assert (record["disputes_won"], record["rejected"], record["contested"]) == (0, 0, 0)


def test_a_dispute_of_too_small_a_fee_is_shown_but_not_for_voting(court: Court) -> None:
    worker = court.wallet()
    court.earn(worker)
    batch_id = court.rejected(worker, 1, dispute_fee_units=str(PANEL_FEE_UNITS - 1))
    number = court.disputed(worker, batch_id)["dispute_id"]
    items = court.get(court.jurors[0], "/v1/juror/queue")["items"]
    assert [item["may_vote"] for item in items if item["dispute"]["dispute_id"] == number] == [False]
    path = f"/v1/juror/cases/{number}/commitment"
    court.refused(court.jurors[0], path, {"commitment": "0x" + "ab" * 32}, 409, "fee_too_low")
