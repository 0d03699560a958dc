"""Files in and out of a whole stack: by the client, and by the command."""

from __future__ import annotations

import csv
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from piecework import Client
from piecework.client import GatewayUnreachable
from piecework.client.transport import Transport
from tests.e2e.crowd import Crowd, key_of
from tests.e2e.cutting import Cutting
from tests.e2e.running import Up, until

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
    running = Up(tmp_path_factory.mktemp("files") / "market", arguments=("--in-memory",))
    running.start()
    yield running
    running.stop()


def piecework(
    *arguments: str, folder: Path, status: int = 0, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it, in a folder."""
    command = [sys.executable, "-m", "scripts.main", *arguments]
    whole = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"} | (env or {})
    done = subprocess.run(command, cwd=folder, env=whole, capture_output=True, text=True, check=False)
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


TASKS = [{"id": f"t{number}", "text": f"Text {number} " + "x" * 15_000} for number in range(24)]


def odd_is_good(task: Any) -> str:
    """Also of the tasks of other tests, which the crowd meets too."""
    number = task["content"]["text"].split()[1]
    return "good" if number.isdigit() and int(number) % 2 else "bad"


@pytest.fixture(scope="module")
def batch(up: Up) -> Any:
    """A finished batch whose export has some hundred thousand bytes."""
    with Client(up.facts["gateway_url"], key=key_of(up, "requester")) as client:
        client.faucet("100")
        funded = client.create_batch(TASKS, **HOW, answers_per_task=1).fund()
        with Crowd(up, odd_is_good):
            funded.wait(show=False)
        yield funded.batch_id


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_command_writes_every_form_of_the_same_results(up: Up, batch: str, tmp_path: Path) -> None:
    from pyarrow import parquet

    for name in ("all.jsonl", "all.csv", "all.json", "all.parquet"):
        done = piecework("export", batch, "--gateway-url", up.facts["gateway_url"], "--out", name, folder=tmp_path)
        assert done.stdout.strip() == name
    lines = written(tmp_path / "all.jsonl")
    assert [item["task"] for item in lines] == [task["id"] for task in TASKS]
    assert [item["label"] for item in lines] == ["bad", "good"] * 12
    assert all(len(item["answers"]) == 1 for item in lines)
    with (tmp_path / "all.csv").open(newline="") as file:
        assert [row["label"] for row in csv.DictReader(file)] == ["bad", "good"] * 12
    studio = json.loads((tmp_path / "all.json").read_text())
    assert [task["predictions"][0]["result"][0]["value"]["choices"] for task in studio] == [["bad"], ["good"]] * 12
    assert parquet.read_table(tmp_path / "all.parquet")["label"].to_pylist() == ["bad", "good"] * 12
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "all.csv",
        "all.json",
        "all.jsonl",
        "all.parquet",
        "all.xml",
    ]


def test_a_cut_connection_is_gone_on_with_behind_the_last_whole_task(up: Up, batch: str, tmp_path: Path) -> None:
    with Client(up.facts["gateway_url"]) as direct:
        whole = direct.batch(batch).export(tmp_path / "whole.jsonl", show=False).read_bytes()
    with Cutting(up.facts["gateway_url"], after_bytes=100_000) as cutting, Client(cutting.url) as client:
        found = client.batch(batch).export(tmp_path / "cut.jsonl", show=False)
        assert found.read_bytes() == whole
        assert cutting.cuts >= 3
        assert sum("after=t" in line for line in cutting.asked) == cutting.cuts


def test_a_killed_export_goes_on_where_it_was(up: Up, batch: str, tmp_path: Path) -> None:
    with Cutting(up.facts["gateway_url"], after_bytes=200_000, stalls=True) as cutting:
        arguments = ["export", batch, "--out", "killed.jsonl", "--gateway-url"]
        command = [sys.executable, "-m", "scripts.main", *arguments, cutting.url]
        with subprocess.Popen(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}) as running:
            until(lambda: cutting.cuts, "the wire stalls")
            until(lambda: any(path.stat().st_size > 60_000 for path in tmp_path.iterdir()), "tasks are kept")
            running.kill()
    (part,) = tmp_path.iterdir()
    kept = part.read_bytes().count(b"\n") - 1
    assert 0 < kept < len(TASKS)
    with Cutting(up.facts["gateway_url"], after_bytes=10**9) as watching:
        piecework(*arguments, watching.url, folder=tmp_path)
        assert [line for line in watching.asked if "/export" in line and f"after=t{kept - 1}" in line]
    assert [path.name for path in tmp_path.iterdir()] == ["killed.jsonl"]
    assert [item["task"] for item in written(tmp_path / "killed.jsonl")] == [task["id"] for task in TASKS]


def test_what_cannot_be_exported_is_said(up: Up, batch: str, tmp_path: Path) -> None:
    url = up.facts["gateway_url"]
    for arguments, said in (
        ((batch, "--out", "x.xls"), "let the file end in"),
        ((batch, "--out", "x.csv", "--format", "xls"), "name a format"),
        (("0x" + "77" * 32, "--out", "x.csv"), "batch_unknown"),
        (("nonsense", "--out", "x.csv"), "no digest"),
        ((batch, "--out", "nowhere/x.csv"), "cannot be written"),
    ):
        done = piecework("export", *arguments, "--gateway-url", url, folder=tmp_path, status=1)
        assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


MANY = 5_000


def many(path: Path) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["name", "sentence", "truth"])
        writer.writerows((f"t{n}", f"Text {n}; it is a text", "good" if n % 50 == 0 else "") for n in range(MANY))
    return path


DRAFT = ("--type", "choice", "--options", '{"choices": ["good", "bad"]}', "--column", "sentence=text")
DRAFT += ("--ids", "name", "--known", "truth", "--title", "Texts", "--instructions", "Is it good?", "--reward", "0.03")


def parts_of(up: Up) -> list[tuple[Any, ...]]:
    """Every part that the gateway keeps, with when it came."""
    file = str(up.facts["database_url"]).removeprefix("sqlite:///")
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(
            "SELECT upload_id, number, expires_at FROM task_upload_parts ORDER BY 1, 2"
        ).fetchall()


def test_a_killed_draft_of_many_tasks_goes_on(up: Up, client: Client, tmp_path: Path) -> None:
    path = many(tmp_path / "many.csv")
    key = {"PIECEWORK_REQUESTER_KEY": key_of(up, "requester")}
    arguments = ["draft", str(path), *DRAFT, "--gateway-url", up.facts["gateway_url"]]
    with subprocess.Popen(
        [sys.executable, "-m", "scripts.main", *arguments],
        env={"PYTHONPATH": str(ROOT), **key},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as running:
        until(lambda: parts_of(up), "a part is there")
        running.kill()
    before = parts_of(up)

    done = piecework(*arguments, folder=tmp_path, env=key)

    after = parts_of(up)
    assert [number for _, number, _ in after] == list(range(MANY // 1_000))
    assert set(before) <= set(after), "what was there is that same part"
    manifest = client.get(f"/v1/batches/{done.stdout.strip()}/manifest")
    assert len(manifest["tasks"]) == MANY
    assert manifest["gold"]["count"] == MANY // 50
    assert min(task["content"]["text"] for task in manifest["tasks"]) == "Text 0; it is a text"


def test_what_was_sent_is_not_sent_again(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    put, limit = Transport.put, 2

    async def watched(self: Transport, path: str, body: Any) -> Any:
        if len(sent) == limit:
            raise GatewayUnreachable("the wire is cut")
        found = await put(self, path, body)
        sent.append(path)
        return found

    monkeypatch.setattr(Transport, "put", watched)
    rows = [{"id": f"u{number}", "text": f"Other text {number}"} for number in range(4_500)]
    with Client(up.facts["gateway_url"], key=key_of(up, "requester")) as client:
        with pytest.raises(GatewayUnreachable):
            client.create_batch(rows, **HOW, show=False)
        limit = 100
        draft = client.create_batch(rows, **HOW, show=False)
        client.create_batch(rows, **HOW, show=False)
        assert len(client.get(f"/v1/batches/{draft.batch_id}/manifest")["tasks"]) == len(rows)
    assert [path.rpartition("/")[2] for path in sent] == ["0", "1", "2", "3", "4"]


def test_a_file_is_checked_without_a_gateway(tmp_path: Path) -> None:
    done = piecework("draft", str(many(tmp_path / "many.csv")), *DRAFT, folder=tmp_path)
    assert done.stdout.strip() == f"{MANY} tasks of the type choice, {MANY // 50} with a known answer"
    bad = tmp_path / "bad.csv"
    bad.write_text("name,sentence,truth\na b,x,\nc,y,ugly\n")
    said = piecework("draft", str(bad), *DRAFT, folder=tmp_path, status=1).stderr
    assert "line 2, column 'name'" in said
    assert "line 3, column 'truth'" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--type", "chioce"), "there is no task type"),
        (("--type", "choice", "--options", "{"), "no JSON"),
        (("--type", "choice", "--options", "[]"), "the options of choice"),
        (("--type", "text", "--column", "x"), "COLUMN=FIELD"),
        (("--type", "text", "--column", "x=text"), "no column 'x'"),
        (("--type", "text", "--encoding", "klingon"), "no encoding"),
        (("--type", "text", "--delimiter", ";;"), "one sign"),
        (("--type", "text", "--gateway-url", "http://127.0.0.1:1"), "PIECEWORK_REQUESTER_KEY"),
    ],
)
def test_a_draft_that_cannot_be_says_why(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    path = tmp_path / "tasks.csv"
    path.write_text("text\nfine\n")
    assert said in piecework("draft", str(path), *arguments, folder=tmp_path, status=1).stderr
