"""A development chain: anvil from npm, on a free port, checked to be ours."""

from __future__ import annotations

import json
import platform
import socket
import subprocess
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from piecework.chain.errors import ChainError

MNEMONIC = "test test test test test test test test test test test junk"
"""The development mnemonic that every tool of this field knows; never money on it."""
DEVELOPMENT_CHAIN_IDS = (31337, 1337)


class AnvilMissing(ChainError):
    """The anvil binary is not installed."""


class AnvilFailed(ChainError):
    """anvil ended before it answered."""


@dataclass(slots=True)
class Anvil:
    """A running anvil. `rpc_url` is on the loopback."""

    process: subprocess.Popen[bytes]
    rpc_url: str

    def stop(self) -> None:
        """Ends it, letting it write its state; kills it after ten seconds."""
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def anvil_binary(root: Path) -> Path:
    """The platform's real binary under `root/node_modules`; the shim beside it hides exit codes."""
    systems = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}
    machines = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    package = f"anvil-{systems.get(platform.system())}-{machines.get(platform.machine())}"
    binary = root / "node_modules" / "@foundry-rs" / package / "bin" / "anvil"
    if not binary.is_file():
        raise AnvilMissing(f"{binary} is not there: run `make setup`, or give --rpc-url of a node")
    return binary


def keep_first_genesis(state_file: Path) -> None:
    """Takes every block 0 but the first out of a saved chain; nothing if the file is missing or no saved chain.

    anvil makes a genesis block at each start and saves it beside the loaded one. Which of them it serves after the next
    start depends on their order in the file, which is random: then the chain would seem to be another one.
    """
    try:
        saved = json.loads(state_file.read_bytes())
        found = [block for block in saved["blocks"] if int(block["header"]["number"], 16) == 0]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if len(found) < 2:
        return
    first = min(found, key=lambda block: int(block["header"]["timestamp"], 16))
    saved["blocks"] = [block for block in saved["blocks"] if block is first or block not in found]
    temporary = state_file.with_name(f"{state_file.name}.tmp")
    temporary.write_text(json.dumps(saved))
    temporary.replace(state_file)


def free_port() -> int:
    """A port of the loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_anvil(
    root: Path,
    *,
    port: int = 0,
    state_file: Path | None = None,
    accounts: int = 10,
    extra: tuple[str, ...] = (),
    timeout_seconds: float = 30.0,
) -> Anvil:
    """Starts anvil and waits until it, and no other program at that port, answers.

    With `state_file` the chain is loaded from it, written every second and at exit.
    Raises AnvilMissing or AnvilFailed.
    """
    chosen = port or free_port()
    command = [str(anvil_binary(root)), "--host", "127.0.0.1", "--port", str(chosen)]
    command += ["--mnemonic", MNEMONIC, "--accounts", str(accounts), *extra]
    if state_file is not None:
        keep_first_genesis(state_file)
        command += ["--state", str(state_file), "--state-interval", "1"]
        command += ["--preserve-historical-states"]
    with tempfile.NamedTemporaryFile(prefix="anvil-", suffix=".log") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        said = Path(log.name)
        url = f"http://127.0.0.1:{chosen}"
        # An anvil that was there before would answer too: ours says when the port is its own.
        ours = f"Listening on 127.0.0.1:{chosen}"
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if process.poll() is not None:
                why = " ".join(said.read_text(errors="replace").strip().splitlines()[-1:])
                raise AnvilFailed(f"anvil ended with {process.returncode} ({why[:200]}); is port {chosen} taken?")
            if ours in said.read_text(errors="replace") and _answers(url):
                return Anvil(process=process, rpc_url=url)
            time.sleep(0.02)
        process.kill()
        process.wait()
    raise AnvilFailed(f"anvil did not answer at {url} within {timeout_seconds:.0f} s")


def _answers(url: str) -> bool:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "web3_clientVersion", "params": []})
    request = urllib.request.Request(url, data=body.encode(), headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=1) as response:
            return "anvil" in json.load(response)["result"].lower()
    except (OSError, ValueError, KeyError):
        return False
