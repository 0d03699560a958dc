"""The web app as files: which one answers, what a browser may do with it, and what is said when there is none."""

from __future__ import annotations

import gzip
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from backend import errors
from backend.web import routes

FRAME = "<!doctype html><style>p{margin:0}</style><script>tell()</script>"
SCRIPT = "export const long = '" + "x" * 2_000 + "'"


def client(folder: Path, **settings: Any) -> TestClient:
    known = {"web_app_dir": str(folder), "expose_rpc_url": False, "rpc_url": "http://user:secret@node.example:8545/key"}
    app = FastAPI()
    errors.install(app)

    @app.get("/v1/chain")
    def chain() -> dict[str, str]:
        return {"answered": "by the API"}

    routes.install(app, SimpleNamespace(settings=SimpleNamespace(**(known | settings))))  # type: ignore[arg-type]
    return TestClient(app)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>the app</title>")
    (folder / "frame.html").write_text(FRAME)
    (folder / "assets" / "index-1a2b.js").write_text(SCRIPT)
    (tmp_path / "secret.txt").write_text("not for the web")
    return folder


@pytest.mark.parametrize("path", ["/", "/earnings", "/tasks/0x00", "/audit/batches/0x00"])
def test_the_apps_own_addresses_answer_with_the_app_and_are_asked_for_anew(built: Path, path: str) -> None:
    answer = client(built).get(path)

    assert (answer.status_code, answer.text) == (200, "<title>the app</title>")
    assert answer.headers["cache-control"] == "no-cache"
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_files_whose_names_change_with_them_are_kept_and_sent_packed(built: Path) -> None:
    answer = client(built).get("/assets/index-1a2b.js")

    assert answer.text == SCRIPT
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(gzip.compress(SCRIPT.encode(), 9, mtime=0))
    plain = client(built).get("/assets/index-1a2b.js", headers={"accept-encoding": "identity"})
    assert (plain.text, plain.headers.get("content-encoding")) == (SCRIPT, None)


def test_the_frame_of_a_task_may_run_its_own_script_and_fetch_nothing(built: Path) -> None:
    policy = client(built).get("/frame.html").headers["content-security-policy"]
    parts = dict(part.partition(" ")[::2] for part in policy.split("; "))

    assert parts["default-src"] == "'none'"
    assert parts["sandbox"] == "allow-scripts"
    assert parts["script-src"].startswith("'sha256-")
    assert "unsafe" not in policy
    assert "connect-src" not in parts
    (built / "frame.html").write_text(FRAME.replace("tell()", "tell('more')"))
    assert client(built).get("/frame.html").headers["content-security-policy"] != policy


@pytest.mark.parametrize("path", ["/v1/none", "/mturk/none", "/assets/none.js", "/none.png", "/..%2fsecret.txt"])
def test_what_is_not_there_is_a_problem_and_no_page(built: Path, path: str) -> None:
    answer = client(built).get(path)

    assert answer.status_code == 404
    assert "not for the web" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_api_answers_before_the_app(built: Path) -> None:
    assert client(built).get("/v1/chain").json() == {"answered": "by the API"}
    assert client(built).post("/earnings").status_code == 404


def test_pages_may_ask_the_node_only_where_clients_are_told_of_it_and_never_learn_its_password(built: Path) -> None:
    def policy(**settings: Any) -> str:
        return client(built, **settings).get("/").headers["content-security-policy"]

    assert "connect-src 'self';" in policy()
    assert "connect-src 'self' http://node.example:8545;" in policy(expose_rpc_url=True)


def test_without_a_built_app_the_page_says_what_to_do(tmp_path: Path) -> None:
    answer = client(tmp_path / "nothing").get("/")

    assert answer.status_code == 503
    assert "make web" in answer.text
    assert answer.headers["cache-control"] == "no-store"
