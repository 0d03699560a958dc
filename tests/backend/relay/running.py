"""The relay as a process of its own, to be killed."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from backend.relay.assigner import Assigner
from backend.relay.outbox import Outbox
from backend.relay.sender import Sender
from backend.relay.service import Relay
from backend.services import ChainClock, Services, TokenInfo
from backend.settings import GatewaySettings
from piecework.chain.client import connect
from piecework.chain.errors import NodeUnreachable
from piecework.chain.escrow import Escrow
from piecework.chain.token import Token
from piecework.db.engine import open_engine


@dataclass(frozen=True)
class Place:
    """All that a relay process needs to know. `key` is hex."""

    rpc_url: str
    database_url: str
    escrow: str
    token: str
    key: str


def relay_at(place: Place, **settings: Any) -> Relay:
    """The relay as the gateway builds it."""
    web3 = _connected(place.rpc_url)
    escrow, token = Escrow(web3, place.escrow), Token(web3, place.token)
    engine, outbox = open_engine(place.database_url), Outbox()
    usual = GatewaySettings(
        rpc_url=place.rpc_url,
        escrow_address=place.escrow,
        database_url=place.database_url,
        payload_store="embedded:unused",
        public_url="http://gateway.test",
        relayer_key=SecretStr(place.key),
        assigner_key=SecretStr("0x" + "a5" * 32),
        arbitrator=place.escrow,
        **settings,
    )
    sender = Sender(engine, escrow, token, usual.relayer_key)
    services = Services(
        settings=usual,
        engine=engine,
        escrow=escrow,
        token=token,
        token_info=TokenInfo(place.token, "", "", 6, "1"),
        store=None,  # type: ignore[arg-type] - the relay stores no payloads
        assigner=Assigner(usual.assigner_key),
        outbox=outbox,
        clock=ChainClock(escrow.pending_timestamp),
        relayer_address=sender.address,
    )
    return Relay(services, sender, outbox)


def _connected(rpc_url: str) -> Any:
    while True:
        try:
            return connect(rpc_url)
        except NodeUnreachable:
            time.sleep(0.1)


def run_forever(place: Place) -> None:
    """What the process does until it is killed."""
    relay_at(place).start()
    while True:
        time.sleep(60)


def start(place: Place) -> Any:
    """A relay process, forked from a server that has imported everything already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "web3", "eth_account", "requests"])
    process = context.Process(target=run_forever, args=(place,), daemon=True)
    process.start()
    return process


def place_of(room: Any, rpc_url: str, database: Path) -> Place:
    """The room's own database and contracts, with a node at `rpc_url`."""
    return Place(
        rpc_url=rpc_url,
        database_url=f"sqlite:///{database}",
        escrow=room.escrow.address,
        token=room.market.stack.token.address,
        key="0x" + bytes(room.relayer.key).hex(),
    )
