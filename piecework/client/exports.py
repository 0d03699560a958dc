"""Results into a file: fetched a task at a time, gone on with where it broke off, written in the form that is wanted.

What is on its way stands in a hidden file beside the wanted one: lines of JSON, each a task whole. Whatever ends the
program, the next run goes on behind the last whole line, unless the results changed meanwhile.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx2

from piecework.client.errors import ExportRefused, GatewayUnreachable
from piecework.client.transport import FIRST_PAUSE_SECONDS, TRIES, Transport
from piecework.files.label_studio import Interface, array
from piecework.files.outcomes import answer_csv, field_names, json_line, task_csv
from piecework.files.parquet import ParquetMissing, write_parquet

FORMATS = ("jsonl", "csv", "answers-csv", "label-studio", "parquet")
_BY_SUFFIX = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".json": "label-studio",
    ".parquet": "parquet",
}
Tell = Callable[[int, int], None]
"""Told how many tasks are there of how many."""


def format_of(path: Path, wanted: str | None) -> str:
    """What is asked for, else what the file's ending says. Raises ExportRefused."""
    found = wanted or _BY_SUFFIX.get(path.suffix.lower())
    if found not in FORMATS:
        endings = ", ".join(_BY_SUFFIX)
        raise ExportRefused(f"{path.name}: name a format ({', '.join(FORMATS)}), or let the file end in {endings}")
    return found


@dataclass
class Part:
    """The lines that came so far: the first names the results, each other is a task."""

    path: Path

    @classmethod
    def beside(cls, path: Path, batch_id: str) -> Part:
        return cls(path.with_name(f".{path.name}.{batch_id[2:12]}.part"))

    def trimmed(self) -> tuple[str | None, str | None, int]:
        """Which results, the last task, and how many there are; cuts off a line that is not whole."""
        version, last, count, end = None, None, 0, 0
        if self.path.exists():
            with self.path.open("rb") as file:
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    end += len(line)
                    if version is None:
                        version = str(json.loads(line)["results"])
                    else:
                        last, count = line, count + 1
            with self.path.open("r+b") as file:
                file.truncate(end)
        return version, str(json.loads(last)["task"]) if last else None, count

    def outcomes(self) -> Generator[dict[str, Any], None, None]:
        with self.path.open("rb") as file:
            next(file)
            for line in file:
                yield json.loads(line)


async def fetch(http: Transport, batch_id: str, part: Part, tell: Tell) -> None:
    """All outcomes into the part. Raises GatewayRefused, GatewayUnreachable; what came is kept."""
    failures = 0
    while True:
        version, after, count = await asyncio.to_thread(part.trimmed)
        try:
            async with http.streamed(f"/v1/batches/{batch_id}/export", format="jsonl", after=after) as answer:
                found, total = answer.headers["piecework-results"], int(answer.headers["piecework-tasks"])
                if version not in (None, found):
                    part.path.unlink()  # there are newer results: these lines would not belong together
                    continue
                with part.path.open("ab") as file:
                    if version is None:
                        file.write(json.dumps({"results": found}).encode() + b"\n")
                    tell(count, total)
                    async for line in _lines(answer):
                        file.write(line)
                        count, failures = count + 1, 0
                        if count % 500 == 0 or count == total:
                            tell(count, total)
            if count >= total:
                return
            why = f"{total - count} tasks are missing"
        except httpx2.TransportError as error:
            why = str(error) or type(error).__name__
        failures += 1
        if failures >= TRIES:
            raise GatewayUnreachable(f"the export broke off ({why}): run it again, it goes on from here")
        await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**failures)


async def _lines(answer: httpx2.Response) -> AsyncIterator[bytes]:
    """Whole lines alone."""
    rest = b""
    async for piece in answer.aiter_bytes():
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"


def write(part: Part, path: Path, kind: str, view: dict[str, Any], payload_url: str) -> None:
    """The wanted file, whole or not at all; for Label Studio also its interface, as `NAME.xml`.

    Raises ExportRefused, OSError.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        if kind == "parquet":
            with closing(part.outcomes()) as outcomes:
                write_parquet(outcomes, new)
        else:
            with new.open("w", encoding="utf-8", newline="") as file:
                _write_text(part, file, kind, view, payload_url)
        if kind == "label-studio":
            path.with_suffix(".xml").write_text(_interface(part, view, payload_url).config(), encoding="utf-8")
        new.replace(path)
    except ParquetMissing as error:
        raise ExportRefused(str(error)) from None
    finally:
        new.unlink(missing_ok=True)
    part.path.unlink()


def _write_text(part: Part, file: IO[str], kind: str, view: dict[str, Any], payload_url: str) -> None:
    with _outcomes(part) as outcomes:
        if kind == "jsonl":
            file.writelines(map(json_line, outcomes))
        elif kind == "csv":
            file.writelines(task_csv(outcomes, _fields(part)))
        elif kind == "answers-csv":
            file.writelines(answer_csv(outcomes))
        else:
            file.writelines(array(map(_interface(part, view, payload_url).task, outcomes)))


@contextmanager
def _outcomes(part: Part) -> Iterator[Generator[dict[str, Any], None, None]]:
    with closing(part.outcomes()) as outcomes:
        yield outcomes


def _fields(part: Part) -> list[str]:
    with _outcomes(part) as outcomes:
        return field_names(found["content"] for found in outcomes)


def _interface(part: Part, view: dict[str, Any], payload_url: str) -> Interface:
    return Interface(view["task_type"], view["answer_schema"], tuple(_fields(part)), payload_url)
