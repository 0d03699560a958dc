"""A requester's server, and rows that happen; the gateway's sender beside them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from backend.relay.outbox import Outbox
from backend.services import Services
from backend.webhooks import messages
from backend.webhooks.dispatcher import Dispatcher
from piecework.db.mirror import ChainEvent
from piecework.db.webhooks import WebhookDelivery, WebhookEndpoint
from tests.backend.live.listener import address, batch_id
from tests.backend.outbound.listening import Listener, listening, saying

KEY = "0123456789abcdef" * 4
OWNER = address(7)


@dataclass
class Receiver:
    """Notes what is told; `answers` holds the next statuses, 200 when it is empty."""

    listener: Listener
    answers: list[str] = field(default_factory=list)
    told: list[tuple[str, Any]] = field(default_factory=list)
    """Id and body of each message, repeated ones too."""
    sent: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.listener.host}:{self.listener.port}/hook"

    def places(self) -> list[str]:
        return [body["data"]["place"] for _, body in self.told if "place" in body["data"]]


@contextmanager
def receiving(host: str = "127.0.0.1") -> Iterator[Receiver]:
    """On a free port; gives a challenge back."""
    found: list[Receiver] = []

    def talk(connection: socket.socket, request: bytes) -> None:
        receiver = found[0]
        head, _, text = request.partition(b"\r\n\r\n")
        lines = (line.partition(": ") for line in head.decode().split("\r\n")[1:])
        headers = {name.lower(): value for name, _, value in lines}
        body = json.loads(text)
        receiver.told.append((headers["webhook-id"], body))
        receiver.sent.append(headers | {"body": text.decode()})
        reply = json.dumps({"challenge": body["data"].get("challenge")}).encode()
        saying(receiver.answers.pop(0) if receiver.answers else "200 OK", reply)(connection, request)

    with listening(talk, host=host) as listener:
        found.append(Receiver(listener))
        yield found[0]


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Post:
    """Rows as the indexer writes them, one owner's endpoint, and gateways that deliver; `clock` is everybody's."""

    engine: Engine
    port: int
    clock: Clock = field(default_factory=Clock)

    gateways: list[Dispatcher] = field(default_factory=list)

    def gateway(self, services: Services | None = None) -> Dispatcher:
        self.gateways.append(Dispatcher(services or self.services(), now=self.clock))
        return self.gateways[-1]

    def close(self) -> None:
        """Waits for what is on its way, so that the database can be closed."""
        for gateway in self.gateways:
            gateway.stop()

    def services(self, key: str = KEY) -> Services:
        secret = SimpleNamespace(get_secret_value=lambda: key)
        settings: Any = SimpleNamespace(
            outbound_ports=str(self.port), outbound_allowed_networks="127.0.0.1", secrets_key=secret
        )
        nothing: Any = None
        parts = (nothing,) * 5
        return Services(settings, self.engine, *parts, Outbox(), nothing, address(0))

    def endpoint(self, url: str, names: list[str] | None = None, number: int = 1, place: str = "0-0-") -> str:
        """An active one that was told all up to a place; returns its id."""
        endpoint_id = f"{number:032x}"
        sealer = self.services().sealer
        with Session(self.engine) as session, session.begin():
            session.add(
                WebhookEndpoint(
                    endpoint_id=endpoint_id,
                    owner=OWNER,
                    url=url,
                    names=names,
                    sealed_secret=sealer.seal(b"s" * 32, f"webhook_endpoints/{endpoint_id}"),
                    state="active",
                    place=place,
                    is_behind=True,
                    failures=0,
                    next_at=0.0,
                    leased_until=0.0,
                    created_at=self.clock(),
                )
            )
        return endpoint_id

    def happens(self, block: int, log: int = 0, *, branch: str = "a", **changes: Any) -> str:
        """An event of the owner's batch; returns its place."""
        mark = f"{block:015x}{branch}"
        values = {"name": "Claimed", "batch_id": batch_id(1), "account": address(1), "args": {"n": block}} | changes
        with Session(self.engine) as session, session.begin():
            session.add(
                ChainEvent(
                    block_number=block,
                    log_index=log,
                    block_hash="0x" + mark + "0" * 48,
                    block_timestamp=1_700_000_000 + block,
                    transaction_hash="0x" + "00" * 32,
                    contract=address(99),
                    **values,
                )
            )
        return f"{block}-{log}-{mark}"

    def is_undone_from(self, block: int) -> None:
        with Session(self.engine) as session, session.begin():
            session.execute(delete(ChainEvent).where(ChainEvent.block_number >= block))

    def row(self, endpoint_id: str) -> WebhookEndpoint:
        with Session(self.engine) as session:
            found = session.get(WebhookEndpoint, endpoint_id)
            assert found is not None
            return found

    def deliveries(self) -> list[WebhookDelivery]:
        with Session(self.engine) as session:
            return list(session.query(WebhookDelivery).order_by(WebhookDelivery.position))

    def states(self) -> list[str]:
        return [row.state for row in self.deliveries()]

    def rounds(self, *gateways: Dispatcher, wanted: Callable[[], bool], count: int = 400) -> None:
        """Until it is as wanted; the senders are threads."""
        for _ in range(count):
            for gateway in gateways:
                gateway.run_once()
            if wanted():
                return
            time.sleep(0.01)
        raise AssertionError([(row.place, row.state, row.error) for row in self.deliveries()])


def verified(receiver: Receiver, secret: bytes = b"s" * 32) -> list[Any]:
    """The bodies, each checked with the receivers' own library; raises if a signature is wrong."""
    checker = Webhook(messages.secret_text(secret))
    return [checker.verify(sent["body"], sent) for sent in receiver.sent]
