"""An appeal on a running stack, as far as the jurors: real wallets, a careless reviewer, nothing made up on chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.progress import Progress

from scripts.crowd.api import Api
from scripts.crowd.appeal import Appeal
from scripts.crowd.juror import Juror
from scripts.crowd.wallet import Node, Wallet

TITLE = "Is the sentence about a cat or a dog?"


def keys_of(facts: dict[str, Any]) -> dict[str, str]:
    return {account["name"]: account["private_key"] for account in facts["accounts"]}


@dataclass(frozen=True)
class Staged:
    """An open dispute over two rejections, and the two other jurors, who find both answers right."""

    batch_id: str
    dispute_id: str
    worker: str
    others: tuple[Juror, Juror]
    reviewer: Wallet


def answer(_: Api, task: Any) -> str:
    return "cat" if "cat" in task["content"]["text"] else "dog"


def staged_dispute(facts: dict[str, Any]) -> Staged:
    """Three tasks, all answered right: the first accepted, two rejected and contested."""
    keys = keys_of(facts)
    jurors = [keys[f"juror{number}"] for number in (1, 2, 3)]
    with Progress(disable=True) as bars:
        urls = facts["gateway_url"], facts["rpc_url"]
        appeal = Appeal(*urls, requester_key=keys["requester"], juror_keys=jurors, bars=bars)
        dispute_id = appeal.until_disputed(lambda _: batch(), answer, bars.add_task("appeal"))
    found = Api(facts["gateway_url"]).get(f"/v1/disputes/{dispute_id}")
    return Staged(
        found["batch_id"],
        dispute_id,
        found["worker"],
        (_juror(facts, jurors[1]), _juror(facts, jurors[2])),
        appeal.reviewer,
    )


def first_juror(facts: dict[str, Any]) -> Juror:
    """The one who is none of a dispute's `others`."""
    return _juror(facts, keys_of(facts)["juror1"])


def _juror(facts: dict[str, Any], key: str) -> Juror:
    api = Api(facts["gateway_url"], Wallet(key))
    api.sign_in(api.get("/v1/chain"))
    return Juror(api, Node(facts["rpc_url"]), answer)


def batch() -> dict[str, Any]:
    texts = ("A cat sleeps on the warm roof.", "The dog shakes off the rain.", "Our cat waits at the door again.")
    return {
        "title": TITLE,
        "instructions": "Say which animal the sentence is about. If it names both, choose the one that does something.",
        "task_type": "choice",
        "answer_schema": {"enum": ["cat", "dog"]},
        "answers_per_task": 1,
        "tasks": [{"id": f"sentence-{number}", "content": {"text": text}} for number, text in enumerate(texts, 1)],
        "reward_units": "250000",
        "review": {"policy": "reviewers"},
    }
