"""What a person does once is created once, however often the web app must send it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
FRONTEND = HERE.parents[1] / "frontend"


def sent(entry: str) -> Any:
    """What the app's client made of each answer, and what arrived: method, path, key."""
    command = ["node", str(HERE / "sent_again.mjs"), str(FRONTEND), entry]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_one_action_has_one_key_until_its_answer_is_known() -> None:
    found = sent("src/api/client.ts")

    assert found["said"] == [0, 503, "done", "done", 409, "done", "done", "done", "done"]
    *posts, read = found["arrived"]
    keys = [key for _, _, key in posts]
    assert all(re.fullmatch(r"[0-9a-f]{32}", key) for key in keys)
    lost, in_trouble, answered, again, refused, after, other, twice, at_once = keys
    assert lost == in_trouble == answered, "sent again after a lost answer"
    assert twice == at_once, "pressed twice"
    assert len({answered, again, refused, after, other, twice}) == 6, "an answer ends it"
    assert read == ["GET", "/v1/lists", None]


def test_a_client_that_forgets_its_keys_would_be_found(tmp_path: Path) -> None:
    """The planted bug: each sending has a key of its own."""
    source = (FRONTEND / "src/api/once.ts").read_text()
    planted = source.replace("open.get(what) ?? fresh()", "fresh()")
    assert planted != source
    (tmp_path / "once.ts").write_text(planted)
    client = (FRONTEND / "src/api/client.ts").read_text()
    (tmp_path / "client.ts").write_text(client)
    (tmp_path / "node_modules").symlink_to(FRONTEND / "node_modules")

    keys = [key for method, _, key in sent(str(tmp_path / "client.ts"))["arrived"] if method == "POST"]

    assert len(set(keys)) == len(keys) == 9
