"""A requester: drafts a batch, funds it in one transaction with a permit, and takes back what was not spent."""

from __future__ import annotations

import time

from scripts.crowd.api import Api, Json
from scripts.crowd.wallet import Node


def get_tokens(api: Api, amount_units: int, *, native: bool) -> None:
    """From the development faucet: tokens, and gas if the wallet sends transactions itself."""
    assert api.wallet is not None  # noqa: S101 - requesters have wallets
    body = {"address": api.wallet.address, "amount_units": str(amount_units), "native": native}
    for intent_id in api.post("/v1/faucet", body)["intent_ids"]:
        api.wait_for_intent(intent_id)


def fund(api: Api, node: Node, batch: Json) -> tuple[Json, Json]:
    """Drafts `batch` and funds it; returns the draft and the receipt of the one transaction."""
    return fund_draft(api, node, api.post("/v1/batches", batch))


def fund_draft(api: Api, node: Node, draft: Json) -> tuple[Json, Json]:
    """Signs what the gateway drafted, and sends it; returns the draft and the receipt."""
    assert api.wallet is not None  # noqa: S101
    transaction = draft["transaction"]
    if transaction is None:
        message = draft["permit"]["message"]
        permit = {
            "amount_units": message["value"],
            "deadline": message["deadline"],
            "signature": api.wallet.sign_typed(draft["permit"]),
        }
        transaction = api.post(f"/v1/batches/{draft['batch_id']}/transaction", {"permit": permit})["transaction"]
    receipt = node.send(api.wallet, transaction)
    _until_indexed(api, int(receipt["blockNumber"], 16))
    return draft, receipt


def close(api: Api, node: Node, batch_id: str) -> None:
    """Stops claims; free money comes back."""
    assert api.wallet is not None  # noqa: S101
    transaction = api.post(f"/v1/batches/{batch_id}/close/draft")["transaction"]
    receipt = node.send(api.wallet, transaction)
    _until_indexed(api, int(receipt["blockNumber"], 16))


def _until_indexed(api: Api, block_number: int, *, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if api.get("/v1/chain")["indexed_block"] >= block_number:
            return
        time.sleep(0.1)
    raise TimeoutError(f"block {block_number} was not indexed in {seconds:.0f} s: does the indexer run?")
