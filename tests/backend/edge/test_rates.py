"""One client cannot take the gateway from the others, and is told when to come back."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from pydantic import SecretStr
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from backend import errors
from backend.clients import RealClient, networks
from backend.rates import Buckets, RateLimit, cost_of, request_cost
from backend.settings import GatewaySettings
from tests.backend.house import is_problem, open_house


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    clock = Clock()
    buckets = Buckets(per_second=2, burst=10, now=clock)

    assert [buckets.take("a", 5), buckets.take("a", 5)] == [0, 0]
    assert buckets.take("a", 5) == 2.5
    clock.seconds = 2.4
    assert buckets.take("a", 5) == pytest.approx(0.1)
    clock.seconds = 2.5
    assert buckets.take("a", 5) == 0


def test_what_was_refused_takes_nothing_and_others_are_not_touched() -> None:
    clock = Clock()
    buckets = Buckets(per_second=1, burst=1, now=clock)
    assert buckets.take("a", 1) == 0

    for _ in range(100):
        assert buckets.take("a", 1) == 1
    assert buckets.take("b", 1) == 0
    clock.seconds = 1
    assert buckets.take("a", 1) == 0


def test_a_request_dearer_than_a_whole_bucket_passes_a_full_one_and_is_paid_for_afterwards() -> None:
    clock = Clock()
    buckets = Buckets(per_second=1, burst=10, now=clock)

    assert buckets.take("a", 40) == 0
    assert buckets.take("a", 1) == 31
    clock.seconds = 31
    assert buckets.take("a", 1) == 0


def test_what_is_owed_is_paid_back_before_anything_else_is_given() -> None:
    clock = Clock()
    buckets = Buckets(per_second=2, burst=10, now=clock)
    assert buckets.take("a", 5) == 0

    assert buckets.owe("a", 25) == 0
    assert buckets.owe("a", 1) == 10
    assert buckets.take("a", 5) == 12.5
    clock.seconds = 10
    assert buckets.owe("a", 25) == 0, "who waited as told is served"
    assert buckets.take("b", 10) == 0


def test_who_waits_as_told_is_served_however_dear_it_is() -> None:
    """An entry and what follows: together dearer than a whole bucket, from any level."""
    for level in range(0, 1_001, 100):
        clock, tries = Clock(), 0
        buckets = Buckets(per_second=50, burst=1_000, now=clock)
        buckets.take("a", 1_000 - level)
        while (wait := buckets.take("a", 306) or buckets.owe("a", 5_000)) and tries < 10:
            clock.seconds += math.ceil(wait)
            tries += 1
        assert tries <= 1


def test_the_upper_half_is_spare() -> None:
    clock = Clock()
    buckets = Buckets(per_second=1, burst=100, now=clock)

    assert [buckets.take_spare("a", 30), buckets.take_spare("a", 20)] == [0, 0]
    assert buckets.take_spare("a", 10) == 10
    assert buckets.take("a", 50) == 0


def test_never_more_buckets_are_kept_than_said() -> None:
    buckets = Buckets(per_second=1, burst=1, most=50)
    for number in range(1_000):
        buckets.take(f"client {number}", 1)

    assert len(buckets) == 50


@pytest.mark.parametrize(
    ("method", "path", "size", "cost"),
    [
        ("GET", "/healthz", 0, 0),
        ("GET", "/v1/chain", 0, 1),
        ("HEAD", "/v1/batches", 0, 3),
        ("POST", "/v1/lists", 0, 5),
        ("POST", "/v1/auth/login", 0, 20),
        ("POST", "/v1/batches", 1_048_576, 66),
        ("GET", "/v1/batches/0x00/report", 0, 20),
        ("GET", "/v1/batches/x/y/report", 0, 1),
        ("PATCH", "/nowhere", 0, 5),
    ],
)
def test_what_is_dear_to_answer_costs_more(method: str, path: str, size: int, cost: float) -> None:
    assert cost_of(method, path, size) == cost


def app_with(buckets: Buckets, trusted: str = "") -> FastAPI:
    app = FastAPI()
    app.add_middleware(RateLimit, buckets=buckets)
    app.add_middleware(RealClient, trusted=networks(trusted))
    app.add_api_route("/v1/thing", lambda: {"ok": True})
    app.add_api_route("/healthz", lambda: {"ok": True})
    return app


def flood(client: TestClient, **headers: str) -> list[int]:
    return [client.get("/v1/thing", headers=headers).status_code for _ in range(15)]


def test_a_flood_is_refused_with_the_seconds_to_wait_while_others_are_served() -> None:
    app = app_with(Buckets(per_second=0.5, burst=10))
    greedy, other = (TestClient(app, client=(host, 5)) for host in ("203.0.113.7", "203.0.113.8"))

    assert flood(greedy) == [200] * 10 + [429] * 5
    refused = greedy.get("/v1/thing")
    problem = is_problem(refused)
    assert (problem["code"], problem["retry_after_seconds"]) == ("rate_limited", 2)
    assert refused.headers["retry-after"] == "2"
    assert other.get("/v1/thing").status_code == 200
    assert greedy.get("/healthz").status_code == 200


def test_the_check_of_a_flood_sees_a_gateway_without_limits() -> None:
    assert flood(TestClient(app_with(Buckets(per_second=0, burst=10)))) == [200] * 15


def test_a_whole_ipv6_network_of_one_household_is_one_client() -> None:
    app = app_with(Buckets(per_second=0.01, burst=10))
    same = [TestClient(app, client=(f"2001:db8:1:2::{number:x}", 5)) for number in range(1, 16)]

    assert [client.get("/v1/thing").status_code for client in same] == [200] * 10 + [429] * 5
    assert TestClient(app, client=("2001:db8:1:3::1", 5)).get("/v1/thing").status_code == 200


def test_a_made_up_x_forwarded_for_opens_no_second_bucket() -> None:
    client = TestClient(app_with(Buckets(per_second=0.01, burst=10)), client=("203.0.113.7", 5))
    statuses = [
        client.get("/v1/thing", headers={"x-forwarded-for": f"198.51.100.{number}"}).status_code for number in range(15)
    ]

    assert statuses == [200] * 10 + [429] * 5


def test_behind_a_trusted_proxy_each_client_has_a_bucket_of_its_own() -> None:
    proxy = TestClient(app_with(Buckets(per_second=0.01, burst=10), "10.0.0.0/8"), client=("10.1.2.3", 5))

    assert flood(proxy, **{"x-forwarded-for": "198.51.100.1"}) == [200] * 10 + [429] * 5
    assert flood(proxy, **{"x-forwarded-for": "198.51.100.1, 198.51.100.2"}) == [200] * 10 + [429] * 5
    assert flood(proxy, **{"x-forwarded-for": "9.9.9.9, 198.51.100.1"}) == [429] * 15, "what is left may be made up"


def test_one_address_is_slowed_down_from_however_many_networks_it_comes(stack: Any, tmp_path: Any) -> None:
    limits = {"rate_units_per_second_by_address": 0.01, "rate_burst_units_by_address": 20}
    with open_house(stack, tmp_path, **limits) as house:
        greedy, other = house.wallet(), house.wallet()
        statuses = []
        for number in range(25):
            client = TestClient(house.client.app, client=(f"203.0.113.{number}", 5))
            headers = {"authorization": f"Bearer {house.token(greedy)}"}
            statuses.append(client.get("/v1/lists", headers=headers).status_code)

        assert statuses == [200] * 20 + [429] * 5
        problem = house.refused(greedy, "/v1/lists", {"name": "one too many"}, 429, "rate_limited")
        assert problem["retry_after_seconds"] >= 1
        house.post(other, "/v1/lists", {"name": "of another"}, 201)


def app_that_reads(buckets: Buckets) -> FastAPI:
    app = FastAPI()
    errors.install(app)
    app.add_middleware(RateLimit, buckets=buckets)

    @app.post("/v1/thing")
    async def thing(request: Request) -> float:
        await request.body()
        return request_cost(request.scope)

    return app


def in_chunks(number: int) -> Iterator[bytes]:
    """A body of unknown length, 64 KiB at a time."""
    for _ in range(number):
        yield b"x" * 65_536


def test_a_body_of_unknown_length_is_charged_as_it_comes() -> None:
    client = TestClient(app_that_reads(Buckets(per_second=0.01, burst=20)))

    assert client.post("/v1/thing", content=in_chunks(10)).json() == 15.0
    assert client.post("/v1/thing", content=b"x").json() == 5.0
    refused = client.post("/v1/thing")
    assert (refused.status_code, is_problem(refused)["code"]) == (429, "rate_limited")


def test_a_body_of_unknown_length_is_refused_where_it_becomes_too_dear() -> None:
    client = TestClient(app_that_reads(Buckets(per_second=0.01, burst=20)))

    refused = client.post("/v1/thing", content=in_chunks(16))
    problem = is_problem(refused)
    assert (refused.status_code, problem["code"]) == (429, "rate_limited")
    assert problem["retry_after_seconds"] == int(refused.headers["retry-after"]) == 100


def test_no_more_of_it_is_taken_then() -> None:
    taken = []

    async def app(_: Any, receive: Any, __: Any) -> None:
        while True:
            taken.append(await receive())

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

    scope = {"type": "http", "method": "POST", "path": "/v1/thing", "headers": [], "client": ("203.0.113.7", 5)}
    with pytest.raises(HTTPException, match="429"):
        asyncio.run(RateLimit(app, buckets=Buckets(per_second=0.01, burst=20))(scope, receive, None))  # type: ignore[arg-type]
    assert len(taken) == 15


def test_the_check_sees_who_charges_only_what_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RateLimit, "_charging", lambda *given: given[-1])
    client = TestClient(app_that_reads(Buckets(per_second=0.01, burst=20)))

    assert client.post("/v1/thing", content=in_chunks(16)).json() == 5.0


def test_settings_refuse_a_proxy_that_is_no_network() -> None:
    with pytest.raises(ValueError, match=r"PIECEWORK_TRUSTED_PROXIES.*proxy.local"):
        GatewaySettings(
            rpc_url="http://x",
            escrow_address="0x",
            database_url="sqlite:///x",
            payload_store="embedded:x",
            public_url="http://x",
            relayer_key=SecretStr("0x" + "11" * 32),
            assigner_key=SecretStr("0x" + "22" * 32),
            arbitrator="0x",
            trusted_proxies="10.0.0.0/8, proxy.local",
        )
