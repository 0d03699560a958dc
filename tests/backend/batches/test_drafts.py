"""Drafts: what is taken can be funded as it stands, and what cannot be is refused before a wallet signs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from piecework.chain.escrow import PermitApproval
from piecework.domain.messages import Domain, Terms
from tests.backend.house import SCHEMA, House, is_problem, sign

UINT96 = 2**96 - 1


@pytest.fixture(scope="module")
def requester(house: House) -> Any:
    return house.requester()


BOUNDS: list[dict[str, Any]] = [
    {"reward_units": "1"},
    {"claim_period_seconds": 60},
    {"claim_period_seconds": 31_536_000 - 60},
    {"lease_seconds": 60},
    {"lease_seconds": 2_592_000},
    {"review_window_seconds": 3_600},
    {"review_window_seconds": 2_592_000},
    {"dispute_window_seconds": 86_400},
    {"dispute_window_seconds": 2_592_000},
    {"ruling_window_seconds": 86_400},
    {"ruling_window_seconds": 2_592_000},
    {"max_claim": 1},
    {"max_claim": 65_535},
    {"answers_per_task": 100},
    {"reward_units": "20", "operator_fee_units": "1"},
    {"reward_units": "19"},
]


@pytest.mark.parametrize("changes", BOUNDS, ids=lambda changes: f"{changes}"[:60])
def test_what_a_draft_takes_at_its_bounds_the_contract_takes_too(
    house: House, requester: Any, changes: dict[str, Any]
) -> None:
    draft = house.post(requester, "/v1/batches", house.draft_body(2) | changes, 201)
    stack, owner = house.stack, house.requester(int(draft["cost"]["total_units"]))
    terms = Terms.from_json(draft["terms"])

    allow(house, owner, int(draft["cost"]["total_units"]))
    stack.send(owner, stack.escrow.deposit(int(draft["cost"]["total_units"])))
    stack.send(owner, stack.escrow.open_batch(terms, draft["salt"], draft["assignments"]))


def test_the_whole_room_of_the_escrow_can_be_drafted_and_funded_and_no_unit_more(house: House) -> None:
    """All that one escrow holds fits 96 bits. The funding is only asked of the node: done, it would leave no room."""
    house.funded(tasks=1)
    owner = house.requester(UINT96)
    room = UINT96 - house.stack.token.balance_of(house.stack.escrow.address)
    one_task = house.draft_body(1)
    house.refused(owner, "/v1/batches", one_task | {"reward_units": str(room + 1)}, 422, "amount_too_large")

    draft = house.post(owner, "/v1/batches", one_task | {"reward_units": str(room)}, 201)

    raw = bytes.fromhex(house.permit(owner, draft)["signature"][2:])
    terms, message = Terms.from_json(draft["terms"]), draft["permit"]["message"]
    approval = PermitApproval(int(message["value"]), int(message["deadline"]), "0x" + raw.hex())
    call = house.stack.escrow.open_batch_with_permit(terms, draft["salt"], 1, approval)
    house.stack.web3.eth.call({"from": owner.address, "to": call.to, "data": call.data})


def allow(house: House, owner: Any, units: int) -> None:
    from piecework.chain.calls import encode

    house.stack.send(owner, encode(house.stack.token.contract, "approve", house.stack.escrow.address, units))


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"reward_units": "0"}, "reward_zero"),
    ({"reward_units": str(UINT96)}, "amount_too_large"),
    ({"reward_units": "100", "operator_fee_units": "6"}, "operator_fee_too_high"),
    ({"reward_units": "19", "operator_fee_units": "1"}, "operator_fee_too_high"),
    ({"answer_schema": {"pattern": "(a+)+"}}, "answer_schema_refused"),
    ({"answer_schema": {"$ref": "http://evil.test"}}, "answer_schema_refused"),
    ({"answer_schema": {}}, "answer_schema_refused"),
    ({"answer_schema": {"type": "nothing"}}, "answer_schema_refused"),
    ({"tasks": [{"id": "t", "content": {}}, {"id": "t", "content": {}}]}, "task_id_twice"),
    ({"gold": {"nowhere": "cat"}}, "gold_task_unknown"),
    ({"gold": {"t0": "whale"}}, "answer_invalid"),
    ({"skills": [""]}, "document_refused"),
    ({"skills": ["x" * 61]}, "document_refused"),
    ({"tasks": [{"id": "t", "content": {"n": 2**53}}]}, "document_refused"),
    ({"reviewer": "0x" + "00" * 20}, "reviewer_missing"),
]

TEXT_BY_EQUALITY = {
    "answer_schema": {"type": "string"},
    "gold": {"t0": "a red house"},
    "review": {"policy": "agreement", "reject_gold_below": 0.6},
}


def test_known_texts_reject_nobody_for_being_written_otherwise(house: House, requester: Any) -> None:
    """The policy agreement compares whole answers; without a bound, or by inference, known answers may stand."""
    body = house.draft_body(2) | TEXT_BY_EQUALITY
    problem = house.refused(requester, "/v1/batches", body, 422, "gold_needs_labels")
    assert "the kind text are hardly ever equal" in problem["detail"]
    for review in ({"policy": "agreement"}, {"policy": "inference", "reject_gold_below": 0.6}):
        house.post(requester, "/v1/batches", body | {"review": review}, 201)


@pytest.mark.parametrize(("changes", "code"), REFUSED, ids=lambda value: f"{value}"[:60])
def test_what_breaks_a_rule_is_refused_by_name(
    house: House, requester: Any, changes: dict[str, Any], code: str
) -> None:
    house.refused(requester, "/v1/batches", house.draft_body(2) | changes, 422, code)


MALFORMED: list[dict[str, Any]] = [
    {"reward_units": str(UINT96 + 1)},
    {"reward_units": UINT96 + 1},
    {"reward_units": "-1"},
    {"reward_units": 1.5},
    {"reward_units": True},
    {"operator_fee_units": str(2**96)},
    {"max_claim": 0},
    {"max_claim": 65_536},
    {"answers_per_task": 0},
    {"answers_per_task": 101},
    {"lease_seconds": 59},
    {"lease_seconds": 2_592_001},
    {"review_window_seconds": 3_599},
    {"dispute_window_seconds": 86_399},
    {"ruling_window_seconds": 2**40},
    {"claim_period_seconds": 31_536_001},
    {"tasks": []},
    {"tasks": [{"id": "", "content": {}}]},
    {"tasks": [{"id": "a b", "content": {}}]},
    {"tasks": [{"id": "t", "content": "text"}]},
    {"tasks": [{"id": "t", "content": {}, "more": 1}]},
    {"title": ""},
    {"title": "x" * 201},
    {"task_type": "poem"},
    {"reviewer": "0x12"},
    {"review": {"policy": "coin"}},
    {"review": {"policy": "agreement", "reject_gold_below": 1.5}},
    {"surprise": 1},
]


@pytest.mark.parametrize("changes", MALFORMED, ids=lambda changes: f"{changes}"[:60])
def test_what_has_another_shape_is_malformed_and_says_where(
    house: House, requester: Any, changes: dict[str, Any]
) -> None:
    problem = house.refused(requester, "/v1/batches", house.draft_body(2) | changes, 422, "malformed_request")

    assert f"/body/{next(iter(changes))}" in problem["detail"]


def test_a_draft_needs_a_session(house: House) -> None:
    house.refused(None, "/v1/batches", house.draft_body(), 401, "not_signed_in")


def test_a_body_over_the_limit_is_refused_however_it_comes(house: House, requester: Any) -> None:
    limit = house.services.settings.max_body_bytes
    headers = {"authorization": f"Bearer {house.token(requester)}", "content-type": "application/json"}

    def pieces() -> Any:
        for _ in range(limit // 2**20 + 1):
            yield b" " * 2**20

    announced = {**headers, "content-length": str(limit + 1)}
    for answer in (
        house.client.post("/v1/batches", content=b"{}", headers=announced),
        house.client.post("/v1/batches", content=pieces(), headers=headers),
    ):
        assert (answer.status_code, is_problem(answer)["code"]) == (413, "body_too_large")


def test_without_room_the_draft_is_refused_and_nothing_is_kept(
    house: House, requester: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(house.services.settings, "max_waiting_bytes_in_all", 20_000)
        house.refused(requester, "/v1/batches", house.draft_body(), 507, "waiting_full")
    house.draft(requester)


# --------------------------------------------------------------------- funding


def funding(draft: Any) -> str:
    return f"/v1/batches/{draft['batch_id']}/transaction"


def test_a_requester_with_a_balance_needs_no_permit(house: House) -> None:
    rich = house.requester()
    allow(house, rich, 10_000)
    house.stack.send(rich, house.stack.escrow.deposit(10_000))

    draft = house.draft(rich, 2)

    assert draft["permit"] is None
    house.send(rich, draft["transaction"])
    assert house.stack.escrow.batch(draft["batch_id"]).free == 2


@pytest.mark.parametrize("changed", ["signer", "amount", "deadline", "chain", "token", "nonce"])
def test_a_permit_of_something_else_is_refused(house: House, requester: Any, changed: str) -> None:
    draft = house.draft(requester)
    typed, body = draft["permit"], house.permit(requester, draft)
    if changed == "signer":
        body["signature"] = sign(house.wallet(), typed)
    elif changed == "amount":
        body["amount_units"] = str(int(body["amount_units"]) + 1)
    elif changed == "deadline":
        body["deadline"] += 1
    elif changed == "nonce":
        body["signature"] = sign(requester, typed | {"message": typed["message"] | {"nonce": 7}})
    else:
        change = {"chain": {"chainId": 1}, "token": {"verifyingContract": house.stack.escrow.address}}[changed]
        body["signature"] = sign(requester, typed | {"domain": typed["domain"] | change})

    house.refused(requester, funding(draft), {"permit": body}, 422, "signature_by_another_key")


def test_a_permit_that_ended_or_is_too_small_or_is_no_signature_is_refused(house: House, requester: Any) -> None:
    draft = house.draft(requester)
    body = house.permit(requester, draft)

    for change, code in (
        ({"deadline": 1}, "signature_expired"),
        ({"amount_units": "1999"}, "permit_too_small"),
        ({"amount_units": "0"}, "permit_too_small"),
        ({"signature": body["signature"][:-2]}, "signature_by_another_key"),
        ({"deadline": 2**63}, "malformed_request"),
        ({"amount_units": str(2**96)}, "malformed_request"),
        ({"signature": "0x"}, "malformed_request"),
        ({"more": 1}, "malformed_request"),
    ):
        house.refused(requester, funding(draft), {"permit": body | change}, 422, code)


def test_a_permit_that_somebody_brought_before_us_still_funds(house: House) -> None:
    owner = house.requester()
    draft = house.draft(owner)
    body = house.permit(owner, draft)
    raw = bytes.fromhex(body["signature"][2:])
    from piecework.chain.calls import encode

    token, escrow = house.stack.token.contract, house.stack.escrow.address
    arguments = (owner.address, escrow, int(body["amount_units"]), body["deadline"], raw[64], raw[:32], raw[32:64])
    house.stack.send(house.stack.accounts["stranger"], encode(token, "permit", *arguments))

    transaction = house.post(owner, funding(draft), {"permit": body})["transaction"]
    house.send(owner, transaction)
    assert house.stack.escrow.batch(draft["batch_id"]).free == 2


def test_a_draft_of_another_or_none_or_a_funded_one_is_refused(house: House, requester: Any) -> None:
    stranger = house.requester()
    draft = house.draft(requester)
    body = {"permit": house.permit(requester, draft)}

    house.refused(stranger, funding(draft), body, 403, "not_your_draft")
    house.refused(None, funding(draft), body, 401, "not_signed_in")
    nowhere = {"batch_id": "0x" + "ab" * 32}
    house.refused(requester, funding(nowhere), body, 404, "draft_unknown")
    house.refused(requester, funding({"batch_id": "0xab"}), body, 422, "malformed_request")
    house.send(requester, house.post(requester, funding(draft), body)["transaction"])
    house.until(lambda: house.client.get(f"/v1/batches/{draft['batch_id']}").status_code, lambda s: s == 200)
    house.refused(requester, funding(draft), body, 409, "batch_already_open")


def test_a_batch_id_is_bound_to_chain_and_escrow(house: House, requester: Any) -> None:
    from piecework.domain.messages import BatchKey

    draft = house.draft(requester)
    key = BatchKey(requester.address, draft["salt"], Terms.from_json(draft["terms"]))
    domain = house.stack.escrow.domain

    assert key.batch_id(domain) == draft["batch_id"]
    assert key.batch_id(replace(domain, chain_id=1)) != draft["batch_id"]
    assert key.batch_id(Domain(domain.chain_id, house.stack.token.address)) != draft["batch_id"]


def test_a_permit_needs_65_bytes(house: House) -> None:
    with pytest.raises(ValueError, match="65 bytes"):
        PermitApproval(1, 1, "0x00").as_tuple()
    assert SCHEMA
