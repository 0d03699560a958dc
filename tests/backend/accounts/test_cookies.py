"""Sessions in cookies: no other page can use them, no script can read them, and they are no bearer tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import Request

from backend.accounts import presented
from backend.errors import Invalid
from tests.backend.accounts.signing import message, signature
from tests.backend.house import House, is_problem, open_house

OWN = "https://gateway.test"
FOREIGN = [
    None,
    "null",
    "",
    "https://evil.test",
    "https://gateway.test.evil.test",
    "https://sub.gateway.test",
    "https://gateway.test:8443",
    "https://gateway.test/",
    "http://gateway.test",
    "https://GATEWAY.test.",
    "https://gateway.test https://evil.test",
    "file://",
]


@pytest.fixture(scope="module")
def shop(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that is reached over TLS."""
    with open_house(stack, tmp_path_factory.mktemp("shop"), public_url=OWN) as found:
        yield found


def log_in(shop: House, wallet: Any, origin: str | None = OWN, session: str = "cookie") -> Any:
    text = message(shop, wallet.address, uri=OWN)
    body = {"message": text, "signature": signature(wallet, text), "session": session}
    answer = shop.client.post("/v1/auth/login", json=body, headers={"origin": origin} if origin is not None else {})
    shop.client.cookies.clear()  # the test sends cookies itself
    return answer


def cookie_of(answer: Any) -> str:
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name == presented.COOKIE
    return str(rest.partition(";")[0])


def by_cookie(token: str, origin: str | None = OWN) -> dict[str, str]:
    headers = {"cookie": f"{presented.COOKIE}={token}"}
    return headers | {"origin": origin} if origin is not None else headers


def lists(shop: House, token: str) -> list[str]:
    found = shop.client.get("/v1/lists", headers=by_cookie(token, None)).json()["items"]
    return [item["name"] for item in found]


def test_a_browser_gets_a_cookie_that_only_it_can_send_and_no_token(shop: House) -> None:
    wallet = shop.wallet()
    opened = log_in(shop, wallet)

    assert (opened.status_code, opened.json()["token"]) == (200, None)
    flags = {part.strip().lower() for part in opened.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "secure", "samesite=strict", "path=/", "max-age=86400"} <= flags
    assert not any(flag.startswith("domain") for flag in flags)
    found = shop.client.get("/v1/auth/session", headers=by_cookie(cookie_of(opened))).json()
    assert (found["address"], found["kind"]) == (wallet.address, "cookie")
    made = shop.client.post("/v1/lists", json={"name": "mine"}, headers=by_cookie(cookie_of(opened)))
    assert made.status_code == 201


def test_logging_out_takes_the_cookie_back_and_ends_the_session(shop: House) -> None:
    token = cookie_of(log_in(shop, shop.wallet()))

    out = shop.client.post("/v1/auth/logout", headers=by_cookie(token))
    shop.client.cookies.clear()

    assert out.status_code == 204
    assert "max-age=0" in out.headers["set-cookie"].lower()
    again = shop.client.get("/v1/auth/session", headers=by_cookie(token))
    assert (again.status_code, is_problem(again)["code"]) == (401, "not_signed_in")


def changed_by_others(shop: House, token: str) -> list[Any]:
    """Answers to every operation that changes something, asked with the cookie from every foreign origin."""
    found = []
    for path, methods in shop.client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            if method == "get" or not operation.get("security"):
                continue
            for origin in FOREIGN:
                answer = shop.client.request(
                    method.upper(), path.replace("{", "").replace("}", ""), json={}, headers=by_cookie(token, origin)
                )
                found.append((method, path, origin, answer.status_code, answer.json().get("code")))
    return found


def test_no_other_page_changes_anything_with_the_cookie(shop: House) -> None:
    token = cookie_of(log_in(shop, shop.wallet()))
    assert shop.client.post("/v1/lists", json={"name": "own"}, headers=by_cookie(token)).status_code == 201

    found = changed_by_others(shop, token)

    assert [item for item in found if item[3:] != (403, "origin_refused")] == []
    assert len({item[1] for item in found}) > 20
    for origin in FOREIGN:
        shop.client.post("/v1/lists", json={"name": f"of {origin}"}, headers=by_cookie(token, origin))
    assert lists(shop, token) == ["own"]


def test_the_check_of_other_pages_sees_a_gateway_that_does_not_look(
    shop: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = cookie_of(log_in(shop, shop.wallet()))
    monkeypatch.setattr(presented, "check_origin", lambda *_: None)

    shop.client.post("/v1/lists", json={"name": "forged"}, headers=by_cookie(token, "https://evil.test"))

    assert lists(shop, token) == ["forged"]


@pytest.mark.parametrize("origin", FOREIGN)
def test_no_other_page_signs_a_browser_in(shop: House, origin: str | None) -> None:
    answer = log_in(shop, shop.wallet(), origin)

    assert (answer.status_code, is_problem(answer)["code"]) == (403, "origin_refused")
    assert "set-cookie" not in answer.headers


def test_a_cookie_is_no_bearer_token_and_a_token_no_cookie(shop: House) -> None:
    wallet = shop.wallet()
    cookie, bearer = cookie_of(log_in(shop, wallet)), log_in(shop, wallet, None, "bearer").json()["token"]

    for headers in ({"authorization": f"Bearer {cookie}"}, by_cookie(bearer)):
        assert shop.client.get("/v1/auth/session", headers=headers).status_code == 401
    kind = shop.client.get("/v1/auth/session", headers={"authorization": f"Bearer {bearer}"}).json()["kind"]
    assert kind == "bearer"


def test_a_bearer_token_is_asked_for_no_origin_and_wins_over_a_cookie(shop: House) -> None:
    machine, person = shop.wallet(), shop.wallet()
    bearer, cookie = log_in(shop, machine, None, "bearer").json()["token"], cookie_of(log_in(shop, person))

    headers = {"authorization": f"Bearer {bearer}"} | by_cookie(cookie, "https://evil.test")
    assert shop.client.post("/v1/lists", json={"name": "by machine"}, headers=headers).status_code == 201
    assert lists(shop, cookie) == []
    wrong = {"authorization": "Basic eDp5"} | by_cookie(cookie)
    assert shop.client.get("/v1/auth/session", headers=wrong).status_code == 401


def test_reading_by_cookie_asks_for_no_origin(shop: House) -> None:
    token = cookie_of(log_in(shop, shop.wallet()))

    assert shop.client.get("/v1/auth/session", headers=by_cookie(token, None)).status_code == 200


@pytest.mark.parametrize(
    ("url", "works"),
    [
        ("https://work.example", True),
        ("http://127.0.0.1:8420", True),
        ("http://localhost:8420", True),
        ("http://[::1]:8420", True),
        ("http://work.example", False),
        ("http://10.0.0.5:8420", False),
        ("http://localhost.work.example", False),
    ],
)
def test_where_browsers_keep_no_such_cookie_it_is_refused_by_name(url: str, works: bool) -> None:
    if works:
        presented.check_cookies_work(url)
        return
    with pytest.raises(Invalid, match="https") as caught:
        presented.check_cookies_work(url)
    assert caught.value.code == "cookie_needs_tls"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Work.Example/", "https://work.example"),
        ("https://work.example:443/app", "https://work.example"),
        ("http://work.example:80", "http://work.example"),
        ("http://work.example:443", "http://work.example:443"),
        ("http://[::1]:8420", "http://[::1]:8420"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(url: str, origin: str) -> None:
    assert presented.origin_of(url) == origin
    scope = {"type": "http", "method": "POST", "headers": [(b"origin", origin.encode())]}
    presented.check_origin(Request(scope), url)
