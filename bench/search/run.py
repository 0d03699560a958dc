"""`make bench-search`: pages of 20 from a million tasks in 200,000 batches, on SQLite and PostgreSQL.

For each database, in one run: the real route over HTTP with the load generator beside it, a trivial route of the same
process, and the same searches as bare SQL. Every kind of search is measured alone too.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import Engine, text

from bench import postgres
from bench.search import bare
from bench.search.filling import fill
from bench.search.market import TASKS_A_BATCH, Market
from bench.search.searches import KINDS, searches
from piecework.db.engine import open_engine, upgrade

ROOT = Path(__file__).resolve().parents[2]
GOAL_PER_SECOND, GOAL_P99_MS = 1_000, 50
CONNECTIONS = 16
err, out = Console(stderr=True), Console(width=160)


@contextmanager
def databases(folder: Path, market: Market) -> Iterator[dict[str, Engine]]:
    """Both databases with the market in them; what an earlier run filled is taken again."""
    name = f"market_{market.batches}_{market.seed}"
    marks = {kind: folder / f"{name}.{kind}.filled" for kind in ("sqlite", "postgresql")}
    with postgres.server(folder / "postgres") as server_url:
        urls = {
            "sqlite": _sqlite_file(folder / f"{name}.sqlite", keep=marks["sqlite"].exists()),
            "postgresql": postgres.database(server_url, name, keep=marks["postgresql"].exists()),
        }
        engines = {kind: open_engine(url) for kind, url in urls.items()}
        for kind, engine in engines.items():
            _fill_once(engine, market, marks[kind], kind)
        yield engines
        for engine in engines.values():
            engine.dispose()


def _sqlite_file(path: Path, *, keep: bool) -> str:
    """Its URL; what a run left half filled is thrown away."""
    for half in () if keep else path.parent.glob(f"{path.name}*"):
        if half.suffix != ".filled":
            half.unlink()
    return f"sqlite:///{path}"


def _fill_once(engine: Engine, market: Market, mark: Path, kind: str) -> None:
    if mark.exists():
        return
    upgrade(engine)
    err.print(f"filling {kind} with {market.batches:,} batches: minutes, once")
    with Progress(console=err, disable=not err.is_terminal) as bars:
        task = bars.add_task(f"filling {kind}", total=market.batches)
        fill(engine, market, lambda done: bars.update(task, completed=done))
    mark.touch()


@contextmanager
def serving(engine: Engine) -> Iterator[tuple[int, int]]:
    """Port and id of a process that serves searches of that database."""
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    command = [sys.executable, "-m", "bench.search.serving", url]
    process: Any = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield int(process.stdout.readline()), process.pid
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


def load(port: int, paths: list[str], seconds: float, connections: int = CONNECTIONS) -> dict[str, Any]:
    """The load generator as a process of its own."""
    command = [sys.executable, "-m", "bench.search.load", str(port), str(seconds), str(connections)]
    ended = subprocess.run(command, input="\n".join(paths), capture_output=True, text=True, check=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def processor_seconds(pid: int) -> float:
    """What a process has used so far."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def measure(engine: Engine, market: Market, seconds: float) -> dict[str, Any]:
    """Every figure of one database."""
    asked = searches(market)
    paths = [path(query) for _, query in asked]
    kind = engine.dialect.name
    with serving(engine) as (port, pid):
        err.print(f"{kind}: warm up")
        load(port, paths, min(5.0, seconds))  # files read, lengths of lists known
        err.print(f"{kind}: searches of every kind")
        before = processor_seconds(pid)
        found: dict[str, Any] = {"searches": load(port, paths, seconds)}
        used = processor_seconds(pid) - before
        found["searches"]["gateway_processor_ms"] = round(used / found["searches"]["requests"] * 1_000, 3)
        err.print(f"{kind}: trivial route")
        found["trivial route"] = load(port, ["/trivial"], seconds / 2)
        found["by kind"] = {}
        for name in KINDS:
            err.print(f"{kind}: {name}")
            found["by kind"][name] = load(port, [path(query) for of, query in asked if of == name], seconds / 4)
    err.print(f"{kind}: bare SQL")
    queries = [query for _, query in asked]
    bare.measure(engine, queries, min(5.0, seconds))
    found["bare SQL"] = bare.measure(engine, queries, seconds / 2)
    return found


def path(query: dict[str, Any]) -> str:
    return "/v1/batches?" + urlencode(query)


def facts(engines: dict[str, Engine], market: Market, load_average: float) -> dict[str, Any]:
    """What the figures depend on."""
    with engines["postgresql"].connect() as connection:
        server = connection.execute(text("SHOW server_version")).scalar_one()
    ask = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    return {
        "batches": market.batches,
        "tasks": market.batches * TASKS_A_BATCH,
        "seed": market.seed,
        "connections": CONNECTIONS,
        "commit": subprocess.run(ask, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip(),
        "cores": os.cpu_count(),
        "load_average_at_start": round(load_average, 2),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": server,
        "packages": {name: version(name) for name in ("fastapi", "pydantic", "sqlalchemy", "psycopg", "uvicorn")},
    }


def table(found: dict[str, Any]) -> Table:
    """Requests a second and milliseconds."""
    drawn = Table(title=f"Pages of 20 [goal: {GOAL_PER_SECOND:,}/s, p99 < {GOAL_P99_MS} ms]".replace("[", "\\["))
    drawn.add_column("")
    for kind in found:
        for what in ("/s", "p50 ms", "p99 ms"):
            drawn.add_column(f"{kind} {what}", justify="right")
    names = ["searches", "trivial route", "bare SQL"]
    for name in names:
        drawn.add_row(
            name, *(cell for one in found.values() for cell in _cells(one[name])), end_section=name == names[-1]
        )
    for kind in KINDS:
        drawn.add_row(kind, *(cell for one in found.values() for cell in _cells(one["by kind"][kind])))
    return drawn


def _cells(one: dict[str, float]) -> tuple[str, str, str]:
    return f"{one['per_second']:,.0f}", f"{one['p50_ms']:,.2f}", f"{one['p99_ms']:,.2f}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write the results")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / ".cache/bench-search", help="where the databases are kept"
    )
    parser.add_argument("--batches", type=int, default=Market.batches)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    given = parser.parse_args(arguments)
    market = Market(given.batches)
    with databases(given.folder, market) as engines:
        load_average = os.getloadavg()[0]
        err.print(f"load average {load_average:.2f}; about {given.seconds * 12.5 / 60:.0f} minutes")
        found = {kind: measure(engine, market, given.seconds) for kind, engine in engines.items()}
        known = facts(engines, market, load_average)
    out.print(table(found))
    failed = sum(one["searches"]["failed"] for one in found.values())
    if given.json is not None:
        results = {"format": "piecework/bench-search/1", "facts": known, "measured": found}
        given.json.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    out.print(f"{failed} failed." if failed else "No search failed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
