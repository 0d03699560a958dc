"""Batches of any task type on a running stack, funded by a requester with a key of its own, who reviews them too."""

from __future__ import annotations

import io
import secrets
import struct
import wave
import zlib
from collections.abc import Sequence
from typing import Any

from scripts.crowd.api import Api, Json
from scripts.crowd.requester import fund, get_tokens
from scripts.crowd.wallet import Node, Wallet
from scripts.crowd.worker import work_listed

_BUDGET_UNITS = 40_000_000


class Requester:
    """Funds batches with one answer a task."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.key = f"0x{secrets.token_hex(32)}"
        self.api = Api(facts["gateway_url"], Wallet(self.key))
        self.api.sign_in(self.api.get("/v1/chain"))
        self._node = Node(facts["rpc_url"])
        get_tokens(self.api, _BUDGET_UNITS, native=True)

    def fund(self, task_type: str, content: Json, *, tasks: int = 1, **more: Any) -> str:
        """The id of a batch whose tasks all show `content`."""
        batch = {
            "title": f"A batch of {task_type}",
            "instructions": "Look carefully.",
            "task_type": task_type,
            "answers_per_task": 1,
            "reward_units": "100000",
            "estimated_seconds_per_task": 20,
            "tasks": [{"id": f"t-{number}", "content": content} for number in range(1, tasks + 1)],
            "review": {"policy": "requester"},
            **more,
        }
        draft, _ = fund(self.api, self._node, batch)
        return str(draft["batch_id"])

    def answers(self, batch_id: str) -> dict[str, Any]:
        """By task, as they came on chain."""
        found = self.api.items(f"/v1/reviews/batches/{batch_id}/submissions")
        return {task["task"]: task["answer"] for item in found for task in item["tasks"]}

    def close(self) -> None:
        self._node.close()
        self.api.close()


def cats(facts: dict[str, Any], batch_id: str, tasks: Sequence[str] = ("t-1",)) -> None:
    """A new worker answers `cat` to these tasks and hands in."""
    worker = Api(facts["gateway_url"], Wallet())
    worker.sign_in(worker.get("/v1/chain"))
    work_listed(worker, batch_id, tasks, lambda *_: "cat", lambda _: None)
    worker.close()


def picture(width: int = 320, height: int = 200) -> bytes:
    """A PNG: two dark squares on light ground, at a fifth and three fifths of its width."""
    side = width // 5

    def dot(x: int, y: int) -> bytes:
        inside = height // 4 <= y < height // 4 + side and (x // side) in (1, 3)
        return b"\x30\x50\x80" if inside else b"\xe8\xe4\xd8"

    rows = b"".join(b"\0" + b"".join(dot(x, y) for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def recording(seconds: int = 6) -> bytes:
    """A WAV file that is silent."""
    held = io.BytesIO()
    with wave.open(held, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(8_000)
        out.writeframes(b"\x80" * 8_000 * seconds)
    return held.getvalue()
