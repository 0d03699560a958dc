"""Whatever is searched for, the gateway answers with a page or a named problem."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.backend.house import House, is_problem

SEED = 41
PIECES = ['"', "'", "*", "-", "(", ")", ":", "^", "+", "NEAR/2", "AND", "OR", "NOT", "\\", "%", "_", "{a}", ";", "--",
          "<->", "&", "|", "!", "$1", ":w0", "\u202e", "é", "\u0301", "猫", "قطة", "😀", "\ud7a3", "\ufffd", " ", "a*",
          "ab*", ":live", "search_words_1", "words:x", "\t", "ﷺ", "x" * 150]  # fmt: skip


@pytest.fixture(scope="module")
def shown(house: House) -> str:
    return house.funded(title='Birds AND bees: NOT 50% off ("quoted")')


def test_drawn_searches_give_a_page_or_a_named_problem(house: House, shown: str) -> None:
    rng = random.Random(SEED)
    statuses = set()
    for _ in range(150):
        q = "".join(rng.choices(PIECES, k=rng.randint(1, 8)))[:220]
        answer = house.client.get("/v1/batches", params={"q": q})
        statuses.add(answer.status_code)
        if answer.status_code != 200:
            assert answer.status_code == 422, (q, answer.text)
            is_problem(answer)
    assert statuses == {200, 422}


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"q": "birds AND bees"}, True),
        ({"q": "NOT 50% off"}, True),
        ({"q": '"and bees" -honey'}, True),
        ({"q": "bir* -bees"}, False),
        ({"q": "OR"}, False),
        ({"q": "birds", "language": "en"}, False),
        ({"q": "birds", "country": "AT"}, True),
        ({"q": "birds", "task_type": "choice", "min_requester_approval_percent": 0}, True),
        ({"q": "birds", "min_requester_paid": 1}, False),
    ],
)
def test_operators_of_the_databases_are_words_here(
    house: House, shown: str, query: dict[str, Any], is_found: bool
) -> None:
    items = house.get(None, "/v1/batches", **query)["items"]

    assert [item["batch_id"] for item in items] == ([shown] if is_found else [])


def test_a_page_holds_the_words_and_amounts_as_they_were_given(house: House) -> None:
    title = 'Seven "zebras", \\ é 猫\u2028'
    batch_id = house.funded(title=title, skills=['a "b"', "ж"], languages=["de-AT"])

    [item] = house.get(None, "/v1/batches", q="zebras")["items"]

    assert (item["batch_id"], item["title"]) == (batch_id, title)
    assert (item["skills"], item["languages"]) == (['a "b"', "ж"], ["de-AT"])
    assert item["reward_units"] == house.get(None, f"/v1/batches/{batch_id}")["reward_units"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"q": "%"}, "query_empty"),
        ({"q": "a*"}, "prefix_too_short"),
        ({"q": "a b c d e f g h i j k l m n o p q"}, "query_too_long"),
        ({"q": "x" * 201}, "malformed_request"),
        ({"held_by": "0x12"}, "malformed_request"),
        ({"min_requester_approval_percent": 101}, "malformed_request"),
        ({"task_type": ""}, "malformed_request"),
    ],
)
def test_what_cannot_be_searched_for_is_named(house: House, query: dict[str, Any], code: str) -> None:
    answer = house.client.get("/v1/batches", params=query)

    assert (answer.status_code, is_problem(answer)["code"]) == (422, code)


def test_a_manifest_funded_by_hand_elsewhere_is_found_by_its_words(house: House) -> None:
    """Its words come from the payload store, not from a draft."""
    from backend.batches.service import pin
    from piecework.domain import documents
    from piecework.domain.canonical import new_salt

    document = {
        "format": documents.format_name("manifest"),
        "salt": new_salt(),
        "title": "Wombats by hand",
        "instructions": "Count them.",
        "task_type": "text",
        "answer_schema": {"type": "string"},
        "answers_per_task": 1,
        "tasks": [{"id": "t0", "content": {}}],
        "skills": [],
        "languages": ["en"],
        "estimated_seconds_per_task": 10,
        "review": {"policy": "requester"},
        "gold": None,
    }
    packed = documents.pack(document, "manifest")
    pin(house.services.store, packed)
    market = house.gateway.market
    batch_id = market.batch_id(market.open_batch(1, manifest=packed.digest))

    found = house.until(lambda: house.get(None, "/v1/batches", q="wombats", language="en")["items"], bool)
    assert [(item["batch_id"], item["title"]) for item in found] == [(batch_id, "Wombats by hand")]
