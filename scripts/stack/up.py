"""`piecework up`: chain, contracts, indexer, gateway and payload store as one."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

from piecework.chain.anvil import (
    DEVELOPMENT_CHAIN_IDS,
    MNEMONIC,
    AnvilFailed,
    anvil_binary,
    free_port,
    keep_first_genesis,
)
from piecework.chain.client import connect
from piecework.chain.errors import ChainError, NodeUnreachable
from scripts.stack.processes import Child, end_orphans, remember
from scripts.terminal import err, fail

STACK_FORMAT = "piecework/stack/1"
ROLES = (
    "deployer",
    "relayer",
    "assigner",
    "requester",
    "reviewer1",
    "reviewer2",
    "reviewer3",
    "issuer",
    "worker1",
    "worker2",
    "juror1",
    "juror2",
    "juror3",
    "practice",
)
JUROR_FEE_UNITS = 10_000
"""Of the development panel, for all jurors together."""
_START_SECONDS = 90.0
_OF_ONE_CLIENT = (
    "RATE_UNITS_PER_SECOND_BY_IP",
    "RATE_UNITS_PER_SECOND_BY_ADDRESS",
    "MAX_CONNECTIONS_PER_NETWORK",
)


class StackFailed(Exception):
    """The stack cannot run; the message says why and which log to read."""


@dataclass(frozen=True)
class Paths:
    """Files of one data folder, and its database."""

    root: Path
    given_database_url: str | None = None

    @property
    def chain_state(self) -> Path:
        return self.root / "chain.json"

    @property
    def deployment(self) -> Path:
        return self.root / "deployment.json"

    @property
    def stack(self) -> Path:
        return self.root / "stack.json"

    @property
    def processes(self) -> Path:
        return self.root / "processes.json"

    @property
    def database_url(self) -> str:
        return self.given_database_url or f"sqlite:///{self.root / 'mirror.sqlite'}"

    @property
    def payloads(self) -> Path:
        return self.root / "payloads"

    def log(self, name: str) -> Path:
        return self.root / "logs" / f"{name}.log"


def development_accounts() -> list[dict[str, str]]:
    """The well-known development keys by role. Worthless by design."""
    from eth_account import Account

    Account.enable_unaudited_hdwallet_features()
    accounts = []
    for number, name in enumerate(ROLES):
        account = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{number}")
        accounts.append({"name": name, "address": account.address, "private_key": "0x" + account.key.hex()})
    return accounts


def run_stack(
    data_dir: Path,
    *,
    rpc_url: str | None,
    port: int,
    database_url: str | None = None,
    practice: bool = False,
    in_memory: bool = False,
) -> int:
    """Runs until SIGTERM or SIGINT; 1 if it could not start or a part died again and again.

    `practice` keeps an easy batch open that pays at once, so that a newcomer finds work. `in_memory`: the chain writes
    no state, and the stack ends with it. `database_url`: instead of an SQLite file in the folder.
    """
    paths = Paths(data_dir.resolve(), database_url)
    paths.log("x").parent.mkdir(parents=True, exist_ok=True)
    lock = (paths.root / "lock").open("w")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _signal, _frame: _ask_to_stop(stop, _signal, _frame))
    stack = _Stack(paths, rpc_url, port, practice=practice, in_memory=in_memory)
    try:
        _lock(lock)
    except StackFailed as error:
        lock.close()
        return fail(str(error))
    try:
        stack.start(stop)
        url = stack.gateway_url
        err.print(f"ready: web app and gateway {url}, chain {stack.rpc_url}, facts in {paths.stack}", highlight=False)
        stack.watch(stop)
    except (StackFailed, ChainError) as error:
        return fail(str(error))
    finally:
        stack.stop()
        lock.close()
    return 0


def _ask_to_stop(stop: threading.Event, _signal: int, _frame: FrameType | None) -> None:
    stop.set()


def _lock(file: IO[str]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StackFailed("another `piecework up` runs on this data folder: stop it, or give another folder") from error


class _Stack:
    """The parts in the order they depend on each other."""

    def __init__(self, paths: Paths, rpc_url: str | None, port: int, *, practice: bool, in_memory: bool) -> None:
        self._paths = paths
        self._practice = practice
        self._in_memory = in_memory
        self._given_rpc_url = rpc_url
        self._accounts = {account["name"]: account for account in development_accounts()}
        self._children: list[Child] = []
        self._gateway_port = port or free_port()
        self._chain_port = free_port()
        self._deployment: dict[str, Any] = {}
        self.rpc_url = rpc_url or f"http://127.0.0.1:{self._chain_port}"
        self.gateway_url = f"http://127.0.0.1:{self._gateway_port}"

    def start(self, stop: threading.Event) -> None:
        end_orphans(self._paths.processes)
        self._paths.stack.unlink(missing_ok=True)
        if self._given_rpc_url is None:
            self._add("chain", self._chain_command)
        self._wait(stop, "chain", self._chain_answers)
        chain_id = connect(self.rpc_url).eth.chain_id
        if chain_id not in DEVELOPMENT_CHAIN_IDS:
            raise StackFailed(
                f"chain {chain_id} is no development chain: run `piecework deploy`, `index` and `serve` yourself"
            )
        self._deployment = self._deployed(stop)
        self._add("indexer", self._indexer_command)
        self._add("gateway", self._gateway_command)
        self._wait(stop, "gateway", self._gateway_ready)
        if self._practice:
            self._add("practice", self._practice_command)
        self._write_stack(chain_id)

    def watch(self, stop: threading.Event) -> None:
        """Starts a part again that died alone; gives up when one dies again and again."""
        while not stop.wait(0.5):
            for child in self._children:
                if child.running:
                    continue
                if self._in_memory and child.name == "chain":
                    raise StackFailed("the chain ended, and --in-memory kept no state: read " + str(child.log))
                if child.restarts_too_often:
                    raise StackFailed(f"{child.name} dies again and again: read {child.log}")
                err.print(f"{child.name} ended and is started again: see {child.log}", highlight=False)
                child.start()
                remember(self._paths.processes, self._children)

    def stop(self) -> None:
        for child in reversed(self._children):
            child.stop()
        self._paths.processes.unlink(missing_ok=True)

    # ------------------------------------------------------------------ parts

    def _add(self, name: str, command: Any) -> None:
        child = Child(name, command, self._paths.log(name))
        self._children.append(child)
        child.start()
        remember(self._paths.processes, self._children)

    def _chain_command(self) -> tuple[list[str], dict[str, str]]:
        root = Path(__file__).resolve().parents[2]
        command = [str(anvil_binary(root)), "--host", "127.0.0.1", "--port", str(self._chain_port), "--silent"]
        command += ["--mnemonic", MNEMONIC, "--accounts", str(len(ROLES))]
        if self._in_memory:
            return command, {}
        state = self._usable_state()
        keep_first_genesis(state)
        return [*command, "--state", str(state), "--state-interval", "1", "--preserve-historical-states"], {}

    def _usable_state(self) -> Path:
        """The state file; if a kill left it half-written, the copy of a moment before."""
        state, copy = self._paths.chain_state, self._paths.chain_state.with_suffix(".good.json")
        for candidate in (state, copy):
            if candidate.is_file() and _is_json(candidate):
                if candidate is copy:
                    shutil.copyfile(copy, state)
                else:
                    shutil.copyfile(state, copy)
                return state
        if state.exists():
            state.unlink()
        return state

    def _indexer_command(self) -> tuple[list[str], dict[str, str]]:
        arguments = ["index", "--rpc-url", self.rpc_url, "--database-url", self._paths.database_url]
        arguments += ["--escrow", self._deployment["escrow"], "--credentials", self._deployment["credentials"]]
        arguments += ["--from-block", str(self._deployment["block_number"])]
        return [sys.executable, "-m", "scripts.main", *arguments], {}

    def _gateway_command(self) -> tuple[list[str], dict[str, str]]:
        settings = {
            "RPC_URL": self.rpc_url,
            "ESCROW_ADDRESS": self._deployment["escrow"],
            "DATABASE_URL": self._paths.database_url,
            "PAYLOAD_STORE": f"embedded:{self._paths.payloads}",
            "PUBLIC_URL": self.gateway_url,
            "RELAYER_KEY": self._accounts["relayer"]["private_key"],
            "ASSIGNER_KEY": self._accounts["assigner"]["private_key"],
            "DEFAULT_REVIEWER": self._deployment["panel"],
            "ARBITRATOR": self._deployment["arbitrators"][0],
            "CREDENTIALS_ADDRESS": self._deployment["credentials"],
            "OPERATOR_FEE_BASIS_POINTS": "500",
            "EXPOSE_RPC_URL": "true",
            "SECRETS_KEY": hashlib.sha256(b"a development key, known to everybody").hexdigest(),
            # Everybody is this one machine here.
            **{name: os.environ.get(f"PIECEWORK_{name}", "0") for name in _OF_ONE_CLIENT},
        }
        command = [sys.executable, "-m", "scripts.main", "serve", "--port", str(self._gateway_port)]
        return command, {f"PIECEWORK_{name}": value for name, value in settings.items()}

    def _practice_command(self) -> tuple[list[str], dict[str, str]]:
        command = [sys.executable, "-m", "scripts.crowd.practice", self.gateway_url, self.rpc_url]
        return command, {"PIECEWORK_REQUESTER_KEY": self._accounts["practice"]["private_key"]}

    def _deployed(self, stop: threading.Event) -> dict[str, Any]:
        """The contracts of this folder, put on the chain if they are not there."""
        web3 = connect(self.rpc_url)
        if self._paths.deployment.is_file():
            known: dict[str, Any] = json.loads(self._paths.deployment.read_text())
            if web3.eth.get_code(known["escrow"]):
                return known
            if (self._paths.root / "mirror.sqlite").exists():
                raise StackFailed(
                    f"the chain at {self.rpc_url} does not hold the escrow of this folder ({known['escrow']}): "
                    "give the chain it was deployed on, or another --data-dir"
                )
        from eth_account import Account

        from piecework.chain.deploy import (
            deploy_arbitration_panel,
            deploy_credentials,
            deploy_escrow,
            deploy_panel,
            deploy_token,
        )

        deployer = Account.from_key(self._accounts["deployer"]["private_key"])
        token = deploy_token(web3, deployer)
        reviewers, jurors = (
            [self._accounts[f"{role}{number}"]["address"] for number in (1, 2, 3)] for role in ("reviewer", "juror")
        )
        panel = deploy_panel(web3, deployer, reviewers, 2)
        arbitrator = deploy_arbitration_panel(web3, deployer, jurors, 2, JUROR_FEE_UNITS)
        done = deploy_escrow(web3, deployer, token, [arbitrator])
        facts = {**done.as_dict(), "panel": panel, "credentials": deploy_credentials(web3, deployer)[0]}
        if self._given_rpc_url is None and not self._in_memory:
            self._wait_saved(stop)
        _write(self._paths.deployment, facts)
        return facts

    def _wait_saved(self, stop: threading.Event) -> None:
        """Until the chain wrote a state that has the contracts, so that a kill cannot lose them."""
        after = time.time()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not stop.is_set():
            state = self._paths.chain_state
            if state.is_file() and state.stat().st_mtime > after and _is_json(state):
                return
            time.sleep(0.1)
        raise StackFailed(f"the chain does not write its state to {self._paths.chain_state}")

    # ---------------------------------------------------------------- waiting

    def _wait(self, stop: threading.Event, name: str, answers: Any) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            for child in self._children:
                if not child.running:
                    last = child.log.read_text(errors="replace").strip().splitlines()[-1:]
                    raise StackFailed(f"{child.name} ended at start ({' '.join(last)[:300]}): read {child.log}")
            if answers():
                return
            if stop.wait(0.1):
                raise StackFailed("stopped before the stack was ready")
        raise StackFailed(f"the {name} did not answer within {_START_SECONDS:.0f} s: read {self._paths.log(name)}")

    def _chain_answers(self) -> bool:
        try:
            connect(self.rpc_url, timeout_seconds=2)
        except (NodeUnreachable, AnvilFailed):
            return False
        return True

    def _gateway_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.gateway_url}/readyz", timeout=2) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _write_stack(self, chain_id: int) -> None:
        facts = {
            "format": STACK_FORMAT,
            "rpc_url": self.rpc_url,
            "chain_id": chain_id,
            "escrow": self._deployment["escrow"],
            "token": self._deployment["token"],
            "arbitrator": self._deployment["arbitrators"][0],
            "panel": self._deployment["panel"],
            "credentials": self._deployment["credentials"],
            "gateway_url": self.gateway_url,
            "mturk_url": None,
            "mturk_access_key": None,
            "mturk_secret_key": None,
            "database_url": self._paths.database_url,
            "accounts": list(self._accounts.values()),
        }
        _write(self._paths.stack, facts)


def _write(path: Path, value: dict[str, Any]) -> None:
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file, indent=1)
    temporary.replace(path)


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text())
    except (OSError, ValueError):
        return False
    return True
