"""A whole gateway and its indexer over a real chain, spoken to as clients do."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eth_account.messages import encode_defunct
from pydantic import SecretStr
from starlette.testclient import TestClient

from backend.app import create_app
from backend.settings import GatewaySettings
from indexer.run import IndexerSettings, run_indexer
from tests.backend.relay.market import Market

PUBLIC_URL = "http://gateway.test"
EXPLORER_URL = "https://explorer.test"


@dataclass
class Gateway:
    """`client` speaks HTTP; `market` acts on the chain beside it."""

    client: TestClient
    market: Market

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: Any, status: int = 202, token: str | None = None) -> Any:
        headers = {"idempotency-key": secrets.token_hex(16)}  # as every client of ours
        if token:
            headers["authorization"] = f"Bearer {token}"
        answer = self.client.post(path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
        return answer.json()

    def sign_in(self, account: Any) -> str:
        """A session's token."""
        nonce = self.post("/v1/auth/nonce", {}, status=200)["nonce"]
        issued = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        message = (
            f"gateway.test wants you to sign in with your Ethereum account:\n{account.address}\n\n"
            f"Sign in to Piecework.\n\nURI: {PUBLIC_URL}\nVersion: 1\n"
            f"Chain ID: {self.market.stack.escrow.chain_id}\nNonce: {nonce}\nIssued At: {issued}"
        )
        signature = "0x" + bytes(account.sign_message(encode_defunct(text=message)).signature).hex()
        body = {"message": message, "signature": signature}
        return str(self.post("/v1/auth/login", body, status=200)["token"])

    def finished(self, intent_id: str, seconds: float = 20.0) -> Any:
        """The intent when it is neither queued nor sent any more."""
        deadline = time.monotonic() + seconds
        while True:
            intent = self.get(f"/v1/intents/{intent_id}")
            if intent["status"] not in ("queued", "sent"):
                return intent
            assert time.monotonic() < deadline, intent
            time.sleep(0.02)

    def until(self, path: str, wanted: Any, seconds: float = 20.0) -> Any:
        """What GET `path` gives once `wanted` holds of it: the mirror follows the chain."""
        deadline = time.monotonic() + seconds
        while not wanted(found := self.get(path)):
            assert time.monotonic() < deadline, found
            time.sleep(0.02)
        return found


@contextmanager
def running_gateway(stack: Any, folder: Path, **changes: Any) -> Iterator[Gateway]:
    """Gateway and indexer on one database, until the end of the block; `changes` are of the settings."""
    accounts = stack.accounts
    database = changes.pop("database_url", f"sqlite:///{folder / 'gateway.db'}")
    settings = GatewaySettings(
        rpc_url=stack.rpc_url,
        escrow_address=stack.escrow.address,
        database_url=database,
        payload_store=f"embedded:{folder / 'payloads'}",
        relayer_key=SecretStr("0x" + bytes(accounts["relayer"].key).hex()),
        explorer_url=EXPLORER_URL,
        faucet_limit_units=10**9,
        **{
            "public_url": PUBLIC_URL,
            "assigner_key": SecretStr("0x" + bytes(accounts["assigner"].key).hex()),
            "secrets_key": SecretStr("0123456789abcdef" * 4),
            "arbitrator": accounts["arbitrator"].address,
            "pay_floor_units_per_hour": 0,
            "rate_units_per_second_by_ip": 0,  # all that a test asks for comes from one client
            "rate_units_per_second_by_address": 0,
            **changes,
        },
    )
    app = create_app(settings)
    stop = threading.Event()
    indexing = IndexerSettings(
        stack.rpc_url,
        database,
        stack.escrow.address,
        credentials=settings.credentials_address,
        poll_seconds=0.05,
    )
    thread = threading.Thread(target=run_indexer, args=(indexing,), kwargs={"stop": stop}, daemon=True)
    thread.start()
    try:
        with TestClient(app) as client:
            yield Gateway(client, Market(stack))
    finally:
        stop.set()
        thread.join()
        app.state.services.engine.dispose()
