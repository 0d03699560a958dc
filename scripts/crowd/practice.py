"""A requester for newcomers: keeps one easy batch open on a development chain, and pays for it at once.

Run as `python -m scripts.crowd.practice GATEWAY_URL RPC_URL` with the key in PIECEWORK_REQUESTER_KEY; ends on SIGTERM.
The requester is the batch's only reviewer and signs what the policy proposes, so that a first payment takes seconds.
"""

from __future__ import annotations

import os
import sys
import time

from scripts.crowd import requester
from scripts.crowd.api import Api, ApiError, Json
from scripts.crowd.reviewer import review_once
from scripts.crowd.wallet import Node, TransactionFailed, Wallet

TITLE = "Practice: what is in the sentence?"
REWARD_UNITS = 250_000
TASKS_EACH = 2
_BATCHES_OF = 40
_ENOUGH_UNITS = 4 * _BATCHES_OF * REWARD_UNITS
_POLL_SECONDS = 0.5
_SENTENCES = (
    ("The ferry leaves at noon.", "a time"),
    ("Bread costs two coins here.", "a price"),
    ("The library is behind the park.", "a place"),
    ("Dinner is ready at seven.", "a time"),
    ("The blue lamp is twelve coins.", "a price"),
    ("You find the well under the oak.", "a place"),
    ("The shop opens at nine.", "a time"),
    ("A ticket is five coins.", "a price"),
)


def batch(reviewer: str) -> Json:
    """Twenty tasks, two to a claim; each is asked twice, so that two people can try."""
    tasks = [
        {"id": f"sentence-{number}", "content": {"text": _SENTENCES[number % len(_SENTENCES)][0]}}
        for number in range(_BATCHES_OF // TASKS_EACH)
    ]
    return {
        "title": TITLE,
        "instructions": "Read the sentence and say what it tells you.",
        "task_type": "choice",
        "answer_schema": {"enum": ["a time", "a price", "a place"]},
        "answers_per_task": 2,
        "tasks": tasks,
        "reward_units": str(REWARD_UNITS),
        "estimated_seconds_per_task": 10,
        "max_claim": TASKS_EACH,
        "reviewer": reviewer,
        "review": {"policy": "agreement"},
    }


def keep_open(api: Api, node: Node) -> None:
    """Funds a new batch if no open one of this requester has tasks left."""
    assert api.wallet is not None  # noqa: S101 - requesters have wallets
    mine = api.get("/v1/batches", status="open", requester=api.wallet.address)["items"]
    if any(item["title"] == TITLE and item["free"] >= TASKS_EACH for item in mine):
        return
    requester.get_tokens(api, _ENOUGH_UNITS, native=True)
    requester.fund(api, node, batch(api.wallet.address))


def propose(api: Api) -> None:
    """Asks for a settlement of everything that was handed in, by the batch's policy."""
    for item in api.get("/v1/reviews/queue")["items"]:
        if not any(proposal["status"] == "open" for proposal in item["proposals"]):
            api.post(f"/v1/reviews/batches/{item['batch_id']}/proposals", {})


def main() -> int:
    """Keeps a batch open and pays until told to stop."""
    api = Api(sys.argv[1], Wallet(os.environ["PIECEWORK_REQUESTER_KEY"]))
    api.sign_in(api.get("/v1/chain"))
    node = Node(sys.argv[2])
    while True:
        try:
            keep_open(api, node)
            propose(api)
            review_once(api)
        except (ApiError, TransactionFailed) as error:
            print(f"later again: {error}", flush=True)  # noqa: T201
        time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
