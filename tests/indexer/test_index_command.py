"""`piecework index`, as people run it."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select

from piecework.db.mirror import Checkpoint
from tests.indexer.following import dump, fresh_dump


def command(world: Any, database: Path, *more: str) -> list[str]:
    arguments = ["index", "--rpc-url", world.stack.rpc_url, "--database-url", f"sqlite:///{database}"]
    return [sys.executable, "-m", "scripts.main", *arguments, "--escrow", world.stack.escrow.address, *more]


def dump_of(database: Path) -> str:
    engine = create_engine(f"sqlite:///{database}")
    try:
        return dump(engine)
    finally:
        engine.dispose()


def test_once_shows_a_bar_and_stops_at_the_head(world: Any, rpc: Any, new_engine: Any, tmp_path: Path) -> None:
    world.act(10)
    head = world.stack.web3.eth.block_number
    terminal, other_end = pty.openpty()
    with subprocess.Popen(
        command(world, tmp_path / "m.db", "--once"), stderr=other_end, stdout=subprocess.PIPE
    ) as process:
        os.close(other_end)
        shown = b""
        while True:
            try:
                part = os.read(terminal, 65_536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
        os.close(terminal)
    assert process.returncode == 0, shown.decode()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert re.search(rf"blocks .*━.* {head}/{head} ", text), text[-2000:]
    assert dump_of(tmp_path / "m.db") == fresh_dump(world.stack, rpc, new_engine("sqlite"))


def test_it_follows_until_it_is_told_to_stop(world: Any, rpc: Any, new_engine: Any, tmp_path: Path) -> None:
    world.act(2)
    log = (tmp_path / "log").open("wb")
    with log, subprocess.Popen(command(world, tmp_path / "m.db"), stderr=log, stdout=log) as process:
        try:
            world.act(3)
            wait_for_block(tmp_path / "m.db", world.stack.web3.eth.block_number, process)
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert dump_of(tmp_path / "m.db") == fresh_dump(world.stack, rpc, new_engine("sqlite"))


def wait_for_block(database: Path, block_number: int, process: Any) -> None:
    engine = create_engine(f"sqlite:///{database}")
    deadline = time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            assert process.poll() is None
            try:
                with engine.connect() as connection:
                    if (connection.execute(select(Checkpoint.block_number)).scalar() or 0) >= block_number:
                        return
            except Exception as error:
                assert "no such table" in str(error) or "locked" in str(error), error
            time.sleep(0.05)
    finally:
        engine.dispose()
    raise AssertionError(f"block {block_number} was not indexed")


def test_a_wrong_escrow_ends_it_with_what_to_do(world: Any, tmp_path: Path) -> None:
    arguments = command(world, tmp_path / "m.db", "--once")
    arguments[arguments.index("--escrow") + 1] = world.stack.accounts["stranger"].address
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "error:" in done.stderr
    assert "there is no code" in done.stderr
    assert "Traceback" not in done.stderr
    arguments[arguments.index("--escrow") + 1] = "0x1234"
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
