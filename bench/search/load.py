"""A small load generator: so many connections, each asking again as soon as it was answered.

`python -m bench.search.load PORT SECONDS CONNECTIONS` reads paths from standard input, one a line, and prints JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field

import uvloop


@dataclass
class Answers:
    """Seconds each took, and how many were no page."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    bytes_read: int = 0


async def _one_connection(port: int, paths: list[str], first: int, step: int, end: float, answers: Answers) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    place = first
    while time.perf_counter() < end:
        began = time.perf_counter()
        writer.write(f"GET {paths[place % len(paths)]} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        answers.seconds.append(time.perf_counter() - began)
        answers.bytes_read += length
        answers.failed += not head.startswith(b"HTTP/1.1 200")
        place += step
    writer.close()
    await writer.wait_closed()


async def measure(port: int, paths: list[str], seconds: float, connections: int) -> dict[str, float]:
    """Requests a second, and how long they took in milliseconds."""
    answers = Answers()
    began = time.perf_counter()
    end = began + seconds
    each = [_one_connection(port, paths, n, connections, end, answers) for n in range(connections)]
    await asyncio.gather(*each)
    took = time.perf_counter() - began
    sorted_seconds = sorted(answers.seconds)
    return {
        "requests": len(sorted_seconds),
        "failed": answers.failed,
        "seconds": round(took, 2),
        "per_second": round(len(sorted_seconds) / took, 1),
        "p50_ms": round(percentile(sorted_seconds, 50) * 1_000, 2),
        "p99_ms": round(percentile(sorted_seconds, 99) * 1_000, 2),
        "max_ms": round(sorted_seconds[-1] * 1_000, 2),
        "bytes_an_answer": answers.bytes_read // len(sorted_seconds),
    }


def percentile(sorted_values: list[float], percent: int) -> float:
    """The smallest value that so many percent of them do not exceed."""
    return sorted_values[max(0, -(-len(sorted_values) * percent // 100) - 1)]


if __name__ == "__main__":
    given_port, given_seconds, given_connections = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    given_paths = sys.stdin.read().split()
    found = uvloop.run(measure(given_port, given_paths, given_seconds, given_connections))
    sys.stdout.write(json.dumps(found) + "\n")
