"""The corpus of bad inputs against every endpoint that each of them fits: never a 5xx, always a named problem.

`make api-deep` sends every input to every endpoint. Else each endpoint gets every fourth, its neighbours the others.
"""

from __future__ import annotations

import copy
import json
import os
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.backend import corpus
from tests.backend.house import House
from tests.backend.test_malformed_bodies import SEED, address_of, check, known, operations, places, valid

__all__ = ["known"]

pytestmark = pytest.mark.slow

ENDS_SESSIONS = "/v1/auth/logout"
STRIDE = 1 if os.environ.get("PIECEWORK_API_CORPUS") == "whole" else 4


def share(inputs: Sequence[Any], place: int) -> Sequence[Any]:
    """What the endpoint at `place` of the list gets of `inputs`: neighbours together get all."""
    return inputs[place % STRIDE :: STRIDE]


class Sender:
    """Sends as somebody who is signed in, and counts what each endpoint got."""

    def __init__(self, house: House, known: dict[str, Any]) -> None:
        self.client = TestClient(house.client.app, follow_redirects=False)
        self.known = known
        self.chance = random.Random(SEED)
        self.sent: Counter[str] = Counter()
        self.refused = 0

    def send(self, method: str, path: str, **how: Any) -> None:
        token = "x" * 43 if path == ENDS_SESSIONS else self.chance.choice(self.known["tokens"])
        headers = {"authorization": f"Bearer {token}".encode(), "content-type": b"application/json"}
        headers |= how.pop("headers", {})
        address = how.pop("address", None) or address_of(path, self.known, self.chance, wild=False)
        query = how.pop("query", None)
        where = f"{address}?{query}" if query is not None else address
        answer = self.client.request(method, where, headers=headers, **how)  # type: ignore[arg-type]
        check(answer, how)
        self.sent[f"{method} {path}"] += 1
        self.refused += answer.status_code >= 400


@pytest.fixture(scope="module")
def sender(house: House, known: dict[str, Any]) -> Sender:
    return Sender(house, known)


def test_there_are_more_than_two_hundred_bad_inputs() -> None:
    assert corpus.count() >= 350


def test_every_bad_body_at_every_address_that_takes_one(house: House, sender: Sender) -> None:
    writing = [(method, path) for method, path, _ in operations(house) if method in ("POST", "PUT")]
    for place, (method, path) in enumerate(writing):
        for body in share(corpus.BODIES, place):
            sender.send(method, path, content=body)


def test_every_bad_value_somewhere_in_every_body(house: House, sender: Sender) -> None:
    for place, (method, path, schema) in enumerate(operations(house)):
        body = valid(schema, sender.known) if schema else None
        spots = list(places(body))
        for number, value in enumerate(share(corpus.VALUES, place) if spots else ()):
            changed = copy.deepcopy(body)
            at, spot = changed, spots[number % len(spots)]
            for step in spot[:-1]:
                at = at[step]
            at[spot[-1]] = value
            sender.send(method, path, content=json.dumps(changed).encode())


def test_every_bad_name_in_every_path(house: House, sender: Sender) -> None:
    named = [(method, path) for method, path, _ in operations(house) if "{" in path]
    for place, (method, path) in enumerate(named):
        for name in share(corpus.PATHS, place):
            address = path
            while "{" in address:
                before, _, rest = address.partition("{")
                address = before + name.replace("{", "%7B").replace("}", "%7D") + rest.partition("}")[2]
            sender.send(method, path, address=address, content=b"{}" if method in ("POST", "PUT") else None)


def test_every_bad_query_and_header_at_every_address(house: House, sender: Sender) -> None:
    for place, (method, path, _) in enumerate(operations(house)):
        if path in ("/metrics", "/healthz", "/readyz"):
            continue
        content = b"{}" if method in ("POST", "PUT") else None
        for query in share(corpus.QUERIES, place):
            sender.send(method, path, query=query, content=content)
        for headers in share(corpus.HEADERS, place):
            sender.send(method, path, headers=headers, content=content)


def test_that_was_all_of_it(house: House, sender: Sender, tell: Any) -> None:
    """Runs last: each address got its share of every input that fits it, and most were refused."""
    fewest = min(sender.sent.values())
    with_body = [name for name in sender.sent if name.startswith(("POST", "PUT"))]
    assert fewest >= len(corpus.QUERIES) // STRIDE + len(corpus.HEADERS) // STRIDE
    assert min(sender.sent[name] for name in with_body) >= len(corpus.BODIES) // STRIDE + fewest
    assert sender.refused > sum(sender.sent.values()) // 2
    tell(f"{sum(sender.sent.values())} bad requests at {len(sender.sent)} operations, {sender.refused} refused")
