"""schemathesis over the whole OpenAPI: cases that fit the description and cases that break it; never a 5xx.

A short run here; `make api-deep` runs 20,000 cases.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance
from starlette.testclient import TestClient

from backend import errors
from tests.backend.house import House
from tests.backend.test_malformed_bodies import SEED, check, known

__all__ = ["known"]

pytestmark = pytest.mark.slow

CASES = int(os.environ.get("PIECEWORK_API_CASES", "300"))
_ROUNDS = 10
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


class Run:
    """Sends generated cases to an application, as somebody who is signed in, often about things that exist."""

    def __init__(self, app: Any, known: dict[str, Any]) -> None:
        self.client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
        self.schema = schemathesis.openapi.from_dict(self.client.get("/openapi.json").json())
        self.known = known
        self.chance = random.Random(SEED)
        self.statuses: Counter[int] = Counter()
        self.reached: Counter[str] = Counter()

    def all(self, cases: int) -> None:
        """At least so many cases, spread over all operations in both modes.

        Some operations have fewer different cases than their share: the others get more, from further seeds.
        """
        found = [result.ok() for result in self.schema.get_all_operations()]
        for number in range(_ROUNDS):
            missing = cases - sum(self.statuses.values())
            if missing <= 0:
                return
            each = -(-missing // (len(found) * len(MODES)))
            for operation in found:
                for mode in MODES:
                    self.some(operation, mode, each, SEED + number)

    def some(self, operation: Any, mode: GenerationMode, count: int, start: int) -> None:
        @seed(start)
        @settings(
            max_examples=count,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.data())
        def each(data: Any) -> None:
            self.send(data.draw(operation.as_strategy(generation_mode=mode)))

        try:
            each()
        except Exception as error:
            # Some operations take nothing that could be wrong.
            if type(error).__name__ not in ("Unsatisfiable", "SkipTest"):
                raise

    def send(self, case: Any) -> None:
        if self.chance.random() < 0.6:
            for name in case.path_parameters or {}:
                if name in self.known:
                    case.path_parameters[name] = self.chance.choice(self.known[name])
        ends = case.path.endswith("/logout")
        token = "x" * 43 if ends else self.chance.choice(self.known["tokens"])
        sent = case.as_transport_kwargs(base_url="http://testserver")
        headers = {name: str(value).encode("utf-8", "replace") for name, value in (sent["headers"] or {}).items()}
        headers = {name: value for name, value in headers.items() if name.lower() not in ("authorization", "cookie")}
        headers |= {} if self.chance.random() < 0.1 else {"authorization": f"Bearer {token}".encode()}
        how = {name: sent[name] for name in ("params", "json", "data", "cookies") if sent.get(name) is not None}
        if "data" in how:
            how["content"] = how.pop("data")
            if not isinstance(how["content"], (bytes, str)):
                how["content"] = str(how["content"]).encode("utf-8", "replace")
        self.client.cookies.clear()
        cookies = how.pop("cookies", {})
        if cookies:
            headers["cookie"] = "; ".join(f"{n}={v}" for n, v in cookies.items()).encode("latin-1", "replace")
        answer = self.client.request(case.method, sent["url"], headers=headers, **how)
        check(answer, (case.method, sent["url"], how))
        if answer.status_code < 400 and answer.headers.get("content-type", "").startswith("application/json"):
            case.validate_response(answer, checks=[response_schema_conformance, status_code_conformance])
        self.statuses[answer.status_code] += 1
        self.reached[f"{case.method} {case.path}"] += 1


def test_generated_cases_at_every_operation_are_answered(house: House, known: dict[str, Any], tell: Any) -> None:
    run = Run(house.client.app, known)
    run.all(CASES)

    total = sum(run.statuses.values())
    accepted = sum(count for status, count in run.statuses.items() if status < 400)
    assert total >= CASES
    assert accepted > total * 0.05
    assert run.statuses[422] > total * 0.1
    assert len(run.reached) > 50
    tell(f"{total} generated cases at {len(run.reached)} operations: {dict(sorted(run.statuses.items()))}")


def test_an_operation_that_breaks_on_a_fitting_case_is_found() -> None:
    """The planted bug: a route that takes a number and cannot take zero."""
    app = FastAPI()
    errors.install(app)

    @app.get("/planted")
    def planted(number: int) -> float:
        return 1 / number

    with pytest.raises(AssertionError):
        Run(app, {"tokens": ["x"]}).all(400)
