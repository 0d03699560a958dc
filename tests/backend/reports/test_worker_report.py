"""A worker's own report: what was measured, which known answers were met, and what can be contested until when."""

from __future__ import annotations

from tests.backend.court import Court
from tests.backend.house import REWARD_UNITS, verdict
from tests.backend.reports.reading import Page

PATH = "/v1/workers/me/report"
REASON = "<b>there is no cat</b> in it"


def test_a_worker_reads_what_was_rejected_why_and_how_to_contest(court: Court) -> None:
    requester, good, bad = court.requester(), court.wallet(), court.wallet()
    batch_id = court.funded(requester, tasks=3, answers_per_task=2, reserve_units="6000")
    for worker, answer in ((good, "cat"), (bad, "dog")):
        court.submitted(worker, batch_id, answer, count=3)
    verdicts = [verdict(good, f"t{number}") for number in range(3)]
    verdicts += [verdict(bad, f"t{number}", "rejected", REASON) for number in range(3)]
    court.settled(court.proposed(batch_id, verdicts))
    court.until(lambda: court.rejections(bad, batch_id), lambda items: items and items[0]["contestable"] == 3)

    found = court.get(good, PATH)
    assert (found["accepted"], found["earned_units"]) == (3, str(3 * REWARD_UNITS))
    assert found["rejections"] == []
    assert [(row["batch_id"], row["accepted"], row["rejected"]) for row in found["batches"]] == [(batch_id, 3, 0)]

    found = court.get(bad, PATH)
    assert [(row["task"], row["reason"], row["can_appeal"]) for row in found["rejections"]] == [
        (f"t{number}", REASON, True) for number in (2, 1, 0)
    ]
    assert found["rejections"][0]["appeal_until"] > court.services.clock.now()
    assert "/v1/appeals" in found["how_to_contest"]
    assert found["unread_results"] == []

    headers = {"authorization": f"Bearer {court.token(bad)}", "accept": "text/html"}
    answer = court.client.get(PATH, headers=headers)
    page = Page(answer.text)
    assert page.problems() == []
    assert REASON in page.words
    assert "yes, until " in page.words


def test_known_answers_and_skill_come_from_what_was_published(court: Court) -> None:
    review = {"policy": "inference", "reject_gold_below": 0.6}
    gold = {"t0": "cat", "t1": "cat", "t2": "cat"}
    batch_id = court.funded(
        court.requester(), tasks=4, answers_per_task=3, review=review, gold=gold, reserve_units="6000"
    )
    workers = [court.wallet() for _ in range(3)]
    for worker, answer in zip(workers, ("cat", "cat", "dog"), strict=True):
        before = court.get(worker, PATH)
        assert (before["skill"], before["known_answers"], before["batches"]) == (None, None, [])
        court.submitted(worker, batch_id, answer)

    reviewer = court.reviewers()[0]
    mine = lambda items: [p for i in items if i["batch_id"] == batch_id for p in i["proposals"]]  # noqa: E731
    proposal_id = court.until(lambda: mine(court.get(reviewer, "/v1/reviews/queue")["items"]), bool)[0]["proposal_id"]
    court.settled(court.get(None, f"/v1/reviews/proposals/{proposal_id}"))
    known = [court.until(lambda w=w: court.get(w, PATH)["known_answers"], bool) for w in workers]
    assert [(share["value"], share["count"]) for share in known] == [(1.0, 3), (1.0, 3), (0.0, 3)]
    skill = [court.get(worker, PATH)["skill"] for worker in workers]
    assert skill[0]["value"] > skill[2]["value"]
    assert all(share["low"] < share["value"] < share["high"] for share in skill)


def test_the_report_is_for_the_signed_in_worker_alone(court: Court) -> None:
    court.refused(None, PATH, None, 401, "not_signed_in", method="GET")
    fresh = court.get(court.wallet(), PATH)
    assert (fresh["accepted"], fresh["earned_units"], fresh["batches"], fresh["rejections"]) == (0, "0", [], [])
