"""A gateway starts only where everything fits, and says in time what does not; and lives on when its node does not."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from pydantic import SecretStr, ValidationError
from starlette.testclient import TestClient

from backend.app import create_app
from backend.ipfs.port import StoreUnavailable
from backend.settings import GatewaySettings
from indexer.run import IndexerSettings, run_indexer
from piecework.chain.anvil import free_port
from piecework.chain.errors import ContractMissing, NodeUnreachable, WrongChainId
from tests.backend.house import House, is_problem, open_house, sign, verdict
from tests.conftest import ROOT, deploy_stack


def settings(stack: Any, folder: Path, **changes: Any) -> GatewaySettings:
    values: dict[str, Any] = {
        "rpc_url": stack.rpc_url,
        "escrow_address": stack.escrow.address,
        "database_url": f"sqlite:///{folder / 'gateway.db'}",
        "payload_store": f"embedded:{folder / 'payloads'}",
        "public_url": "http://gateway.test",
        "relayer_key": SecretStr("0x" + bytes(stack.accounts["relayer"].key).hex()),
        "assigner_key": SecretStr("0x" + bytes(stack.accounts["assigner"].key).hex()),
        "arbitrator": stack.accounts["arbitrator"].address,
    }
    return GatewaySettings(**values | changes)


def test_the_settings_of_these_tests_are_right_but_for_what_each_changes(stack: Any, tmp_path: Path) -> None:
    assert create_app(settings(stack, tmp_path, chain_id=31337)).title == "Piecework gateway"


def test_a_node_of_another_chain_is_refused(stack: Any, tmp_path: Path) -> None:
    with pytest.raises(WrongChainId, match="serves chain 31337, not 1: point it at the right node"):
        create_app(settings(stack, tmp_path, chain_id=1))


@pytest.mark.parametrize("which", ["nobody", "token", "panel"])
def test_a_missing_contract_or_one_of_another_kind_is_refused(stack: Any, tmp_path: Path, which: str) -> None:
    address = {"nobody": Account.create().address, "token": stack.token.address, "panel": stack.panel}[which]

    with pytest.raises(ContractMissing, match="is no TaskEscrow on this chain"):
        create_app(settings(stack, tmp_path, escrow_address=address))


@pytest.mark.parametrize("name", ["escrow_address", "arbitrator"])
@pytest.mark.parametrize("text", ["", "0x12", "escrow.eth", "0x" + "zz" * 20])
def test_an_address_that_is_none_is_refused_with_its_settings_name(
    stack: Any, tmp_path: Path, name: str, text: str
) -> None:
    with pytest.raises(ValueError, match=f"PIECEWORK_{name.upper()}"):
        create_app(settings(stack, tmp_path, **{name: text}))


def test_an_arbitrator_that_the_escrow_does_not_list_is_refused(stack: Any, tmp_path: Path) -> None:
    with pytest.raises(ContractMissing, match="arbitrator of this escrow"):
        create_app(settings(stack, tmp_path, arbitrator=stack.accounts["stranger"].address))


def test_no_node_is_refused_by_name(stack: Any, tmp_path: Path) -> None:
    with pytest.raises(NodeUnreachable, match="is it running, is the URL right"):
        create_app(settings(stack, tmp_path, rpc_url=f"http://127.0.0.1:{free_port()}"))


def test_a_folder_that_cannot_hold_payloads_is_refused(stack: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreUnavailable):
        create_app(settings(stack, tmp_path, payload_store=f"embedded:{tmp_path / 'file'}"))


def test_a_database_of_another_chain_is_refused(stack: Any, tmp_path: Path) -> None:
    """The same escrow address and chain id, on another run of the chain."""
    from piecework.chain.anvil import start_anvil
    from piecework.chain.client import connect

    mirror = IndexerSettings(stack.rpc_url, f"sqlite:///{tmp_path / 'gateway.db'}", stack.escrow.address)
    run_indexer(mirror, once=True)
    create_app(settings(stack, tmp_path))
    process = start_anvil(ROOT, extra=("--timestamp", "1700000000"))
    try:
        other = deploy_stack(process.rpc_url, connect(process.rpc_url))
        assert other.escrow.address == stack.escrow.address
        with pytest.raises(ValueError, match="set PIECEWORK_DATABASE_URL to one of its own"):
            create_app(settings(other, tmp_path))
    finally:
        process.stop()


# ---------------------------------------------------------------------- secrets

PLANTED = "0x" + "5ec2e7" * 10 + "beef"


@pytest.mark.parametrize(
    "changes",
    [
        {"relayer_key": PLANTED[:-1]},
        {"relayer_key": PLANTED, "assigner_key": PLANTED},
        {"relayer_key": PLANTED, "public_url": "nowhere"},
        {"relayer_key": PLANTED, "operator_fee_basis_points": 501},
        {"relayer_key": "0x" + "00" * 32},
        {"relayer_key": "changeme"},
    ],
)
def test_settings_that_are_refused_do_not_tell_a_key(stack: Any, tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as raised:
        settings(stack, tmp_path, **changes)

    assert "5ec2e7" not in str(raised.value)
    assert "5ec2e7" not in repr(raised.value)


def test_no_repr_tells_a_key_or_a_password(stack: Any, tmp_path: Path) -> None:
    given = settings(
        stack,
        tmp_path,
        relayer_key=PLANTED,
        rpc_url=stack.rpc_url + "/?key=5ec2e7",
        payload_store=f"embedded:{tmp_path}/5ec2e7",
    )
    app = create_app(given)
    services = app.state.services

    for thing in (given, services, services.assigner, services.outbox, app):
        assert "5ec2e7" not in repr(thing)
        assert "5ec2e7" not in str(thing)
    assert given.relayer_key.get_secret_value() == PLANTED, "the planted key is in there"


def test_a_whole_way_tells_no_key_in_any_answer_or_log(
    stack: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The gateway's two keys and the session tokens, in every form they have."""
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    with open_house(stack, tmp_path) as house:
        real = house.client.request

        def listening(*args: Any, **kwargs: Any) -> Any:
            answer = real(*args, **kwargs)
            seen.append(answer.text + repr(answer.headers))
            return answer

        house.client.request = listening  # type: ignore[method-assign]
        worker = house.wallet()
        batch_id = house.funded(tasks=1)
        house.submitted(worker, batch_id)
        house.settled(house.proposed(batch_id, [verdict(worker, "t0")]))
        house.refused(worker, "/v1/work/assignments", {"batch_id": batch_id}, 409, "no_tasks_left")
        for path in ("/readyz", "/metrics", "/openapi.json", "/v1/chain"):
            house.client.get(path)
        tokens = set(house.tokens.values())
    out = capfd.readouterr()
    logs = "\n".join((out.out, out.err, caplog.text))

    assert len(seen) > 20
    for name in ("relayer", "assigner"):
        key = bytes(stack.accounts[name].key)
        for form in (key.hex(), key.hex().upper(), str(int.from_bytes(key, "big")), repr(key)):
            assert form not in logs
            assert not any(form in text for text in seen)
    assert not any(token in logs for token in tokens)
    assert stack.accounts["relayer"].address in "".join(seen), "addresses are told, so the search can find something"


# ------------------------------------------------------------- a node that leaves


class Wire:
    """A way to the node that a test can cut, or hold without an answer."""

    def __init__(self, rpc_url: str) -> None:
        host, _, port = rpc_url.removeprefix("http://").partition(":")
        self._to = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.state = "open"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def become(self, state: str) -> None:
        """`open`, `cut` (connections end at once) or `silent` (nobody answers)."""
        self.state = state
        for link in self._open:
            link.close() if state == "open" else link.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.state == "cut":
                near.close()
                continue
            if self.state == "silent":
                self._open.append(near)
                continue
            far = socket.create_connection(self._to)
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while self.state == "open" and (data := one.recv(65_536)):
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._listener.close()
        self.become("open")


@contextmanager
def wired(stack: Any, folder: Path) -> Iterator[tuple[House, Wire]]:
    """A house whose gateway reaches its node over a wire; the tests' own hands reach it directly."""
    import backend.app

    wire = Wire(stack.rpc_url)
    real = backend.app.connect
    backend.app.connect = lambda _, **given: real(wire.url, timeout_seconds=1.0, **given)  # type: ignore[attr-defined]
    try:
        with open_house(stack, folder) as house:
            yield house, wire
    finally:
        backend.app.connect = real  # type: ignore[attr-defined]
        wire.close()


@pytest.mark.parametrize("trouble", ["cut", "silent"])
def test_a_node_that_leaves_is_named_in_time_and_the_gateway_goes_on_when_it_is_back(
    stack: Any, tmp_path: Path, trouble: str
) -> None:
    with wired(stack, tmp_path) as (house, wire):
        requester, worker = house.requester(), house.wallet()
        batch_id = house.funded(requester, 2)
        offer = house.offer(worker, batch_id, count=1)
        house.token(requester)
        wire.become(trouble)
        before = house.state()

        claim = {"signature": sign(worker, offer["typed_data"])}
        for who, path, body in (
            (worker, f"/v1/work/assignments/{offer['assignment_id']}/claim", claim),
            (house.reviewers()[0], f"/v1/reviews/batches/{batch_id}/proposals", {"verdicts": None}),
            (requester, "/v1/batches", house.draft_body(1)),
        ):
            answer = house.client.post(path, json=body, headers={"authorization": f"Bearer {house.token(who)}"})
            assert answer.status_code in (409, 422, 503), answer.text
            if path.endswith("claim") or path == "/v1/batches":
                assert (answer.status_code, is_problem(answer)["code"]) == (503, "node_unreachable")
        ready = house.client.get("/readyz")
        assert ready.status_code == 503
        assert not ready.json()["checks"]["chain"]["ok"]
        assert "check PIECEWORK_RPC_URL" in ready.json()["checks"]["chain"]["detail"]
        assert wire.url.rpartition(":")[2] not in ready.text, "where the node stands is nobody's business"
        assert house.client.get("/healthz").status_code == 200
        assert house.state()[0] == before[0]

        wire.become("open")
        house.until(lambda: house.client.get("/readyz").status_code, lambda status: status == 200)
        house.post(worker, f"/v1/work/assignments/{offer['assignment_id']}/claim", claim, 202)
        house.reaches(worker, offer["assignment_id"], "claimed")


def test_readiness_names_an_indexer_that_never_began(stack: Any, tmp_path: Path) -> None:
    with TestClient(create_app(settings(stack, tmp_path))) as client:
        answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["indexer"]["detail"].startswith("the indexer has not begun")
    assert [name for name, check in answer.json()["checks"].items() if check["ok"]] == ["chain", "database", "payloads"]
