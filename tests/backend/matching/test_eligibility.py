"""Who fits a batch is decided by every need alone, and the refusal names it."""

from __future__ import annotations

from typing import Any

import pytest

from backend.matching.eligibility import BatchRules, WorkerFacts, refusals
from backend.matching.schemas import Needs, ProfileIn

ISSUER, WORKER, REQUESTER = ("0x" + digit * 40 for digit in "123")
SKILL = "0x" + "ab" * 32
BATCH = "0x" + "cd" * 32


def codes(needs: dict[str, Any], **facts: Any) -> list[str]:
    rules = BatchRules(BATCH, REQUESTER, Needs.model_validate(needs).kept())
    return [reason.code for reason in refusals(WorkerFacts(address=WORKER, **facts), rules)]


def said(**profile: Any) -> dict[str, Any]:
    return {"profile": ProfileIn.model_validate(profile)}


CREDENTIAL = {"credentials": [{"issuer": ISSUER, "skill_id": SKILL, "minimum_level": 3}]}


GERMAN = {"languages": [{"code": "de", "level": "B2"}]}


@pytest.mark.parametrize(
    ("needs", "facts", "code"),
    [
        (GERMAN, said(), "language_missing"),
        (GERMAN, said(languages=[{"code": "de", "level": "B1"}]), "language_missing"),
        ({"countries": ["KE", "IN"]}, said(country="FR"), "country_not_asked"),
        ({"countries": ["KE"]}, said(), "country_not_asked"),
        ({"excluded_countries": ["FR"]}, said(country="FR"), "country_excluded"),
        ({"excluded_countries": ["FR"]}, said(), "country_excluded"),
        ({"skills": ["Botany"]}, said(skills=["chess"]), "skill_missing"),
        (CREDENTIAL, {}, "credential_missing"),
        (CREDENTIAL, {"credentials": {(ISSUER, SKILL): 2}}, "credential_missing"),
        (CREDENTIAL, {"credentials": {(REQUESTER, SKILL): 9}}, "credential_missing"),
        ({"minimum_accepted": 10}, {"accepted": 9}, "record_short"),
        ({"minimum_accepted_percent": 90}, {"accepted": 89, "rejected": 11}, "record_low"),
        ({"pools": ["a" * 32]}, {"lists": frozenset(["b" * 32])}, "not_in_pool"),
        ({"allow": [REQUESTER]}, {}, "not_in_pool"),
        ({}, {"blocked_by": frozenset([REQUESTER])}, "blocked"),
        ({}, {"blocked_in": frozenset([BATCH])}, "blocked"),
        ({"allow": [WORKER]}, {"allowed_in": frozenset([BATCH]), "blocked_in": frozenset([BATCH])}, "blocked"),
    ],
)  # fmt: skip
def test_one_need_that_does_not_hold_refuses_by_its_name(needs: Any, facts: Any, code: str) -> None:
    assert codes(needs, **facts) == [code]


@pytest.mark.parametrize(
    ("needs", "facts"),
    [
        ({}, {}),
        (GERMAN, said(languages=[{"code": "de", "level": "native"}])),
        ({"countries": ["KE"], "excluded_countries": ["FR"]}, said(country="KE")),
        ({"skills": ["Botany"]}, said(skills=["BOTANY "])),
        (CREDENTIAL, {"credentials": {(ISSUER, SKILL): 3}}),
        ({"minimum_accepted": 10, "minimum_accepted_percent": 90}, {"accepted": 90, "rejected": 10}),
        ({"minimum_accepted_percent": 90}, {}),
        ({"pools": ["a" * 32]}, {"lists": frozenset(["a" * 32])}),
        ({"allow": [WORKER], "pools": ["a" * 32]}, {"allowed_in": frozenset([BATCH])}),
    ],
)
def test_who_has_what_is_asked_fits(needs: Any, facts: Any) -> None:
    assert codes(needs, **facts) == []


def test_a_requester_is_refused_its_own_batch() -> None:
    rules = BatchRules(BATCH, WORKER, Needs().kept())
    assert [reason.code for reason in refusals(WorkerFacts(address=WORKER), rules)] == ["own_batch"]


def test_every_reason_is_given_at_once() -> None:
    needs = {"languages": [{"code": "de"}], "countries": ["KE"], "minimum_accepted": 1}
    assert codes(needs) == ["language_missing", "country_not_asked", "record_short"]
