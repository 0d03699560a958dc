"""A gateway that lies about what it asks to sign: the app tells so, and the wallet is not asked at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from piecework.domain.canonical import canonical_bytes
from piecework.domain.cid import cid_of, digest_of
from scripts.crowd.api import Json
from scripts.crowd.wallet import Node
from tests.frontend.browser import Visitor
from tests.frontend.funded import Requester, cats
from tests.frontend.injected import NAME, InjectedWallet
from tests.frontend.test_requester import COST_UNITS, paid, typed, worded

pytestmark = pytest.mark.slow

TOLD = "The gateway asked to sign something else than what is shown here."
STRANGER = "0x" + "ab" * 20
Lie = Callable[[Json], None]


def lying(visitor: Visitor, address: str, lies: list[Lie], method: str = "POST") -> None:
    """Answers of this address say what the first of `lies` makes of them; with none left they are true."""

    def answer(route: Any) -> None:
        if route.request.method != method or not lies:
            route.continue_()
            return
        lie = lies[0]  # while the truth is fetched the test goes on, and may take the last one away
        true = route.fetch()
        told = json.loads(true.text())
        lie(told)
        route.fulfill(response=true, json=told)

    visitor.context.route(address, answer)


def put(*path: str | int, value: Any) -> Lie:
    """Writes `value` at a place of the answer."""

    def lie(told: Json) -> None:
        place: Any = told
        for step in path[:-1]:
            place = place[step]
        assert place[path[-1]] != value, "a lie differs from the truth"
        place[path[-1]] = value

    return lie


PERMITS = (
    put("permit", "message", "spender", value=STRANGER),
    put("permit", "message", "owner", value=STRANGER),
    put("permit", "message", "value", value=str(3 * COST_UNITS + 1)),
    put("permit", "domain", "verifyingContract", value=STRANGER),
    put("permit", "domain", "chainId", value=1),
    put("permit", "primaryType", value="Transfer"),
)
TRANSACTIONS = (
    put("transaction", "to", value=STRANGER),
    put("transaction", "value", value="1"),
    put("transaction", "chain_id", value=1),
)


def test_permits_and_transactions_that_are_not_what_was_asked_never_reach_the_wallet(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], node: Node
) -> None:
    visitor = visit()
    wallet = InjectedWallet(visitor, node, chain_id=stack_up["chain_id"])
    visitor.open("/wallet")
    visitor.click(f"Continue with {NAME}")
    visitor.page.get_by_role("button", name=re.compile("Give me")).click()
    visitor.page.locator("[data-state=confirmed]").first.wait_for()
    typed(visitor)
    worded(visitor)
    paid(visitor)
    visitor.click("Go on")
    visitor.page.get_by_role("button", name="Sign and fund").wait_for()
    drafts, transactions = list(PERMITS), list(TRANSACTIONS)
    lying(visitor, "**/v1/batches", drafts)
    lying(visitor, "**/v1/batches/*/transaction", transactions)
    while drafts or transactions:
        asked = len(wallet.asked)
        visitor.page.reload()
        visitor.click("Sign and fund")
        visitor.sees(TOLD)
        kinds = [] if drafts else ["Permit"]
        assert wallet.asked[asked:] == kinds, "the transaction's permit is true; nothing else is asked for"
        (drafts or transactions).pop(0)
    visitor.page.reload()
    visitor.click("Sign and fund")
    visitor.page.wait_for_url(re.compile("/requests/0x"))
    assert wallet.asked[-2:] == ["Permit", "eth_sendTransaction"]


def turned(told: Json) -> None:
    """The one answer that was accepted is rejected, in the message and in what the proposal says of it."""
    for verdicts in (told["verdicts"], told["typed_data"]["message"]["verdicts"]):
        verdicts[0] |= {"accepted": verdicts[0]["rejected"], "rejected": verdicts[0]["accepted"]}


def paid_directly(told: Json) -> None:
    told["typed_data"]["message"]["direct"] = [{"worker": STRANGER, "assignments": 1}]


PROPOSALS = (
    paid_directly,
    put("typed_data", "message", "verdicts", value=[]),
    put("results_digest", value="0x" + "12" * 32),
    put("typed_data", "domain", "verifyingContract", value=STRANGER),
)


def test_settlements_that_are_not_what_was_decided_never_reach_the_wallet(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], node: Node, requester: Requester
) -> None:
    batch_id = requester.fund("choice", {"text": "a cat"}, options={"choices": ["cat", "dog"]})
    cats(stack_up, batch_id)
    visitor = visit()
    wallet = InjectedWallet(visitor, node, chain_id=stack_up["chain_id"], wallet=requester.api.wallet)
    answers: list[Lie] = [turned]
    lying(visitor, "**/v1/reviews/batches/*/proposals", answers)
    visitor.open(f"/review/{batch_id}")
    visitor.click(f"Continue with {NAME}")
    visitor.page.get_by_role("button", name="A Accept").wait_for()
    visitor.page.keyboard.press("a")
    visitor.click("Sign 1 decision")
    visitor.sees(TOLD)
    assert wallet.asked == ["personal_sign"]
    lies = list[Lie](PROPOSALS)
    lying(visitor, "**/v1/reviews/proposals/*", lies, "GET")
    while lies:
        visitor.page.reload()
        visitor.click("Sign")
        visitor.sees(TOLD)
        assert wallet.asked == ["personal_sign"]
        lies.pop(0)
    visitor.page.reload()
    visitor.click("Sign")
    visitor.page.locator("[data-state=confirmed]").wait_for()
    assert wallet.asked == ["personal_sign", "Settlement"]


def omits_a_worker(told: Json) -> None:
    """The second worker waits on, as if nobody had decided."""
    for verdicts in (told["verdicts"], told["typed_data"]["message"]["verdicts"]):
        assert len(verdicts) == 2
        verdicts.pop()


def omits_an_answer(told: Json) -> None:
    """Of the first worker's two answers one waits on."""
    for verdicts in (told["verdicts"], told["typed_data"]["message"]["verdicts"]):
        assert verdicts[0]["accepted"] == 2
        verdicts[0]["accepted"] = 1


class Replaced:
    """Counts are as decided; the results file has a decision less, and everything names that file."""

    def __init__(self) -> None:
        self.cid, self.data = "", b""
        self.fetch: Callable[[str], Json] = lambda _: {}

    def __call__(self, told: Json) -> None:
        results = self.fetch(f"/v1/payloads/{told['results_cid']}")
        results["decisions"].pop()
        self.data = canonical_bytes(results)
        self.cid = str(cid_of(self.data))
        told["results_cid"], told["results_digest"] = self.cid, digest_of(self.data)
        told["typed_data"]["message"]["resultsDigest"] = told["results_digest"]


def test_a_settlement_that_leaves_decisions_out_never_reaches_the_wallet(
    visit: Callable[..., Visitor], stack_up: dict[str, Any], node: Node, requester: Requester
) -> None:
    """Two workers with two answers each, all accepted: a worker is left out, an answer, a line of the results file."""
    replaced = Replaced()
    replaced.fetch = requester.api.get
    for lie in (omits_a_worker, omits_an_answer, replaced):
        batch_id = requester.fund(
            "choice", {"text": "a cat"}, tasks=2, answers_per_task=2, options={"choices": ["cat", "dog"]}
        )
        for _ in range(2):
            cats(stack_up, batch_id, ["t-1", "t-2"])
        visitor = visit()
        wallet = InjectedWallet(visitor, node, chain_id=stack_up["chain_id"], wallet=requester.api.wallet)
        lying(visitor, "**/v1/reviews/batches/*/proposals", [lie])
        visitor.context.route(
            "**/v1/payloads/*",
            lambda route: (
                route.fulfill(body=replaced.data)
                if replaced.cid and route.request.url.endswith(replaced.cid)
                else route.continue_()
            ),
        )
        visitor.open(f"/review/{batch_id}")
        visitor.click(f"Continue with {NAME}")
        visitor.click("Accept the 4 that are left")
        visitor.click("Sign 4 decisions")
        visitor.sees(TOLD)
        assert wallet.asked == ["personal_sign"]
    assert replaced.cid, "the file was replaced"
