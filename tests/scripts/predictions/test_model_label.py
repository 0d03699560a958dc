"""`piecework model label`: a gateway, an endpoint and a classifier that speak by real HTTP."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.main import app
from scripts.predictions.batch import Wanted, run_model_label
from tests.backend.batches.test_disclosure_key import served as gateway_at
from tests.backend.house import House, open_house
from tests.scripts.predictions.served import Reply, Served, failed, said, serving

SECRET = "sk-not-to-be-seen-anywhere"
REVIEW = {"policy": "inference"}


@pytest.fixture(scope="module")
def house(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(stack, tmp_path_factory.mktemp("house")) as house:
        yield house


At = Callable[[], str]


@pytest.fixture
def at(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[At]:
    """Opens the gateway to real HTTP; whoever signs in otherwise must have done so before."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(gateway_at(house, monkeypatch))


def truth(number: int) -> str:
    return "cat" if number % 2 else "dog"


def tasks(count: int) -> list[dict[str, Any]]:
    dice = random.Random(1)
    words = {"cat": ["purrs", "mouse", "claws", "milk"], "dog": ["barks", "bone", "leash", "fetch"]}
    return [
        {"id": f"t{number}", "content": {"text": " ".join(dice.choice(words[truth(number)]) for _ in range(4))}}
        for number in range(count)
    ]


def batch(house: House, monkeypatch: pytest.MonkeyPatch, count: int = 4, **changes: Any) -> tuple[Any, str]:
    requester = house.requester()
    batch_id = house.funded(requester, tasks(count), **({"answers_per_task": 2, "review": REVIEW} | changes))
    monkeypatch.setenv("PIECEWORK_REQUESTER_KEY", "0x" + bytes(requester.key).hex())
    return requester, batch_id


def by_words(body: dict[str, Any], _: int) -> Reply:
    text = json.loads(body["messages"][1]["content"])["text"]
    return said("cat" if {"purrs", "mouse", "claws", "milk"} & set(text.split()) else "dog", logprobs=[-0.1])


def wanted(url: str, batch_id: str, served: Served, tmp_path: Path, **changes: Any) -> Wanted:
    options = {"model_url": served.url, "cache": tmp_path / "cache.jsonl"} | changes
    return Wanted(batch_id, url, "openai:small", **options)


def brought(house: House, requester: Any, batch_id: str) -> dict[str, Any]:
    from piecework.db.gateway import ModelAnswers

    found = house.get(requester, f"/v1/batches/{batch_id}/model-answers")
    with house.services.reading() as session:
        row = session.get(ModelAnswers, batch_id)
        assert row is not None
        return found | {"said": {each["task"]: each["answer"] for each in row.document["answers"]}}


def test_an_endpoint_speaks_of_every_task_and_its_answers_are_with_the_gateway(
    house: House, at: At, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    requester, batch_id = batch(house, monkeypatch)
    url = at()
    monkeypatch.setenv("PIECEWORK_MODEL_KEY", SECRET)
    arguments = ["model", "label", batch_id, "--gateway-url", url, "--model", "openai:small"]
    with serving(by_words) as served:
        more = ["--model-url", served.url, "--model-cache", str(tmp_path / "cache"), "--model-instructions", "Be kind."]
        result = CliRunner().invoke(app, arguments + more)
    assert result.exit_code == 0, result.output
    found = brought(house, requester, batch_id)
    assert (found["name"], found["answers"], found["answers_before"]) == ("small", 4, 0)
    assert found["said"] == {f"t{number}": truth(number) for number in range(4)}
    told = served.seen[0]["messages"][0]["content"]
    assert "Say what the picture shows." in told
    assert "Be kind." in told
    assert set(served.keys) == {f"Bearer {SECRET}"}
    assert SECRET not in result.output + (tmp_path / "cache").read_text()


def test_a_run_that_was_cut_off_goes_on_and_asks_nothing_twice(
    house: House, at: At, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    requester, batch_id = batch(house, monkeypatch, 6)
    url = at()
    with serving(by_words) as served:
        assert run_model_label(wanted(url, batch_id, served, tmp_path, most_requests=4)) == 1
        assert "more --model-requests" in capsys.readouterr().err
        assert brought(house, requester, batch_id)["answers"] == 4
        assert run_model_label(wanted(url, batch_id, served, tmp_path)) == 0
        whole = brought(house, requester, batch_id)
        assert (whole["answers"], len(served.seen)) == (6, 6)
        assert run_model_label(wanted(url, batch_id, served, tmp_path)) == 0
    assert "already" in capsys.readouterr().err
    assert brought(house, requester, batch_id)["digest"] == whole["digest"], "a third run brings nothing new"


def test_a_key_in_a_file_is_used_and_never_shown(
    house: House, at: At, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _, batch_id = batch(house, monkeypatch, 2)
    url = at()
    path = tmp_path / "key"
    path.write_text(SECRET + "\n")
    with serving(lambda *_: failed(401)) as served:
        assert run_model_label(wanted(url, batch_id, served, tmp_path, key_file=path)) == 1
    assert set(served.keys) == {f"Bearer {SECRET}"}
    text = "".join(capfd.readouterr())
    assert "set PIECEWORK_MODEL_KEY" in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("change", "taught"),
    [
        ({"model": "oracle"}, "openai:NAME or sklearn"),
        ({"model_url": None}, "--model-url"),
        ({"model_url": "ftp://host"}, "http or https"),
        ({"batch_id": "0x" + "12" * 32}, "unknown"),
        ({"batch_id": "12"}, "12"),
        ({"key_file": Path("no-such-file")}, "cannot be read as a key"),
    ],
    ids=["kind", "no url", "odd url", "no batch", "odd id", "no key"],
)
def test_what_cannot_be_done_is_told(
    house: House, at: At, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    change: dict[str, Any], taught: str,
) -> None:  # fmt: skip
    _, batch_id = batch(house, monkeypatch, 2)
    url = at()
    options = {"batch_id": batch_id, "model": "openai:small", "model_url": "http://127.0.0.1:9/v1"} | change
    assert run_model_label(Wanted(gateway_url=url, cache=tmp_path / "cache", **options)) == 1
    assert taught in capsys.readouterr().err


def test_without_the_requesters_key_nothing_is_asked(
    house: House, at: At, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, batch_id = batch(house, monkeypatch, 2)
    url = at()
    with serving(by_words) as served:
        for key in ("", "not a key", "0x" + "77" * 32):
            monkeypatch.setenv("PIECEWORK_REQUESTER_KEY", key)
            assert run_model_label(wanted(url, batch_id, served, tmp_path, most_requests=1)) == 1
            assert "not a key" not in capsys.readouterr().err


def test_a_batch_of_texts_takes_no_model(
    house: House, at: At, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, batch_id = batch(house, monkeypatch, 2, answer_schema={"type": "string"}, task_type="text")
    url = at()
    with serving(by_words) as served:
        assert run_model_label(wanted(url, batch_id, served, tmp_path)) == 1
        assert served.seen == []
    assert "no choice among labels" in capsys.readouterr().err


def test_the_classifier_learns_as_labels_arrive_and_speaks_anew_when_they_grew_by_half(
    house: House, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two looks of the command another worker answers so many tasks truly."""
    pytest.importorskip("sklearn")
    requester, batch_id = batch(house, monkeypatch, 60)
    steps, seen = [10, 15, 5, 20], []
    workers = [house.wallet() for _ in steps]
    signed_in = [house.token(worker) for worker in (requester, *workers)]
    url = at()

    def works(_: float) -> None:
        headers = {"authorization": f"Bearer {signed_in[0]}"}
        answer = house.client.get(f"/v1/batches/{batch_id}/model-answers", headers=headers)
        if answer.status_code == 200:
            seen.append((answer.json()["answers_before"], answer.json()["answers"]))
        if not steps:
            raise KeyboardInterrupt
        worker = workers.pop()
        offer = house.claimed(worker, batch_id, count=steps.pop(0))
        answers = [{"task": task, "answer": truth(int(task[1:]))} for task in offer["tasks"]]
        drafted = house.post(worker, f"/v1/work/assignments/{offer['assignment_id']}/answers", {"answers": answers})
        house.submit(worker, offer, drafted)
        house.reaches(worker, offer["assignment_id"], "submitted")

    with pytest.raises(KeyboardInterrupt):
        run_model_label(Wanted(batch_id, url, "sklearn", every=1.0), works)
    assert seen == [(25, 60), (25, 60), (50, 60)], "20 tasks at least, and then half as many again"
    told = brought(house, requester, batch_id)["said"]
    assert sum(told[f"t{number}"] == truth(number) for number in range(60)) > 50


def test_a_classifier_with_nothing_to_learn_from_says_so(
    house: House, at: At, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sklearn")
    _, batch_id = batch(house, monkeypatch, 4)
    url = at()
    assert run_model_label(Wanted(batch_id, url, "sklearn")) == 1
    assert "20 tasks with answers" in capsys.readouterr().err
