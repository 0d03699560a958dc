"""Importing the package is instant: nothing heavy is loaded before it is used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("web3", "solcx", "requests", "httpx2", "fastapi", "sqlalchemy", "jsonschema", "numpy", "eth_abi", "sklearn")
CHAIN = sorted(f"piecework.chain.{path.stem}" for path in (ROOT / "piecework" / "chain").glob("[a-z]*.py"))


def loaded_by(module: str) -> set[str]:
    """Top-level modules in a fresh interpreter after importing `module`."""
    code = f"import json, sys, {module}; print(json.dumps(sorted(name.partition('.')[0] for name in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_the_package_loads_nothing_but_itself() -> None:
    extra = loaded_by("piecework") - loaded_by("sys")

    assert extra == {"piecework"}


def test_the_check_sees_a_heavy_module() -> None:
    assert "web3" in loaded_by("web3")


@pytest.mark.parametrize("module", CHAIN)
def test_no_module_of_the_chain_room_loads_web3_or_the_compiler(module: str) -> None:
    assert not loaded_by(module) & {"web3", "solcx", "requests", "httpx2"}


def test_the_command_shows_its_help_without_anything_heavy() -> None:
    assert not loaded_by("scripts.main") & set(HEAVY)


NESTED = """
import sys
{imports}
from piecework.domain.canonical import NotCanonical, strict_loads
from fastapi import FastAPI
from starlette.testclient import TestClient
from backend import errors

text = b"[" * 200_000
try:
    strict_loads(text)
except NotCanonical:
    print("refused", sys.getrecursionlimit())

app = FastAPI()
errors.install(app)

@app.post("/")
def take(body: dict[str, int]) -> None: ...

print(TestClient(app).post("/", content=text, headers={{"content-type": "application/json"}}).status_code)
"""


@pytest.mark.parametrize("imports", ["import backend.app", "import scripts.main, indexer.run"])
def test_a_text_of_brackets_is_refused_and_ends_no_program(imports: str) -> None:
    done = run(NESTED.format(imports=imports))

    assert (done.returncode, done.stdout.split()) == (0, ["refused", "1000", "400"]), done.stderr


def test_a_library_still_raises_the_limit_so_that_ours_has_to_put_it_back() -> None:
    assert run("import sys, web3; print(sys.getrecursionlimit())").stdout.strip() == "100000"
    assert run("import sys, piecework.domain, web3; print(sys.getrecursionlimit())").stdout.strip() == "1000"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
