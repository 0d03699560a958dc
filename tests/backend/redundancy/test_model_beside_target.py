"""A model beside a batch with a target confidence, over HTTP and a real chain: it ends tasks as far as measured."""

from __future__ import annotations

import random
from contextvars import ContextVar
from typing import Any

import numpy as np
import pytest

from backend.redundancy import room
from backend.redundancy.book import AskingBook
from piecework.db.gateway import Draft
from piecework.quality.trust import Measured
from tests.backend.house import REWARD_UNITS, House, open_house
from tests.backend.redundancy.test_adaptive_batch import audited, proposal, results, sign
from tests.scripts.audit.auditing import checks, count_of

TASKS = 50
CAP = 6
REVIEW: dict[str, Any] = {"policy": "inference", "target_confidence": 0.95}
BITE = 10
"""Tasks that a worker takes: a model must foretell several people."""
ERRORS = 8
"""Of each worker, on tasks of its own."""
TRIES = 6
FEW = 10
"""Workers with whom a model has foretold too little to have a say."""


@pytest.fixture(autouse=True)
def _nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers come one after another and do not come back, so tasks are left to nobody who is better."""
    monkeypatch.setattr(room, "AT_WORK_SECONDS", -60)


def truth(task: str) -> str:
    return "cat" if int(task[1:]) % 2 else "dog"


def other(label: str) -> str:
    return "dog" if label == "cat" else "cat"


def opened(house: House, requester: Any, **changes: Any) -> str:
    wanted = {"answers_per_task": CAP, "review": REVIEW} | changes
    return house.funded(requester, [{"id": f"t{n}", "content": {"picture": n}} for n in range(TASKS)], **wanted)


def brings(house: House, requester: Any, batch_id: str, name: str = "small") -> None:
    said = {f"t{n}": truth(f"t{n}") for n in range(TASKS)}
    answers = [{"task": task, "answer": label} for task, label in said.items()]
    house.post(requester, f"/v1/batches/{batch_id}/model-answers", {"name": name, "answers": answers}, 201)


def works(house: House, batch_id: str, seed: int) -> list[str]:
    """A new worker, who errs where its seed says; the tasks that it was given, none if nothing is left."""
    worker = house.wallet()
    headers = {"authorization": f"Bearer {house.token(worker)}"}
    body = {"batch_id": batch_id, "count": BITE}
    answer = house.client.post("/v1/work/assignments", json=body, headers=headers)
    if answer.status_code == 409:
        assert answer.json()["code"] in ("no_tasks_left", "batch_not_open")
        return []
    offer = answer.json()
    path = f"/v1/work/assignments/{offer['assignment_id']}"
    house.post(worker, f"{path}/claim", {"signature": sign(worker, offer["typed_data"])}, 202)
    house.reaches(worker, offer["assignment_id"], "claimed")
    wrong = wrong_of(seed)
    said = [{"task": t, "answer": other(truth(t)) if t in wrong else truth(t)} for t in offer["tasks"]]
    house.submit(worker, offer, house.post(worker, f"{path}/answers", {"answers": said}))
    house.reaches(worker, offer["assignment_id"], "submitted")
    return list(offer["tasks"])


def wrong_of(seed: int) -> list[str]:
    """The tasks on which the worker with that seed errs."""
    return random.Random(seed).sample([f"t{n}" for n in range(TASKS)], ERRORS)


def works_on(house: House, batch_id: str, seed: int) -> None:
    """Until nothing is left to ask."""
    while works(house, batch_id, seed):
        seed += 1
        assert seed < 60


def alone(house: House, batch_id: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """As people alone would have it."""
    with monkeypatch.context() as without:
        without.setattr("backend.redundancy.repository.model_brought", lambda *_: None)
        return confidences(house, batch_id, AskingBook())


def heeded(house: House, requester: Any, monkeypatch: pytest.MonkeyPatch, workers: int | None, **changes: Any) -> str:
    """A batch in which the model has a say: after all its work, or with at most so many workers. Chance deals out the
    tasks, so a few times it has foretold too little."""

    def has_say() -> bool:
        return confidences(house, batch_id, house.services.asking) != alone(house, batch_id, monkeypatch)

    for _ in range(TRIES):
        batch_id = opened(house, requester, **changes)
        brings(house, requester, batch_id)
        if workers is None:
            works_on(house, batch_id, 0)
        for seed in range(workers or 0):
            assert works(house, batch_id, seed)
            if seed >= FEW and has_say():
                return batch_id
        if has_say():
            return batch_id
    raise AssertionError(f"a model that is always right had no say in {TRIES} batches")


def confidences(house: House, batch_id: str, book: AskingBook) -> dict[str, float]:
    with house.services.reading() as session:
        draft = session.get(Draft, batch_id)
        assert draft is not None
        book.freshen(session, draft)
        with book.room(session, draft) as found:
            return dict(zip(found.names, found.asking.confidence().tolist(), strict=True))


def test_people_and_a_measured_model_end_tasks_and_the_audit_computes_it_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    requester = house.requester()
    batch_id = heeded(house, requester, monkeypatch, None)

    report = house.get(requester, f"/v1/batches/{batch_id}/report")
    model, redundancy = report["model"], report["redundancy"]
    assert (model["name"], model["verdict"]) == ("small", "trusted")
    assert model["accuracy"]["high"] > 0.95
    assert 0 <= model["answers_saved"] <= model["stops"]["answers_saved_at_most"] <= redundancy["answers_saved"]
    assert model["saved_units"] == str(model["answers_saved"] * REWARD_UNITS)
    assert redundancy["tasks_open"] == 0
    page = house.client.get(
        f"/v1/batches/{batch_id}/report?format=html", headers={"authorization": f"Bearer {house.token(requester)}"}
    ).text
    assert "Answers not bought because of it" in page

    house.settled(proposal(house, batch_id))
    found = results(house, batch_id)["method"]["parameters"]["found"]
    assert found["stops"]["short"] == 0
    assert found["stops"]["by_model"] == {
        "tasks": model["stops"]["tasks"],
        "answers_saved": model["answers_saved"],
        "answers_saved_at_most": model["stops"]["answers_saved_at_most"],
        "held_open": model["stops"]["tasks_held_open"],
    }
    assert found["model"]["verdict"] == "trusted"
    audit = audited(house)
    assert (audit["exit_code"], audit["differs"], audit["unchecked"]) == (0, [], [])
    assert count_of(audit, "stops_justified") == count_of(audit, "stops_recomputed") == 1
    assert count_of(audit, "model_trust_recomputed") > 10


def test_a_model_brought_anew_is_measured_anew_and_other_gateways_see_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    requester = house.requester()
    batch_id = heeded(house, requester, monkeypatch, 22, review=REVIEW | {"target_confidence": 0.995})
    people = alone(house, batch_id, monkeypatch)
    first = confidences(house, batch_id, house.services.asking)
    assert confidences(house, batch_id, AskingBook()) == first, "an empty book, as after a restart"
    brings(house, requester, batch_id, name="late")
    assert confidences(house, batch_id, house.services.asking) == people, "it may have seen the answers"
    assert confidences(house, batch_id, AskingBook()) == people


def test_a_gateway_that_believes_a_model_beyond_its_measure_is_seen_by_the_audit(
    stack: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: while the tasks are asked, the model's word counts tenfold."""
    with open_house(stack, tmp_path) as house:
        requester = house.requester()
        real = Measured.beside
        monkeypatch.setattr(Measured, "beside", lambda *given: (1.0 if _honest.get() else 10.0) * real(*given))
        monkeypatch.setattr("backend.reviews.bought.assess_beside", _as_measured(real))
        batch_id = given_up(house, requester)
        house.settled(proposal(house, batch_id))
        monkeypatch.undo()
        report = audited(house)
    assert report["exit_code"] == 1
    assert checks(report, "differs") == {"stops_justified"}


_honest: ContextVar[bool] = ContextVar("honest", default=False)
"""For this thread alone: the gateway's go on lying, or would keep what they found meanwhile."""


def given_up(house: House, requester: Any) -> str:
    """A batch whose tasks ended short of the target. Chance deals them out, so a few times the lie has no effect."""
    for _ in range(TRIES):
        batch_id = opened(house, requester, review=REVIEW | {"target_confidence": 0.99})
        brings(house, requester, batch_id)
        works_on(house, batch_id, 0)
        token = _honest.set(True)
        is_wrong = not is_done(house, batch_id)
        _honest.reset(token)
        if is_wrong:
            return batch_id
        house.settled(proposal(house, batch_id))  # or the audit could not check it
    raise AssertionError(f"a model that counts tenfold ended no task early in {TRIES} batches")


def is_done(house: House, batch_id: str) -> bool:
    """Whether no task is to be asked again."""
    book = AskingBook()
    with house.services.reading() as session:
        draft = session.get(Draft, batch_id)
        assert draft is not None
        book.freshen(session, draft)
        with book.room(session, draft) as found:
            return bool(found.asking.is_done())


def _as_measured(real: Any) -> Any:
    """The results file is written honestly all the same."""
    from piecework.quality import joint

    def assessed(bought: Any, found: Any, measured: Measured, policy: Any) -> Any:
        answered = bought.per_task()
        honest = Measured(measured.trust, measured.evidence, measured.word / 10.0)
        assert np.allclose(honest.beside(answered), real(measured, answered))
        return joint.assess_beside(bought, found, honest, policy)

    return assessed
