"""A draw is computed again from the block, and every way to tell it otherwise is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest

from backend.ipfs.port import PayloadError
from piecework.domain.cid import CidError, cid_of_digest
from scripts.audit.draws import DrawAuditor
from tests.backend.draws.reviewing import by_address, drawn, draws, enrol, judges, opened, proposal_of, worked
from tests.backend.house import House, open_house, sign
from tests.scripts.audit.auditing import audited, checks, count_of
from tests.scripts.audit.servers import PinnedFiles, file_server

Edit = Callable[[dict[str, Any]], None]


@dataclass
class StoredFiles:
    """What the gateway pinned, as a server of files has it."""

    house: House

    def get(self, cid: Any) -> bytes | None:
        try:
            return bytes(self.house.services.store.get(cid, 2**20))
        except (PayloadError, CidError):
            return None


@dataclass
class Market:
    house: House
    url: str

    def report(self) -> dict[str, Any]:
        return audited(self.house.stack.rpc_url, self.house.stack.escrow.address, self.url)


@pytest.fixture(scope="module")
def market(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """One answer, judged by two of three reviewers drawn by what they were paid before, all settled. Its task was
    claimed before, when one of them had not enrolled, and given back."""
    with open_house(stack, tmp_path_factory.mktemp("house"), proposer_poll_seconds=0.1) as house:
        requester, worker, people = house.requester(), house.wallet(), [house.wallet() for _ in range(5)]
        worked(house, requester, worker, *people)
        worked(house, requester, *people[:2], each=3)
        batch_id = opened(house, requester, candidates="paid")
        review_batch_id = draws(house, batch_id)["review_batch_id"]
        enrol(house, batch_id, worker, *people[:4])
        gave_back(house, worker, house.claimed(worker, batch_id))
        enrol(house, batch_id, people[4])
        house.submitted(worker, batch_id)
        found = drawn(house, batch_id)
        for name in found["drawn"][:2]:
            judges(house, by_address(people)[name], found["slot"], "accept", review_batch_id)
        house.settled(proposal_of(house, batch_id))
        path = f"/v1/reviews/batches/{review_batch_id}/proposals"
        house.settled(house.post(house.reviewers()[0], path, {}, 201))
        files: Any = StoredFiles(house)
        with file_server(PinnedFiles(files)) as url:
            yield Market(house, url)


def gave_back(house: House, worker: Any, offer: Any) -> None:
    path = f"/v1/work/assignments/{offer['assignment_id']}/return"
    draft = house.post(worker, path + "/draft")
    message = draft["typed_data"]["message"]
    body = {name: int(message[name]) for name in ("sequence", "deadline")}
    house.post(worker, path, body | {"signature": sign(worker, draft["typed_data"])}, 202)
    house.reaches(worker, offer["assignment_id"], "returned")


def _the_list_of_an_earlier_claim(market: Market, found: dict[str, Any]) -> None:
    """Which the worker, the requester or the gateway might like better, now that the block is known."""
    claims = list(market.house.stack.escrow.contract.events.Claimed.get_logs(from_block=0))
    draw = _draw(found)
    own = [c["args"] for c in claims if c["args"]["worker"] == draw["worker"]]
    lists = []
    for args in own:
        tasks = _file(market, args["tasksDigest"])
        if "candidates" in tasks:
            lists.append(_file(market, bytes.fromhex(tasks["candidates"][2:]))["candidates"])
    assert len(lists) == 2
    assert len(lists[0]) < len(lists[1])
    draw["candidates"] = lists[0]
    draw["weights"] = {name: units for name, units in draw["weights"].items() if name in lists[0]}


def _file(market: Market, digest: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(market.house.services.store.get(cid_of_digest("0x" + digest.hex()), 2**20))
    return found


def test_a_true_draw_is_clean(market: Market) -> None:
    report = market.report()

    assert (report["differs"], report["exit_code"]) == ([], 0)
    assert count_of(report, "draws_recomputed") == count_of(report, "verdicts_decide") == 1
    assert count_of(report, "standing_recomputed") == count_of(report, "enrolment_committed") == 1
    assert count_of(report, "verdict_of_review") == 2


def _draw(found: dict[str, Any]) -> dict[str, Any]:
    draw: dict[str, Any] = found["method"]["parameters"]["draws"][0]
    return draw


def _another_is_drawn(found: dict[str, Any]) -> None:
    draw = _draw(found)
    left = [name for name in draw["candidates"] if name not in draw["drawn"] and name not in draw["excluded"]]
    draw["drawn"][0] = left[0]


def _the_worker_judges_itself(found: dict[str, Any]) -> None:
    draw = _draw(found)
    draw["candidates"], draw["excluded"], draw["drawn"] = [draw["worker"]], {}, [draw["worker"]]


def _verdicts_are_turned(found: dict[str, Any]) -> None:
    for each in _draw(found)["verdicts"]:
        each["verdict"] = "reject"


def _a_stranger_is_drawn(found: dict[str, Any]) -> None:
    draw, stranger = _draw(found), "0x" + "77" * 20
    draw["candidates"], draw["weights"] = [stranger, *draw["candidates"]], {stranger: "1"} | draw["weights"]


def _of_no_submission(found: dict[str, Any]) -> None:
    draw, invented = _draw(found), "0x" + "77" * 32
    own = [d for d in found["decisions"] if (d["task"], d["submission"]) == (draw["task"], draw["submission"])]
    for told in (draw, *own):
        told["submission"] = invented
    draw["block_hash"] = None


LIES: dict[str, tuple[Edit, str]] = {
    "another is drawn": (_another_is_drawn, "draws_recomputed"),
    "another block": (lambda found: _draw(found).update(block_hash="0x" + "77" * 32), "draw_seed"),
    "a submission that is not on chain": (_of_no_submission, "draw_seed"),
    "the worker judges itself": (_the_worker_judges_itself, "draw_of_others"),
    "a candidate is left out": (
        lambda found: _draw(found)["candidates"].remove(_draw(found)["drawn"][0]),
        "draws_recomputed",
    ),
    "somebody weighs more": (
        lambda found: _draw(found)["weights"].update({_draw(found)["candidates"][0]: "1000000"}),
        "standing_recomputed",
    ),
    "all weigh alike": (lambda found: _draw(found).update(weights={}), "standing_recomputed"),
    "who was never paid is a candidate": (_a_stranger_is_drawn, "standing_recomputed"),
    "who had not enrolled is a candidate": (_a_stranger_is_drawn, "enrolment_committed"),
    "who had enrolled is none": (lambda found: _draw(found)["candidates"].pop(), "enrolment_committed"),
    "another review batch's list": (
        lambda found: found["method"]["parameters"].update(review_batch="0x" + "77" * 32),
        "enrolment_committed",
    ),
    "verdicts are turned": (_verdicts_are_turned, "verdict_of_review"),
    "one verdict decides": (lambda found: _draw(found)["verdicts"].pop(), "verdicts_decide"),
    "a verdict is left out": (lambda found: _draw(found)["verdicts"].pop(0), "verdict_of_review"),
    "another submission": (
        lambda found: _draw(found)["verdicts"][0].update(submission="0x" + "77" * 32),
        "verdicts_on_chain",
    ),
    "a smaller quorum": (lambda found: found["method"]["parameters"].update(quorum=1), "draw_rules"),
    "no draw": (lambda found: found["method"]["parameters"]["draws"].clear(), "draw_of_decision"),
    "no whole draw": (lambda found: _draw(found).pop("candidates"), "draws_told"),
    "another's review batch": (
        lambda found: found["method"]["parameters"].update(review_batch="0x" + "77" * 32),
        "review_batch_of_requester",
    ),
    "reviewers of its own": (lambda found: found["method"].update(name="reviewers"), "method_of_manifest"),
}


@pytest.mark.parametrize("lie", list(LIES))
def test_a_draw_told_otherwise_is_named(market: Market, lie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edit, check = LIES[lie]
    own = DrawAuditor.check

    def spoiled(self: DrawAuditor, found: dict[str, Any]) -> None:
        changed = deepcopy(found)
        if found["method"]["name"] == "drawn":
            edit(changed)
        own(self, changed)

    monkeypatch.setattr(DrawAuditor, "check", spoiled)
    report = market.report()

    assert report["exit_code"] == 1
    assert check in checks(report, "differs"), report["differs"]


def test_who_chooses_between_the_lists_of_two_claims_is_named(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    own = DrawAuditor.check

    def spoiled(self: DrawAuditor, found: dict[str, Any]) -> None:
        changed = deepcopy(found)
        if found["method"]["name"] == "drawn":
            _the_list_of_an_earlier_claim(market, changed)
        own(self, changed)

    monkeypatch.setattr(DrawAuditor, "check", spoiled)
    assert "enrolment_committed" in checks(market.report(), "differs")
