"""Whatever is thrown at the addresses of disputes and qualifications, they answer with a named problem."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.backend.court import Court
from tests.backend.test_malformed_bodies import (
    QUERIES,
    RAW,
    SEED,
    address_of,
    check,
    operations,
    spoiled,
    valid,
)

PREFIXES = ("/v1/appeals", "/v1/credentials", "/v1/disputes", "/v1/juror", "/v1/rejections", "/v1/deposits")


@pytest.fixture(scope="module")
def known(court: Court) -> dict[str, Any]:
    """An open dispute, and tokens of everybody around it."""
    worker = court.wallet()
    court.earn(worker)
    batch_id = court.rejected(worker, 2)
    dispute = court.disputed(worker, batch_id, count=1)
    return {
        "tokens": [court.token(who) for who in (worker, court.wallet(), *court.jurors)],
        "batch_id": [batch_id, batch_id],
        "address": [worker.address],
        "dispute_id": [dispute["dispute_id"]],
    }


def ours(court: Court) -> list[tuple[str, str, dict[str, Any]]]:
    return [operation for operation in operations(court) if operation[1].startswith(PREFIXES)]


def headers(known: dict[str, Any], chance: random.Random) -> dict[str, str]:
    return {"authorization": f"Bearer {chance.choice(known['tokens'])}", "content-type": "application/json"}


def test_raw_bytes_are_answered(court: Court, known: dict[str, Any]) -> None:
    chance = random.Random(SEED)
    posts = [path for method, path, _ in ours(court) if method == "POST"]
    assert len(posts) >= 13
    for path in posts:
        for raw in RAW:
            address = address_of(path, known, chance, wild=False)
            check(court.client.post(address, content=raw, headers=headers(known, chance)), raw)


def test_every_body_with_one_value_spoiled_is_answered(court: Court, known: dict[str, Any]) -> None:
    chance, refused = random.Random(SEED), 0
    for method, path, schema in ours(court):
        if not schema:
            continue
        for body in spoiled(valid(schema, known), chance):
            content = json.dumps(body).encode()
            address = address_of(path, known, chance, wild=False)
            answer = court.client.request(method, address, content=content, headers=headers(known, chance))
            check(answer, content)
            refused += answer.status_code >= 400
    assert refused > 200


def test_strange_names_and_queries_are_answered(court: Court, known: dict[str, Any]) -> None:
    chance = random.Random(SEED)
    more = ("holder=0x1", "skill_id=x", "worker=%00", "state=x", "arbitrator=0x" + "00" * 20)
    for method, path, _ in ours(court):
        for wild in (True, False):
            for query in (*QUERIES, *more):
                address = f"{address_of(path, known, chance, wild=wild)}?{query}"
                content = b"{}" if method == "POST" else None
                check(court.client.request(method, address, content=content, headers=headers(known, chance)), query)
