"""A document that cannot be written is the caller's fault, not the gateway's."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.testclient import TestClient

from backend import errors
from piecework.domain import documents


def test_a_refused_document_is_a_problem_that_says_what_to_change() -> None:
    app = FastAPI()
    errors.install(app)

    @app.get("/")
    def pack_what_json_cannot_carry() -> None:
        documents.pack(
            {"format": "piecework/gold/1", "salt": "0x" + "5a" * 32, "answers": {"t1": 2**60}},
            "gold",
        )

    answer = TestClient(app).get("/")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "document_refused"
    assert str(2**60) in answer.json()["detail"]
