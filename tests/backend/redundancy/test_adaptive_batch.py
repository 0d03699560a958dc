"""A batch that names a target confidence, over HTTP and a real chain: asked only where it pays, the rest comes back."""

from __future__ import annotations

from typing import Any

import pytest

from backend.redundancy import repository
from backend.redundancy.book import AskingBook
from backend.redundancy.room import Room
from piecework.db.gateway import Draft
from piecework.domain import documents
from piecework.quality import asking as rule
from tests.backend.house import REWARD_UNITS, House, open_house, sign
from tests.scripts.audit.auditing import checks, count_of
from tests.scripts.audit.servers import PinnedFiles, file_server

REVIEW = {"policy": "inference", "target_confidence": 0.9}
CAP = 5
TASKS = 6


class Pinned(dict[str, bytes]):
    """Every file of the house's gateway, by CID."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house

    def get(self, cid: str, default: Any = None) -> Any:
        answer = self._house.client.get(f"/v1/payloads/{cid}")
        return answer.content if answer.status_code == 200 else default


def opened(house: House, requester: Any = None, **changes: Any) -> str:
    tasks = [{"id": f"t{n}", "content": {"picture": n}} for n in range(TASKS)]
    return house.funded(requester, tasks, **({"answers_per_task": CAP, "review": REVIEW} | changes))


def truth(task: str) -> str:
    return "cat" if int(task[1:]) % 2 else "dog"


def works(house: House, worker: Any, batch_id: str, wrong: tuple[str, ...] = (), **wanted: Any) -> list[str]:
    """Takes what it is given and answers truly, but for the tasks named."""
    offer = house.claimed(worker, batch_id, **wanted)
    hands_in(house, worker, offer, wrong)
    return list(offer["tasks"])


def tries(house: House, worker: Any, batch_id: str, wrong: tuple[str, ...] = (), **wanted: Any) -> list[str]:
    """As `works`; no tasks if nothing is left."""
    body = {"batch_id": batch_id} | wanted
    headers = {"authorization": f"Bearer {house.token(worker)}"}
    answer = house.client.post("/v1/work/assignments", json=body, headers=headers)
    if answer.status_code == 409:
        assert answer.json()["code"] in ("no_tasks_left", "batch_not_open")
        return []
    offer = answer.json()
    house.post(
        worker,
        f"/v1/work/assignments/{offer['assignment_id']}/claim",
        {"signature": sign(worker, offer["typed_data"])},
        202,
    )
    house.reaches(worker, offer["assignment_id"], "claimed")
    hands_in(house, worker, offer, wrong)
    return list(offer["tasks"])


def hands_in(house: House, worker: Any, offer: Any, wrong: tuple[str, ...] = ()) -> None:
    other = {"cat": "dog", "dog": "cat"}
    said = {task: other[truth(task)] if task in wrong else truth(task) for task in offer["tasks"]}
    path = f"/v1/work/assignments/{offer['assignment_id']}"
    body = {"answers": [{"task": task, "answer": answer} for task, answer in said.items()]}
    house.submit(worker, offer, house.post(worker, path + "/answers", body))
    house.reaches(worker, offer["assignment_id"], "submitted")


def refusal(house: House, batch_id: str, worker: Any = None) -> str:
    path = "/v1/work/assignments"
    return str(house.post(worker or house.wallet(), path, {"batch_id": batch_id}, 409)["code"])


def proposal(house: House, batch_id: str) -> Any:
    def found() -> Any:
        items = house.get(house.reviewers()[0], "/v1/reviews/queue")["items"]
        return [p for item in items if item["batch_id"] == batch_id for p in item["proposals"]]

    return house.get(None, f"/v1/reviews/proposals/{house.until(found, bool)[0]['proposal_id']}")


def results(house: House, batch_id: str) -> dict[str, Any]:
    digest = house.get(None, f"/v1/batches/{batch_id}/results")["settlements"][-1]["results_digest"]
    return documents.unpack(digest, "results", lambda cid: house.client.get(f"/v1/payloads/{cid}").content)


def audited(house: House) -> dict[str, Any]:
    from scripts.audit import audit
    from scripts.audit.report import Report
    from scripts.terminal import progress_bars

    report = Report()
    with file_server(PinnedFiles(blocks=Pinned(house))) as url, progress_bars() as bars:
        stack = house.stack
        facts = audit(stack.rpc_url, stack.escrow.address, url, 0, report, bars, labels_only=True)
    return report.as_json(**facts)


def test_what_was_not_needed_comes_back_and_the_audit_is_clean(house: House) -> None:
    requester = house.requester()
    batch_id = opened(house, requester)
    workers = [house.wallet() for _ in range(2)]
    for worker in workers:
        assert len(works(house, worker, batch_id)) == TASKS

    assert refusal(house, batch_id) == "no_tasks_left", "two agree on every task: nothing is left to ask"
    house.settled(proposal(house, batch_id))

    manifest = house.get(None, f"/v1/batches/{batch_id}/manifest")
    assert manifest["review"]["target_confidence"] == 0.9
    whole = results(house, batch_id)
    saved = TASKS * (CAP - 2)
    stops = {"at_target": TASKS, "at_cap": 0, "short": 0, "answers": 2 * TASKS, "answers_saved": saved}
    assert whole["method"]["parameters"]["found"]["stops"] == stops
    assert whole["method"]["parameters"]["bought"]["policy"]["confidence"] == 0.9
    assert {item["task"]: item["label"] for item in whole["labels"]} == {f"t{n}": truth(f"t{n}") for n in range(TASKS)}
    assert all(item["confidence"] >= 0.9 for item in whole["labels"])
    assert house.get(None, f"/v1/batches/{batch_id}")["progress"] == {
        "tasks": TASKS, "tasks_complete": TASKS, "answers_saved": saved,
    }  # fmt: skip

    before = house.get(requester, f"/v1/batches/{batch_id}/report")["redundancy"]
    assert (before["answers_used"], before["answers_saved"], before["tasks_at_target"]) == (2 * TASKS, saved, TASKS)
    assert (before["saved_units"], before["returned_units"]) == (str(saved * REWARD_UNITS), "0")
    assert "close" in before["how_to_take_back"]

    house.send(requester, house.post(requester, f"/v1/batches/{batch_id}/close/draft")["transaction"])
    account = house.until(
        lambda: house.get(None, f"/v1/accounts/{requester.address}"), lambda found: found["owed_units"] != "0"
    )
    assert account["owed_units"] == str(saved * REWARD_UNITS)
    after = house.get(requester, f"/v1/batches/{batch_id}/report")["redundancy"]
    assert (after["returned_units"], after["how_to_take_back"]) == (str(saved * REWARD_UNITS), None)
    page = house.client.get(
        f"/v1/batches/{batch_id}/report?format=html", headers={"authorization": f"Bearer {house.token(requester)}"}
    ).text
    assert "Answers that were not needed" in page
    for worker in workers:
        assert house.get(None, f"/v1/accounts/{worker.address}")["owed_units"] == str(TASKS * REWARD_UNITS)

    report = audited(house)
    assert (report["exit_code"], report["differs"], report["unchecked"]) == (0, [], [])
    assert count_of(report, "stops_justified") == count_of(report, "stops_recomputed") == 1


def test_who_holds_a_task_when_it_is_sure_is_still_paid_and_a_late_answer_opens_it_again(house: House) -> None:
    """Two agree while a third holds every task; its contradiction makes one task unsure, which is then asked again."""
    batch_id = opened(house, review=REVIEW | {"target_confidence": 0.97})
    late = house.wallet()
    held = house.claimed(late, batch_id, count=TASKS)
    for _ in range(2):
        works(house, house.wallet(), batch_id, count=TASKS)
    assert refusal(house, batch_id) == "no_tasks_left"
    assert house.get(house.reviewers()[0], "/v1/reviews/queue")["items"][-1]["proposals"] == [], "one is under way"

    hands_in(house, late, held, wrong=("t3",))

    again = house.until(
        lambda: house.get(late, f"/v1/batches/{batch_id}")["progress"]["tasks_complete"], lambda n: n < TASKS
    )
    assert again == TASKS - 1
    while house.get(None, f"/v1/batches/{batch_id}")["progress"]["tasks_complete"] < TASKS:
        given = works(house, house.wallet(), batch_id)
        assert "t3" in given
        assert len(given) <= 2, "beside it only the task that measures workers"
    settled = house.settled(proposal(house, batch_id))
    assert {v["worker"]: v["accepted"] for v in settled["verdicts"]}[late.address] == TASKS
    label = next(item for item in results(house, batch_id)["labels"] if item["task"] == "t3")
    assert label["label"] == truth("t3")


def test_a_task_that_nobody_agrees_on_is_asked_to_its_cap_and_no_further(house: House) -> None:
    batch_id = opened(house, answers_per_task=4, review=REVIEW | {"target_confidence": 0.999})
    counts = dict.fromkeys((f"t{n}" for n in range(TASKS)), 0)
    for number in range(8):
        for task in tries(house, house.wallet(), batch_id, wrong=("t0",) if number % 2 else ()):
            counts[task] += 1
    assert counts["t0"] == 4
    assert max(counts.values()) <= 4


def test_known_answers_stay_mixed_in_and_do_not_stop(house: House) -> None:
    gold = {"t0": "dog", "t1": "cat"}
    batch_id = opened(house, gold=gold, max_gold_share=0.5)
    house.refused(
        house.wallet(), "/v1/work/assignments", {"batch_id": batch_id, "tasks": ["t2"]}, 422, "tasks_are_drawn"
    )
    seen: set[str] = set()
    while tasks := set(tries(house, house.wallet(), batch_id, count=4)):
        assert len(tasks & set(gold)) <= 2
        assert tasks - set(gold), "nobody is given known answers alone"
        seen |= tasks & set(gold)
    assert seen, "the draw mixes some in"
    house.settled(proposal(house, batch_id))
    whole = results(house, batch_id)
    assert whole["gold"] is not None
    stops = whole["method"]["parameters"]["found"]["stops"]
    assert (stops["at_target"] + stops["at_cap"], stops["short"]) == (TASKS - len(gold), 0)
    assert audited(house)["exit_code"] == 0


def test_two_gateways_and_a_restarted_one_see_the_same(house: House) -> None:
    """A second book on the same database, empty as after a restart, comes to the same digits as the first."""
    batch_id = opened(house)
    works(house, house.wallet(), batch_id, wrong=("t2",))
    works(house, house.wallet(), batch_id)
    with house.services.reading() as session:
        draft = session.get(Draft, batch_id)
        books = (house.services.asking, AskingBook())
        found = []
        for book in books:
            book.is_done(session, draft)
            with book.room(session, draft) as room:
                found.append((room.asking.size, room.asking.confidence().tolist(), room.stops()))
    assert found[0] == found[1]
    assert found[0][0] == 2 * TASKS


def test_a_worker_may_name_tasks_and_gets_those_that_tell_most(house: House) -> None:
    batch_id = opened(house)
    for _ in range(2):
        works(house, house.wallet(), batch_id, tasks=["t0", "t1"])
    given = works(house, house.wallet(), batch_id, tasks=["t0", "t1", "t2", "t3"], count=4)
    assert {"t2", "t3"} <= set(given)
    assert len(given) <= 3, "of the sure ones at most one, if it measures workers"
    wish = {"batch_id": batch_id, "tasks": ["t9"]}
    house.refused(house.wallet(), "/v1/work/assignments", wish, 422, "task_unknown")


@pytest.mark.parametrize("keeps_the_target", [True, False])
def test_a_stop_before_the_target_is_seen_by_the_audit(
    stack: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, *, keeps_the_target: bool
) -> None:
    """The second run plants the bug: the gateway gives every task up after two answers, sure or not."""
    with open_house(stack, tmp_path) as house:
        if not keeps_the_target:
            monkeypatch.setattr(rule.Asking, "is_done", lambda asking: bool((asking.answered >= 2).all()))
        batch_id = opened(house, review=REVIEW | {"target_confidence": 0.995})
        works(house, house.wallet(), batch_id, wrong=("t0", "t1", "t2"))
        works(house, house.wallet(), batch_id)
        if keeps_the_target:
            with house.services.reading() as session:
                assert not house.services.asking.is_done(session, session.get(Draft, batch_id))
            return
        house.settled(proposal(house, batch_id))
        report = audited(house)
    assert report["exit_code"] == 1
    assert checks(report, "differs") == {"stops_justified"}


def test_drafts_whose_target_makes_no_sense_are_told_why(house: House) -> None:
    requester = house.requester()
    good = house.draft_body(3, answers_per_task=3, review=REVIEW)
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"review": {"policy": "agreement", "target_confidence": 0.9}}, "target_needs_inference", "inference"),
        ({"answer_schema": {"type": "string"}, "task_type": "text"}, "target_needs_choices", "choices"),
        ({"review": REVIEW | {"target_confidence": 0.5}}, "target_too_low", "0.500"),
        ({"answers_per_task": 2}, "target_saves_nothing", "3 or more"),
        ({"gold": {f"t{n}": "cat" for n in range(3)}}, "target_needs_unknown", "known"),
    ]
    for change, code, taught in cases:
        problem = house.refused(requester, "/v1/batches", good | change, 422, code)
        assert taught in problem["detail"]
    for wrong in (0, 1, 1.5, "sure"):
        house.post(requester, "/v1/batches", good | {"review": REVIEW | {"target_confidence": wrong}}, 422)
    many = [{"id": f"n{n}", "content": {}} for n in range(50_000)]
    wide = good | {"tasks": many, "answers_per_task": 100}
    assert "split" in house.refused(requester, "/v1/batches", wide, 422, "target_too_large")["detail"]


def test_a_room_starts_over_when_the_chain_went_back(house: House) -> None:
    """The block of the last submission is another now: what the room knew is read again."""
    batch_id = opened(house)
    works(house, house.wallet(), batch_id)
    with house.services.reading() as session:
        draft = session.get(Draft, batch_id)
        with house.services.asking.room(session, draft) as room:
            assert isinstance(room, Room)
            assert room.asking.size == TASKS
            place, _ = room._last or ((0, 0), None)
            room._last = (place, "0x" + "00" * 32)
            room.asking.add(0, 9, 0)
        with house.services.asking.room(session, draft) as room:
            assert room.asking.size == TASKS
            room._last = ((10**9, 0), "0x" + "11" * 32)
        with house.services.asking.room(session, draft):
            assert room._last is not None
            assert room._last[0][0] == 10**9, "an older session than the room's is no reorg"
        with house.services.asking.room(session, draft, newest=True) as room:
            assert room._last is not None
            assert room._last[0] == place


def test_a_room_follows_a_chain_that_really_went_back(stack: Any, tmp_path: Any) -> None:
    """The blocks of the last answers are replaced by empty ones; the relay brings the answers again."""
    with open_house(stack, tmp_path) as house:
        batch_id = opened(house)
        works(house, house.wallet(), batch_id, wrong=("t1",))
        works(house, house.wallet(), batch_id)

        def seen(book: AskingBook) -> tuple[int, Any, list[float]]:
            """Answers that the room knows, the block of the last one, confidences."""
            with house.services.reading() as session:
                draft = session.get(Draft, batch_id)
                assert draft is not None
                book.freshen(session, draft)
                with book.room(session, draft) as room:
                    return room.asking.size, room._last and room._last[1], room.asking.confidence().tolist()

        book = house.services.asking
        size, block, _ = seen(book)
        assert size == 2 * TASKS
        with house.services.reading() as session:
            place = repository.submitted_after(session, batch_id, None)[-1][0]
        depth = stack.web3.eth.block_number - place + 1
        assert "error" not in stack.web3.provider.make_request("anvil_reorg", [depth, []])

        house.until(lambda: seen(book), lambda now: now[0] == 2 * TASKS and now[1] not in (block, None))

        # As a room that never knew the blocks that are gone, once the proposer, which fits too, is through.
        house.until(lambda: (seen(book), seen(AskingBook())), lambda rooms: rooms[0] == rooms[1])
        while tries(house, house.wallet(), batch_id):
            pass
        house.settled(proposal(house, batch_id))
        assert results(house, batch_id)["method"]["parameters"]["found"]["stops"]["short"] == 0
