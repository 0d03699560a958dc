"""Whatever is thrown at any address of the gateway, it answers with a named problem and never breaks."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.backend.house import House, is_problem

SEED = 20_240_607
LONG = "x" * 200_000
RAW = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"NaN",
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'{"a": Infinity}',
    b'{"a": 1, "a": 2}',
    b'{"a": "\\u0000"}',
    b'{"a": "\\ud800"}',
    b'{"\\udfff": 1}',
    b'"\xff\xfe"',
    b'{"a": ' + b"9" * 10_000 + b"}",
    b"[" * 100_000,
    b"[" * 65 + b"]" * 65,
    b'{"a":' * 70 + b"1" + b"}" * 70,
    b"\xef\xbb\xbf{}",
    json.dumps({LONG: LONG}).encode(),
]
VALUES: list[Any] = [
    None, True, 0, -1, 1.5, 1e308, 2**24, 2**40, 2**53 + 1, 2**63, 2**64, 2**96, 2**256, 10**400,
    "", " ", "0", "-1", "1.5", "1e3", "١", "\u202e", "😀", "0x", "0x0", "0x" + "00" * 32, "0x" + "ff" * 32,
    "0x" + "00" * 20, "0xzz", "../../etc/passwd", "' OR 1=1 --", "%00", LONG, [], {}, [[]], [None], {"a": {}},
    [1] * 1000,
    {"type": "object"}, {"enum": []}, {"properties": 5}, {"oneOf": 7}, {"items": {"items": 3}}, {"minimum": "x"},
    {"enum": [1e308, "x" * 9_000]}, {"$ref": "#"}, {"a": 2**60},
]  # fmt: skip
PATHS = ["x", "0x" + "00" * 32, "0x" + "ff" * 32, "0" * 32, "0x" + "00" * 20, "é",
         "%F0%9F%98%80", "%00",
         "a" * 5_000, "..%2f..", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"]  # fmt: skip
QUERIES = ["", "cursor=x", "cursor=WzFlOTk5LDBd", "cursor=WzEsMV0", "cursor=W3RydWUsMF0", "cursor=" + "W1tb" * 3000,
           "limit=0", "limit=999999999999999999999", "limit=NaN", "q=%00", "q=%ff%fe", "q=%25_%5C", "q=" + "a+" * 90,
           "min_reward_units=-1", "min_reward_units=" + "9" * 5_000, f"min_reward_units={2**95}", "requester=0x1",
           "status=x", "wait=nan", "wait=-1", "wait=1e9", "batch_id=%00", "task_type=%F0%9F%98%80"]  # fmt: skip


@pytest.fixture(scope="module")
def known(house: House) -> dict[str, Any]:
    """Things that exist, so that bodies reach beyond "there is no such thing"."""
    requester, worker, idle = house.requester(), house.wallet(), house.wallet()
    draft = house.draft(requester, 2)
    batch_id = house.funded(requester, 4)
    offer = house.claimed(worker, batch_id, count=1)
    done = house.submitted(house.wallet(), batch_id, count=1)
    proposal = house.proposed(batch_id, verdicts_of(house, batch_id, done))
    ticketed = house.offer(idle, batch_id, count=1)
    other, revised = house.wallet(), house.funded(requester, 1)
    house.submitted(other, revised)
    hook = house.post(requester, "/v1/webhooks", {"url": "https://127.0.0.1.example/"}, 201)
    asked = {"worker": other.address, "task": "t0", "reason": "look again"}
    revision = house.post(requester, f"/v1/reviews/batches/{revised}/revisions", asked, 201)
    own_lists = [house.post(requester, "/v1/lists", {"name": name}, 201) for name in ("first", "second")]
    part = {"tasks": [{"id": "t0", "content": {"text": "x"}}]}
    token = {"authorization": f"Bearer {house.token(requester)}"}
    assert house.client.put(f"/v1/task-uploads/{'u' * 20}/parts/0", json=part, headers=token).status_code == 200
    return {
        "upload_id": ["u" * 20, "none" * 5],
        "number": ["0", "1"],
        "tokens": [house.token(who) for who in (requester, worker, idle, other, house.reviewers()[0])],
        "batch_id": [draft["batch_id"], batch_id],
        "assignment_id": [offer["assignment_id"], ticketed["assignment_id"]],
        "proposal_id": [proposal["proposal_id"]],
        "address": [worker.address],
        "cid": [draft["manifest_cid"]],
        "intent_id": ["nothing"],
        "chain_id": [str(house.stack.web3.eth.chain_id)],
        "file": ["contracts/TaskEscrow.sol"],
        "dispute_id": ["0x" + "31" * 32],
        "endpoint_id": [hook["endpoint_id"]],
        "name": ["choice", "translation"],
        "revision_id": [revision["revision_id"]],
        "list_id": [own["list_id"] for own in own_lists],
    }


def verdicts_of(house: House, batch_id: str, offer: Any) -> list[dict[str, Any]]:
    seen = house.get(house.reviewers()[0], f"/v1/reviews/batches/{batch_id}/submissions")["items"]
    return [
        {"task": task["task"], "worker": item["worker"], "decision": "accepted"}
        for item in seen
        for task in item["tasks"]
    ]


def operations(house: House) -> list[tuple[str, str, dict[str, Any]]]:
    """Every method and path of the published description, with its body's schema."""
    description = house.client.get("/openapi.json").json()
    found = []
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            found.append((method.upper(), path, resolved(body, description)))
    return found


def resolved(schema: Any, description: Any) -> Any:
    """The schema with its references put in."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            return resolved(description["components"]["schemas"][schema["$ref"].rpartition("/")[2]], description)
        return {name: resolved(inner, description) for name, inner in schema.items()}
    return [resolved(item, description) for item in schema] if isinstance(schema, list) else schema


def valid(schema: Any, known: dict[str, Any]) -> Any:
    """A body of the right shape, whose values name nothing in particular."""
    if "anyOf" in schema:
        return valid(schema["anyOf"][0], known)
    if "enum" in schema or "const" in schema:
        return schema.get("const") or schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {name: named(name, inner, known) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [valid(schema["items"], known)]
    if kind == "integer":
        return max(1, schema.get("minimum", 1))
    return {"number": 0.5, "boolean": True, "string": "0x" + "ab" * 65}.get(kind, "cat")


def named(name: str, schema: Any, known: dict[str, Any]) -> Any:
    given = {
        "batch_id": known["batch_id"][1],
        "address": known["address"][0],
        "to": known["address"][0],
        "account": known["address"][0],
        "worker": known["address"][0],
        "reviewer": known["address"][0],
        "deadline": 2**39,
        "lease_end": 2**39,
        "answer_schema": {"enum": ["cat", "dog"]},
        "gold": None,
        "tasks_upload": None,
        "amount_units": "5",
        "reward_units": "5",
        "operator_fee_units": "0",
        "work_digest": "0x" + "cd" * 32,
        "tasks_digest": "0x" + "cd" * 32,
    }
    if name in given:
        return given[name]
    is_names = name == "tasks" and schema.get("anyOf", [{}])[0].get("items", {}).get("type") == "string"
    if name in ("task", "id") or is_names:
        return "t0" if name != "tasks" else ["t0"]
    return valid(schema, known)


def spoiled(body: Any, chance: random.Random) -> Iterator[Any]:
    """The body with one value changed, for every place in it."""
    for place in places(body):
        for value in chance.sample(VALUES, 4):
            changed = copy.deepcopy(body)
            at = changed
            for step in place[:-1]:
                at = at[step]
            at[place[-1]] = value
            yield changed
    if isinstance(body, dict):
        yield body | {"surprise": 1}
        for name in body:
            yield {key: value for key, value in body.items() if key != name}


def places(body: Any, start: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in items:
        yield (*start, key)
        yield from places(value, (*start, key))


def address_of(path: str, known: dict[str, Any], chance: random.Random, wild: bool) -> str:
    while "{" in path:
        before, _, rest = path.partition("{")
        name, _, after = rest.partition("}")
        path = before + (chance.choice(PATHS) if wild else chance.choice(known[name])) + after
    return path


def check(answer: Any, sent: Any) -> None:
    """No 5xx, and every refusal a named problem. A store that is fine is never "unavailable" here."""
    assert answer.status_code < 500, (
        answer.request.method,
        answer.request.url.path[:200],
        str(sent)[:300],
        answer.text,
    )
    if answer.status_code >= 400:
        problem = is_problem(answer)
        assert problem["code"] != "unexpected"
        assert len(answer.content) < 50_000, "a refusal is no echo"


def test_every_address_answers_raw_bytes_with_a_problem(house: House, known: dict[str, Any]) -> None:
    chance = random.Random(SEED)
    count = 0
    for method, path, _ in operations(house):
        if method == "GET" or path == "/v1/payloads":
            continue
        for raw in RAW:
            for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
                if path.endswith(("/logout", "/nonce")):
                    continue
                headers = {"authorization": f"Bearer {chance.choice(known['tokens'])}", "content-type": kind}
                address = address_of(path, known, chance, wild=False)
                answer = house.client.request(method, address, content=raw, headers=headers)
                check(answer, raw)
                count += answer.status_code >= 400
    assert count > 200


def test_every_body_with_one_value_spoiled_is_answered(house: House, known: dict[str, Any]) -> None:
    chance = random.Random(SEED)
    refused = 0
    for method, path, schema in operations(house):
        if not schema:
            continue
        for body in spoiled(valid(schema, known), chance):
            headers = {"authorization": f"Bearer {chance.choice(known['tokens'])}", "content-type": "application/json"}
            content = json.dumps(body).encode()
            address = address_of(path, known, chance, wild=False)
            answer = house.client.request(method, address, content=content, headers=headers)
            check(answer, content)
            refused += answer.status_code >= 400
    assert refused > 300


def test_every_address_with_strange_names_and_queries_is_answered(house: House, known: dict[str, Any]) -> None:
    chance = random.Random(SEED)
    for method, path, _ in operations(house):
        if path in ("/metrics", "/healthz", "/readyz") or path.endswith("/logout"):
            continue
        for wild in (True, False):
            for query in QUERIES:
                address = address_of(path, known, chance, wild=wild)
                headers = {"authorization": f"Bearer {chance.choice(known['tokens'])}"}
                content = b"{}" if method == "POST" else None
                answer = house.client.request(method, f"{address}?{query}", content=content, headers=headers)
                check(answer, query)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "bearer x", "Basic eDp5", "Bearer " + "x" * 9000, "Bearer é"]
)
def test_a_strange_authorization_is_no_session(house: House, header: str) -> None:
    headers = {"authorization": header.encode("latin-1")}

    answer = house.client.get("/v1/work/assignments", headers=headers)

    assert answer.status_code == 401
    assert is_problem(answer)["code"] == "not_signed_in"


def test_an_unknown_address_or_method_is_a_problem_too(house: House) -> None:
    assert is_problem(house.client.get("/v1/nothing"))["code"] == "no_such_address"
    assert is_problem(house.client.delete("/v1/batches"))["code"] == "method_not_allowed"


def test_the_check_of_these_tests_can_fail(house: House) -> None:
    from starlette.testclient import TestClient

    from backend.errors import install

    app = type(house.client.app)()  # a FastAPI with a route that breaks
    install(app)
    app.add_api_route("/broken", lambda: 1 // 0)
    answer = TestClient(app, raise_server_exceptions=False).get("/broken")

    with pytest.raises(AssertionError):
        check(answer, None)


def test_the_log_of_an_unexpected_error_shows_no_local_variable() -> None:
    from fastapi import FastAPI
    from starlette.testclient import TestClient
    from structlog.testing import capture_logs

    from backend.errors import install

    def broken() -> None:
        token = "a-session" + "-token"
        raise ZeroDivisionError(len(token))

    app = FastAPI()
    install(app)
    app.add_api_route("/broken", broken)
    with capture_logs() as logs:
        answer = TestClient(app, raise_server_exceptions=False).get("/broken")

    assert (answer.status_code, answer.json()["code"]) == (500, "unexpected")
    assert "ZeroDivisionError" in logs[0]["trace"]
    assert "a-session-token" not in repr(logs)
    assert "a-session-token" not in answer.text
    assert "exc_info" not in logs[0]
