"""Sign-in messages after EIP-4361, as wallets make them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from eth_account.messages import encode_defunct

from tests.backend.house import House


def at(seconds: float) -> str:
    """So many seconds from now, as EIP-4361 writes it."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def message(house: House, address: str, **changes: str) -> str:
    values = {
        "domain": "gateway.test",
        "uri": "http://gateway.test/login",
        "chain": str(house.stack.web3.eth.chain_id),
        "issued": at(0),
    } | changes
    if "nonce" not in values:
        values["nonce"] = house.client.post("/v1/auth/nonce").json()["nonce"]
    tail = "".join(f"\n{name}: {values[key]}" for name, key in OPTIONAL if key in values)
    return (
        f"{values['domain']} wants you to sign in with your Ethereum account:\n{address}\n\nSign in.\n\n"
        f"URI: {values['uri']}\nVersion: 1\nChain ID: {values['chain']}\nNonce: {values['nonce']}\n"
        f"Issued At: {values['issued']}{tail}"
    )


OPTIONAL = [("Expiration Time", "expires"), ("Not Before", "not_before")]


def signature(wallet: Any, text: str) -> str:
    return "0x" + bytes(wallet.sign_message(encode_defunct(text=text)).signature).hex()
