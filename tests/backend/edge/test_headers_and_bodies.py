"""What holds for every answer and every body, before a route is asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi import APIRouter, Body, FastAPI, Request
from starlette.testclient import TestClient

from backend import errors
from backend.bodies import NO_MODEL, StrictRoute
from backend.headers import SafeHeaders
from backend.limits import BodyLimit
from tests.backend.edge.walking import routes_of
from tests.backend.house import House, is_problem

EVERYWHERE = ("x-content-type-options", "referrer-policy", "content-security-policy", "x-frame-options")


def unsafe(answer: Any) -> set[str]:
    """Headers that an answer lacks."""
    missing = {name for name in EVERYWHERE if name not in answer.headers}
    if answer.headers.get("x-content-type-options") != "nosniff":
        missing.add("nosniff")
    if answer.request.url.path.startswith("/v1/") and "cache-control" not in answer.headers:
        missing.add("cache-control")
    return missing


def test_every_address_answers_with_the_safe_headers(house: House) -> None:
    paths = house.client.get("/openapi.json").json()["paths"]
    found = {}
    for path, methods in paths.items():
        for method in methods:
            answer = house.client.request(method, path.replace("{", "").replace("}", ""))
            found[f"{method} {path}"] = unsafe(answer)
    for extra in ("/", "/docs", "/openapi.json", "/nowhere.js", "/v1/nowhere", "/frame.html"):
        found[extra] = unsafe(house.client.get(extra))

    assert {path: missing for path, missing in found.items() if missing} == {}
    assert len(found) > 50


def test_an_unexpected_error_and_a_refused_body_carry_them_too() -> None:
    app = FastAPI()
    errors.install(app)
    app.add_middleware(BodyLimit, max_bytes=10, max_small_bytes=10, max_seconds=5)
    app.add_middleware(SafeHeaders, is_tls=True)
    app.add_api_route("/v1/broken", lambda: 1 // 0)
    client = TestClient(app, raise_server_exceptions=False)

    assert unsafe(client.get("/v1/broken")) == set()
    refused = client.post("/v1/broken", content=b"x" * 11)
    assert (refused.status_code, unsafe(refused)) == (413, set())
    assert refused.headers["strict-transport-security"]


def test_the_check_of_headers_sees_an_app_without_them() -> None:
    app = FastAPI()
    app.add_api_route("/v1/thing", lambda: {})

    assert unsafe(TestClient(app).get("/v1/thing")) == {*EVERYWHERE, "nosniff", "cache-control"}


def test_the_description_is_a_page_without_a_script(house: House) -> None:
    page = house.client.get("/docs")

    assert "<script" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert "POST /v1/batches" in page.text


def loose_routes(app: Any) -> list[str]:
    """Routes that would read a JSON body without the strict reader."""
    return [
        route.path for route in routes_of(app) if route.body_field is not None and not isinstance(route, StrictRoute)
    ]


def test_every_json_body_is_read_strictly(house: House) -> None:
    assert loose_routes(house.client.app) == []
    assert len([route for route in routes_of(house.client.app) if route.body_field is not None]) > 20


def takes_no_model(route: Any) -> bool:
    """Whether what stands for a wrong body is taken for a right one."""
    return not route.body_field.validate(NO_MODEL, {}, loc=("body",))[1]


def test_no_route_takes_for_a_body_what_stands_for_a_wrong_one(house: House) -> None:
    routes = [route for route in routes_of(house.client.app) if route.body_field is not None]

    assert [route.path for route in routes if takes_no_model(route)] == []
    assert len(routes) > 20


def test_one_that_does_would_be_found() -> None:
    app = FastAPI()

    @app.post("/planted")
    def planted(body: Annotated[int, Body()]) -> None: ...

    assert [takes_no_model(route) for route in routes_of(app) if route.path == "/planted"] == [True]


def test_who_asks_is_looked_at_before_what_is_wrong_with_the_body(house: House) -> None:
    for wrong in ({"surprise": 1}, {"surprise": "x" * 10_000}):
        assert house.client.post("/v1/lists", json=wrong).status_code == 401


def test_a_route_that_reads_loosely_would_be_found() -> None:
    app, router = FastAPI(), APIRouter()

    @router.post("/planted")
    def planted(body: dict[str, int]) -> None: ...

    app.include_router(router)
    assert loose_routes(app) == ["/planted"]


def test_a_megabyte_is_too_much_where_a_few_fields_are_expected_and_not_where_a_batch_is(house: House) -> None:
    large = b" " * 1_048_577
    for path in ("/v1/auth/login", "/v1/withdrawals", "/v1/appeals/draft", "/v1/nowhere"):
        answer = house.client.post(path, content=large)
        assert (answer.status_code, is_problem(answer)["code"]) == (413, "body_too_large"), path

    assert house.client.post("/v1/batches", content=large).status_code != 413


@pytest.fixture
def slow_server() -> Iterator[str]:
    """The real server, whose bodies must be there after a fifth of a second."""
    app = FastAPI()
    errors.install(app)
    app.add_middleware(BodyLimit, max_bytes=1_000, max_small_bytes=1_000, max_seconds=0.2)

    @app.post("/v1/echo")
    async def echo(request: Request) -> int:
        return len(await request.body())

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def sent(url: str, *parts: bytes) -> bytes:
    """What comes back for exactly these bytes, the connection left open."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port or 80), timeout=30) as connection:
        connection.sendall(b"".join(parts))
        return connection.recv(65_536)


def test_a_body_that_does_not_come_is_given_up(slow_server: str) -> None:
    head = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"

    whole = sent(slow_server, head, b"0123456789")
    assert whole.startswith(b"HTTP/1.1 200")
    late = sent(slow_server, head, b"01234")
    assert late.startswith(b"HTTP/1.1 408")
    assert b"body_too_slow" in late


def test_a_body_in_chunks_is_counted_as_it_arrives(slow_server: str) -> None:
    head = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    assert sent(slow_server, head, b"5\r\n01234\r\n0\r\n\r\n").startswith(b"HTTP/1.1 200")
    assert sent(slow_server, head, (b"64\r\n" + b"x" * 100 + b"\r\n") * 11).startswith(b"HTTP/1.1 413")
