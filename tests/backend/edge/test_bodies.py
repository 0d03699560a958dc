"""JSON bodies: what is refused, and that reading a large one stands in nobody's way."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from typing import Annotated, Any

import httpx2
import pytest
from annotated_types import Len
from fastapi import APIRouter, FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from backend import bodies, errors
from backend.bodies import MAX_DEPTH, MAX_MEMBERS, MAX_VALUES, StrictRoute, parse
from backend.rates import Buckets, RateLimit
from backend.schemas import RequestModel
from tests.backend.house import is_problem

TEXTS = st.text(alphabet=st.sampled_from('ab[]{},:"\\/\n\u00e9\U0001f600'), max_size=12)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def nested(depth: int, opened: bytes = b"[", closed: bytes = b"]") -> bytes:
    return opened * depth + closed * depth


@settings(max_examples=300)
@given(DOCUMENTS, st.booleans())
def test_what_json_wrote_is_read_as_it_was(document: Any, is_ascii: bool) -> None:
    assert parse(json.dumps(document, ensure_ascii=is_ascii).encode()) == document


@settings(max_examples=300)
@given(st.lists(st.sampled_from(["[", "]", "{", "}", '"', "\\", ",", ":", "1", "a", " "]), max_size=40).map("".join))
def test_whatever_json_refuses_is_refused(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(json.JSONDecodeError):
            parse(text.encode())
    else:
        assert parse(text.encode()) == expected


@pytest.mark.parametrize(
    "pair",
    [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]"), (b'{"a":[', b"]}"), (b'["]",', b"]"), (b'["\\"",', b"]")],
    ids=["lists", "objects", "lists of objects", "objects of lists", "beside a bracket", "beside a quote"],
)
def test_depth_is_counted_exactly(pair: tuple[bytes, bytes]) -> None:
    opened, closed = pair
    levels = opened.count(b"[") + opened.count(b"{")
    most = MAX_DEPTH // levels

    parse(opened * most + b"1" + closed * most)
    with pytest.raises(json.JSONDecodeError, match="nested deeper"):
        parse(opened * (most + 1) + b"1" + closed * (most + 1))
    with pytest.raises(json.JSONDecodeError, match="brackets are missing"):
        parse(opened * most)
    with pytest.raises(json.JSONDecodeError, match="nested deeper"):
        parse(b"[" + b"[]," * 1_000 + opened * (most + 1) + b"1" + closed * (most + 1) + b"]")


def test_brackets_in_texts_do_not_count() -> None:
    for text in ("[" * 1_000, '"[' * 1_000, "\\[" * 1_000, '\\"[' * 1_000):
        assert parse(json.dumps({"a": text}).encode()) == {"a": text}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"[" + b"1," * MAX_VALUES + b"1]", f"more than {MAX_VALUES} values"),
        (b"[" + b"[]," * (MAX_VALUES // 2) + b"1]", f"more than {MAX_VALUES} values"),
        (b"[" + b'"",' * (3 * MAX_VALUES) + b"1]", f"more than {MAX_VALUES} values"),
        (b"[" * MAX_VALUES, f"more than {MAX_VALUES} values"),
        (json.dumps(dict.fromkeys(map(str, range(MAX_MEMBERS + 1)))).encode(), f"more than {MAX_MEMBERS} members"),
        (b'{"a":1,"a":1}', "a key stands twice"),
        (b'["\\u0000"]', "NUL"),
        (b'{"\\uD83d":1}', "surrogate"),
        (b'["\\ude00"]', "surrogate"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b"[1e309]", "double"),
        (b"[1E+0000000309]", "double"),
        (b"[" + b"9" * 305 + b"e9]", "double"),
        (b"[-" + b"9" * 400 + b".5]", "double"),
        (b"\xff", "utf-8"),
        (b"\xef\xbb\xbf{}", "BOM"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_is_told(data: bytes, told: str) -> None:
    with pytest.raises(json.JSONDecodeError, match=told):
        parse(data)


def test_what_is_large_but_allowed_is_read() -> None:
    assert len(parse(b"[" + b"1," * (MAX_VALUES - 2) + b"1]")) == MAX_VALUES - 1
    assert len(parse(json.dumps(dict.fromkeys(map(str, range(MAX_MEMBERS)))).encode())) == MAX_MEMBERS
    assert parse(b'["1e309", "\\\\u0000", "\\ud83d\\ude00", 1e30, 1e-400]') == [
        "1e309", "\\u0000", "\U0001f600", 1e30, 0.0
    ]  # fmt: skip
    assert parse(b"9" * 4_000) == int("9" * 4_000)


class Listed(RequestModel):
    names: Annotated[list[str], Len(1, 3)]
    filling: str = ""


def app_of(answer: Any = None) -> FastAPI:
    app, router = FastAPI(), APIRouter(route_class=StrictRoute)
    errors.install(app)

    @router.post("/listed")
    def listed(body: Listed) -> list[str]:
        return body.names

    @router.get("/quick")
    async def quick() -> int:
        return 1

    app.include_router(router)
    return app


LARGE = "x" * (bodies.LARGE_BYTES + 1)


@pytest.mark.parametrize("filling", ["", LARGE], ids=["small", "large"])
def test_a_body_of_any_size_is_checked_alike(filling: str) -> None:
    client = TestClient(app_of())

    assert client.post("/listed", json={"names": ["a"], "filling": filling}).json() == ["a"]
    for body, place in (
        ({"names": [], "filling": filling}, "/body/names"),
        ({"names": ["a"], "filling": filling, "other": 1}, "/body/other"),
        ([filling], "/body"),
    ):
        answer = client.post("/listed", json=body)
        assert (answer.status_code, is_problem(answer)["errors"][0]["at"]) == (422, place)
    for raw in (json.dumps(filling) + "]", '{"names": ["a"], "names": ["b"], "filling": ' + json.dumps(filling) + "}"):
        answer = client.post("/listed", content=raw, headers={"content-type": "application/json"})
        assert (answer.status_code, is_problem(answer)["code"]) == (422, "malformed_request")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Reading a large body takes until the event is set."""
    over, plain = threading.Event(), bodies.parse

    def slow(data: bytes) -> Any:
        assert over.wait(20)
        return plain(data)

    monkeypatch.setattr(bodies, "parse", slow)
    yield over
    over.set()


def is_answered_meanwhile(app: FastAPI, held: threading.Event) -> bool:
    """Whether another request is answered while bodies are read that come to no end."""

    async def ask() -> bool:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://here") as client:
            body = {"names": ["a"], "filling": LARGE}
            reading = [asyncio.create_task(client.post("/listed", json=body)) for _ in range(5)]
            await asyncio.sleep(0)
            assert (await client.get("/quick")).json() == 1
            was_in_time = not held.is_set()
            held.set()
            assert [(await one).json() for one in reading] == [["a"]] * 5
            return was_in_time

    giving_up = threading.Timer(3, held.set)
    giving_up.start()
    try:
        return asyncio.run(ask())
    finally:
        giving_up.cancel()


def test_others_are_answered_while_large_bodies_are_read(held: threading.Event) -> None:
    assert is_answered_meanwhile(app_of(), held)


def test_reading_them_at_once_would_be_seen(held: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "INLINE_BYTES", 2**30)

    assert not is_answered_meanwhile(app_of(), held)


def test_few_large_bodies_are_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now, most, guard, plain = 0, 0, threading.Lock(), bodies.parse

    def counted(data: bytes) -> Any:
        nonlocal now, most
        with guard:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with guard:
            now -= 1
        return plain(data)

    monkeypatch.setattr(bodies, "parse", counted)

    async def many() -> None:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app_of()), base_url="http://here") as client:
            body = {"names": ["a"], "filling": LARGE}
            answers = await asyncio.gather(*(client.post("/listed", json=body) for _ in range(12)))
        assert {answer.status_code for answer in answers} == {200}

    asyncio.run(many())
    assert most == bodies.LARGE_AT_A_TIME


class Many(RequestModel):
    things: list[Listed]


def storm(number: int) -> bytes:
    return json.dumps({"things": [{"x": 1, "y": 2}] * number}).encode()


@pytest.mark.parametrize("number", [40, 5_000, 50_000])
def test_a_storm_of_errors_is_told_in_one_place(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    places = bodies._places
    monkeypatch.setattr(bodies, "_places", lambda error: told.append(error.error_count()) or places(error))
    app, router = FastAPI(), APIRouter(route_class=StrictRoute)
    errors.install(app)

    @router.post("/many")
    def many(body: Many) -> int:
        return len(body.things)

    app.include_router(router)
    answer = TestClient(app).post("/many", content=storm(number), headers={"content-type": "application/json"})

    problem = is_problem(answer)
    assert (answer.status_code, told) == (422, [3 * number])
    assert problem["errors"] == [{"at": "/body", "message": problem["errors"][0]["message"]}]
    assert f"wrong at {3 * number} places" in problem["detail"]


def test_what_a_body_holds_is_paid_for() -> None:
    app = app_of()
    app.add_middleware(RateLimit, buckets=Buckets(per_second=0.01, burst=50))
    client = TestClient(app)
    many = [0] * (60 * bodies.VALUES_OF_ONE_UNIT)

    assert client.post("/listed", json={"names": ["a"]}).status_code == 200
    assert client.post("/listed", json={"names": ["a"], "other": many}).status_code == 422
    refused = client.post("/listed", json={"names": ["a"]})
    assert (refused.status_code, is_problem(refused)["code"]) == (429, "rate_limited")


def test_too_many_large_bodies_are_told_to_come_back(held: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_WAITING", 2)

    async def many() -> list[int]:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app_of()), base_url="http://here") as client:
            body = {"names": ["a"], "filling": LARGE}
            asked = [asyncio.create_task(client.post("/listed", json=body)) for _ in range(bodies.LARGE_AT_A_TIME + 5)]
            done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            held.set()
            answers = [await one for one in asked]
            assert {is_problem(one.result())["code"] for one in done} == {"busy"}
            assert {one.headers.get("retry-after") for one in answers if one.status_code == 503} == {"2"}
            return sorted(answer.status_code for answer in answers)

    assert asyncio.run(many()) == [200] * (bodies.LARGE_AT_A_TIME + 2) + [503] * 3
