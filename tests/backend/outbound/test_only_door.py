"""No other code of the gateway asks URLs: only `backend.outbound`, and what speaks to the operator's own daemons."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CLIENTS = ("httpx2", "httpx", "httpcore2", "requests", "urllib3", "aiohttp", "urllib.request", "http.client", "socket")
CLIENTS += ("ftplib", "smtplib", "ipfshttpclient", "websockets")
ALLOWED = {
    "backend/ipfs/kubo.py": "the operator's own Kubo, from a setting",
    "backend/ipfs/pinning.py": "the operator's own pinning service, from a setting",
    "backend/prechecks/endpoint.py": "the operator's own model, from a setting",
    "backend/app.py": "names the error of a node that does not answer",
    "backend/errors.py": "names the error of a node that does not answer",
}


def imports(source: str) -> Iterator[str]:
    """Full names of what a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
            "import_module",
            "__import__",
            "urlopen",
        ):
            yield "urllib.request.by_name"


def clients(source: str) -> list[str]:
    return [name for name in imports(source) if any(name == one or name.startswith(one + ".") for one in CLIENTS)]


def test_only_the_guarded_client_and_named_exceptions_can_speak_http() -> None:
    found = {str(path.relative_to(ROOT)): clients(path.read_text()) for path in (ROOT / "backend").rglob("*.py")}
    speaking = {name for name, used in found.items() if used and not name.startswith("backend/outbound/")}

    assert speaking == set(ALLOWED)
    assert found["backend/outbound/client.py"]


def test_errors_alone_are_taken_from_a_client_where_it_only_names_them() -> None:
    for name in ("backend/app.py", "backend/errors.py"):
        assert clients((ROOT / name).read_text()) == ["requests.RequestException"]


def test_a_second_door_would_be_found() -> None:
    for planted in (
        "import httpx2",
        "def f():\n    import requests",
        "from urllib import request",
        "from urllib.request import urlopen",
        "import importlib\nimportlib.import_module('httpx2')",
        "from socket import create_connection",
    ):
        assert clients(planted), planted
    assert clients("from urllib.parse import urlsplit") == []
