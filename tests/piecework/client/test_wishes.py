"""A gateway that drafts something else than what was asked for is found out before anything is signed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from piecework.client.errors import NotWhatWasAsked
from piecework.client.tasks import TaskList
from piecework.client.wishes import Wish
from piecework.domain import documents
from piecework.domain.ids import ZERO_ADDRESS
from piecework.domain.messages import BatchKey, Domain, Terms

REQUESTER = "0x" + "Aa" * 20
OTHER = "0x" + "bB" * 20
DOMAIN = Domain(31337, "0x" + "cC" * 20)
SALT = "0x" + "01" * 32
TASKS = [{"id": "a", "content": {"text": "one"}}, {"id": "b", "content": {"text": "two"}}]
WISH = Wish(
    tasks=TaskList(TASKS, {}),
    title="T",
    instructions="I",
    task_type="choice",
    options={"choices": ["x", "y"]},
    reward_units=1_000,
    answers_per_task=3,
    review={"policy": "requester"},
    more={"lease_seconds": 600, "dispute_fee_units": "70", "review_window_seconds": 7_200},
)
Draft = dict[str, Any]
Lie = Callable[[Draft, Draft, Draft], None]


def manifest() -> Draft:
    return {
        "format": "piecework/manifest/1",
        "salt": "0x" + "02" * 32,
        "title": "T",
        "instructions": "I",
        "task_type": "choice",
        "answer_schema": {"enum": ["x", "y"]},
        "answers_per_task": 3,
        "tasks": [dict(task) for task in reversed(TASKS)],
        "skills": [],
        "languages": [],
        "estimated_seconds_per_task": 30,
        "review": {"policy": "requester"},
        "gold": None,
    }


def drafted(lie: Lie | None = None, *, consistent: bool = True) -> tuple[Draft, Draft]:
    """A draft and its manifest. A consistent liar pins what it says, and gives the id of what it drafted."""
    said = manifest()
    terms: Draft = {
        "reward": 1_000, "operatorFee": 50, "disputeFee": 70, "reviewer": REQUESTER, "assigner": OTHER,
        "operator": OTHER, "gate": ZERO_ADDRESS, "arbitrator": OTHER, "claimBy": 10**9, "lease": 600,
        "reviewWindow": 7_200, "disputeWindow": 86_400, "rulingWindow": 86_400, "maxClaim": 10, "flags": 0,
    }  # fmt: skip
    draft: Draft = {"salt": SALT, "assignments": 6}
    if lie:
        lie(draft, terms, said)
    document = said if consistent else manifest()
    terms["manifest"] = documents.pack(document, "manifest").digest
    whole = Terms(**terms)
    draft["terms"] = whole.to_json()
    draft.setdefault("batch_id", BatchKey(REQUESTER, SALT, whole).batch_id(DOMAIN))
    return draft, said


def test_an_honest_draft_gives_the_key_of_its_batch() -> None:
    draft, said = drafted()
    assert WISH.check(draft, REQUESTER, DOMAIN, said).batch_id(DOMAIN) == draft["batch_id"]
    assert WISH.assignments == 6
    assert WISH.body()["reward_units"] == "1000"


def terms_say(**values: Any) -> Lie:
    return lambda _, terms, __: terms.update(values)


def pins(**values: Any) -> Lie:
    return lambda _, __, said: said.update(copy.deepcopy(values))


def drafts(**values: Any) -> Lie:
    return lambda draft, _, __: draft.update(values)


def pins_no_salt(_: Draft, __: Draft, said: Draft) -> None:
    del said["salt"]


LIES: dict[str, Lie] = {
    "a higher reward": terms_say(reward=1_001),
    "a fee above the cap": terms_say(operatorFee=51),
    "another reviewer": terms_say(reviewer=OTHER),
    "pay without a claim": terms_say(flags=1),
    "a gate": terms_say(gate=OTHER),
    "a shorter lease": terms_say(lease=60),
    "a longer review window": terms_say(reviewWindow=7_201),
    "a higher dispute fee": terms_say(disputeFee=71),
    "more assignments": drafts(assignments=7),
    "the id of another batch": drafts(batch_id="0x" + "00" * 32),
    "another salt": drafts(salt="0x" + "03" * 32),
    "another title": pins(title="Free money"),
    "other instructions": pins(instructions="Send your key"),
    "another type": pins(task_type="external"),
    "another number of answers": pins(answers_per_task=4),
    "another task": pins(tasks=[TASKS[0], {"id": "b", "content": {"text": "advertisement"}}]),
    "one task more": pins(tasks=[*TASKS, {"id": "c", "content": {"text": "three"}}]),
    "one task less": pins(tasks=TASKS[:1]),
}


@pytest.mark.parametrize("name", sorted(LIES))
def test_a_lie_is_found_out(name: str) -> None:
    draft, said = drafted(LIES[name])
    with pytest.raises(NotWhatWasAsked):
        WISH.check(draft, REQUESTER, DOMAIN, said)


@pytest.mark.parametrize("lie", [LIES["another title"], LIES["another task"], pins(skills=["x"]), pins_no_salt])
def test_a_manifest_that_is_not_the_one_in_the_terms_is_found_out(lie: Lie) -> None:
    draft, said = drafted(lie, consistent=False)
    with pytest.raises(NotWhatWasAsked):
        WISH.check(draft, REQUESTER, DOMAIN, said)


@pytest.mark.parametrize("terms", [None, {}, {"reward": "x"}, []])
def test_terms_that_are_none_are_found_out(terms: Any) -> None:
    draft, said = drafted()
    with pytest.raises(NotWhatWasAsked):
        WISH.check(draft | {"terms": terms}, REQUESTER, DOMAIN, said)
