"""Files in and out of a whole stack: by the client, and by the command."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from piecework import Client
from tests.e2e.running import Up

ROOT = Path(__file__).resolve().parents[2]
HOW: dict[str, Any] = {
    "title": "Is this review good?",
    "instructions": "Would its writer buy again?",
    "task_type": "choice",
    "options": {"choices": ["good", "bad"]},
    "reward": "0.03",
}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("files") / "market")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def client(up: Up) -> Iterator[Client]:
    key = next(str(account["private_key"]) for account in up.facts["accounts"] if account["name"] == "requester")
    with Client(up.facts["gateway_url"], key=key) as found:
        found.faucet("100")
        yield found


def piecework(*arguments: str, folder: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it, in a folder."""
    command = [sys.executable, "-m", "scripts.main", *arguments]
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done


def test_receipts_of_a_requester_end_at_its_balance(up: Up, client: Client, tmp_path: Path) -> None:
    client.create_batch([{"text": "Works well"}], **HOW).fund()
    address, url = str(client.address), up.facts["gateway_url"]

    with client.receipts(tmp_path / "own.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert [row["what"] for row in rows][-2:] == ["deposit", "batch funded"]
    assert rows[-1]["amount"] == "-0.094500"
    assert rows[-1]["balance_units"] == client.get(f"/v1/accounts/{address}")["owed_units"]
    assert [path.name for path in tmp_path.iterdir()] == ["own.csv"]
    done = piecework("receipts", address.lower(), "--gateway-url", url, folder=tmp_path)
    assert done.stdout.strip() == f"receipts-{address}.csv"
    assert (tmp_path / f"receipts-{address}.csv").read_bytes() == (tmp_path / "own.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("0x12",), "0x12"),
        (("0x" + "00" * 20, "--since", "yesterday"), "malformed_request"),
        (("0x" + "00" * 20, "--out", "nowhere/books.csv"), "cannot be written"),
    ],
)
def test_receipts_that_cannot_be_had_leave_no_file(
    up: Up, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = piecework("receipts", *arguments, "--gateway-url", up.facts["gateway_url"], folder=tmp_path, status=1)
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []
