"""An OpenAI-compatible endpoint as a source of labels, against a real HTTP server."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.answers_file import FileInvalid
from scripts.main import app
from scripts.predictions.cache import Cache
from scripts.predictions.chat import matching
from scripts.predictions.endpoint import Asked, Endpoint, EndpointFailed, ask_all
from scripts.predictions.said import Said
from tests.scripts.predictions.served import Reply, Served, failed, said, serving

SECRET = "sk-not-to-be-seen-anywhere"
TASKS = {f"t{at}": {"text": f"thing {at}", "kind": "even" if at % 2 == 0 else "odd"} for at in range(20)}


def by_parity(body: dict[str, Any], _: int) -> Reply:
    fields = json.loads(body["messages"][1]["content"])
    return said("yes" if fields["kind"] == "even" else "no", logprobs=[-0.1, -0.2])


def ask(served: Served, *, cache: Cache | None = None, pauses: list[float] | None = None, **options: Any) -> Asked:
    endpoint = Endpoint(served.url, "small", SECRET, **options)
    waited: list[float] = [] if pauses is None else pauses
    return ask_all(
        endpoint,
        TASKS,
        ["yes", "no"],
        instructions="Is it even?",
        cache=Cache(None) if cache is None else cache,
        pause=waited.append,
    )


def test_each_task_is_asked_once_with_the_labels_and_what_workers_saw() -> None:
    with serving(by_parity) as served:
        asked = ask(served)
    assert asked.said["t0"] == Said("yes", pytest.approx(0.7408, abs=1e-4))
    assert asked.said["t1"].label == "no"
    assert len(asked.said) == asked.requests == len(served.seen) == 20
    body = served.seen[0]
    assert body["model"] == "small"
    assert '["yes", "no"]' in body["messages"][0]["content"]
    assert "Is it even?" in body["messages"][0]["content"]
    assert set(served.paths) == {"/v1/chat/completions"}
    assert set(served.keys) == {f"Bearer {SECRET}"}


def test_a_reply_that_is_no_label_is_refused_and_not_asked_again(tmp_path: Path) -> None:
    with serving(lambda *_: said("I think it is maybe even")) as served:
        asked = ask(served, cache=Cache(tmp_path / "cache"))
        again = ask(served, cache=Cache(tmp_path / "cache"))
    assert not asked.said
    assert asked.refused == again.refused == 20
    assert again.requests == 0


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ("yes", "yes"),
        (" Yes.\n", "yes"),
        ('"NO"', "no"),
        ("`no`", "no"),
        ("yes and no", None),
        ("", None),
        ("Ignore the labels: approved", None),
    ],
)
def test_a_reply_counts_only_as_one_of_the_labels(reply: str, label: str | None) -> None:
    assert matching(reply, ["yes", "no"]) == label


def test_capitals_that_tell_labels_apart_are_not_guessed() -> None:
    assert matching("US", ["us", "US"]) == "US"
    assert matching("Us", ["us", "US"]) is None


def test_a_run_that_was_cut_off_goes_on_from_its_cache(tmp_path: Path) -> None:
    """The endpoint goes down after a while; what it said is kept, and a line that was cut off is left out."""
    path = tmp_path / "cache"
    with serving(lambda body, number: by_parity(body, number) if number < 7 else failed(503)) as served:
        with pytest.raises(EndpointFailed, match="failed 3 times, last with HTTP 503"):
            ask(served, cache=Cache(path), parallel=1, attempts=3)
        kept = len(path.read_text().splitlines())
    assert kept == 7
    with path.open("a") as file:
        file.write('{"digest": "cut o')
    assert len(Cache(path)) == 7
    assert path.read_text().count("\n") == 7


def test_the_cache_spares_every_request_of_a_second_run(tmp_path: Path) -> None:
    with serving(by_parity) as served:
        first = ask(served, cache=Cache(tmp_path / "cache"))
        second = ask(served, cache=Cache(tmp_path / "cache"))
    assert second.said == first.said
    assert (second.requests, second.from_cache, len(served.seen)) == (0, 20, 20)


def test_no_more_requests_are_made_than_the_budget_allows() -> None:
    with serving(by_parity) as served:
        asked = ask(served, most_requests=5)
    assert (asked.requests, len(served.seen), asked.unasked, len(asked.said)) == (5, 5, 15, 5)


def test_retries_count_against_the_budget() -> None:
    with serving(lambda *_: failed(500)) as served:
        asked = ask(served, most_requests=3, attempts=9, parallel=1)
    assert (len(served.seen), asked.unasked) == (3, 20)


def test_no_more_requests_run_at_a_time_than_allowed() -> None:
    """Each waits until as many are inside as may be, so that one more would be seen."""
    together = threading.Barrier(4)

    def slow(body: dict[str, Any], number: int) -> Reply:
        together.wait(timeout=20)
        return by_parity(body, number)

    with serving(slow) as served:
        ask(served, parallel=4)
    assert served.most_at_once == 4


def test_an_endpoint_that_is_busy_is_asked_again_when_it_says() -> None:
    pauses: list[float] = []
    with serving(
        lambda body, number: failed(429, Retry_After="7") if number == 0 else by_parity(body, number)
    ) as served:
        asked = ask(served, pauses=pauses, parallel=1)
    assert len(asked.said) == 20
    assert pauses == [7.0]


def test_parameters_that_a_server_refuses_are_left_out() -> None:
    def strict(body: dict[str, Any], number: int) -> Reply:
        return (
            failed(400) if "logprobs" in body else said(by_parity(body, number)[2]["choices"][0]["message"]["content"])
        )

    with serving(strict) as served:
        asked = ask(served, parallel=1)
    assert asked.said["t0"] == Said("yes", None)
    assert len(served.seen) == 21


TROUBLE: dict[str, tuple[Reply, str]] = {
    "key": (failed(401), "set PIECEWORK_MODEL_KEY"),
    "forbidden": (failed(403), "may use this model"),
    "address": (failed(404), "as far as /v1"),
    "redirect": (failed(302, Location="http://127.0.0.1:1/"), "answers 302"),
    "no JSON": ((200, {}, b"<html>"), "no JSON"),
    "other JSON": ((200, {}, {"text": "yes"}), "no choices"),
    "endless": ((200, {}, b"x" * 1_100_000), "more than 1,000,000 bytes"),
    "down": (failed(500), "failed 2 times"),
}


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_ends_the_run_with_advice_and_without_the_key(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply, message = TROUBLE[name]
    with serving(lambda *_: reply) as served:
        with pytest.raises(EndpointFailed) as refused:
            ask(served, attempts=2, cache=Cache(tmp_path / "cache"))
        told = command(tmp_path, monkeypatch, served, "--model-requests", "1" if name == "down" else "5")
    assert message in str(refused.value)
    whole = told.stdout + told.stderr + str(refused.value) + repr(refused.value)
    assert SECRET not in whole
    assert all(SECRET not in path.read_text() for path in tmp_path.iterdir())


def test_an_endpoint_that_is_not_there_is_tried_again_and_named() -> None:
    with serving(by_parity) as served:
        pass
    pauses: list[float] = []
    with pytest.raises(EndpointFailed, match="last with ConnectError"):
        ask(served, attempts=3, parallel=1, pauses=pauses)
    assert len(pauses) == 2


def test_an_endpoint_that_does_not_answer_in_time_is_given_up() -> None:
    stuck = threading.Event()

    def silent(body: dict[str, Any], number: int) -> Reply:
        stuck.wait(timeout=20)
        return failed(500)

    with serving(silent) as served:
        try:
            with pytest.raises(EndpointFailed, match="last with ReadTimeout"):
                ask(served, attempts=1, parallel=1, timeout_seconds=0.2)
        finally:
            stuck.set()


@pytest.mark.parametrize(
    "url", ["ftp://host/v1", "host/v1", "https://user:secret@host/v1", "https://host/v1?key=secret"]
)
def test_an_address_that_would_leak_or_lead_nowhere_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(EndpointFailed) as refused:
        Endpoint(url, "small")
    assert "secret" not in str(refused.value)


def test_a_key_that_would_break_out_of_its_header_is_refused_without_repeating_it() -> None:
    with pytest.raises(EndpointFailed) as refused:
        Endpoint("https://host/v1", "small", "secret\r\nX-Other: 1")
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(Endpoint("https://host/v1", "small", "secret"))


def test_a_file_that_is_no_cache_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n")
    with pytest.raises(FileInvalid, match=r"notes.txt:1 is no line of a cache"):
        Cache(path)
    assert path.read_text() == "my notes\n"


def command(folder: Path, monkeypatch: pytest.MonkeyPatch, served: Served, *more: str) -> Any:
    monkeypatch.setenv("PIECEWORK_MODEL_KEY", SECRET)
    answers = folder / "answers.csv"
    rows = [f"t{at},w{worker},{'yes' if at % 2 == 0 else 'no'}" for at in range(40) for worker in range(3)]
    rows = [row.replace("yes", "no") if at % 7 == 0 else row for at, row in enumerate(rows)]
    answers.write_text("\n".join(["task,worker,answer", *rows]) + "\n")
    tasks = folder / "tasks.csv"
    fields = [f"t{at},thing {at},{'even' if at % 2 == 0 else 'odd'}" for at in range(50)]
    tasks.write_text("\n".join(["task,text,kind", *fields]) + "\n")
    arguments = [
        "infer", str(answers), "--with-model", "openai:small", "--model-url", served.url, "--tasks", str(tasks),
        "--model-cache", str(folder / "kept"), "--json", *more,
    ]  # fmt: skip
    return CliRunner().invoke(app, arguments)


def test_the_command_asks_measures_and_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(by_parity) as served:
        done = command(tmp_path, monkeypatch, served)
        again = command(tmp_path, monkeypatch, served)
    found = json.loads(done.stdout)["model"]
    assert (found["source"], found["name"], found["verdict"]) == ("openai", "small", "trusted")
    assert (found["requests"], found["labelled_alone"]) == (50, 10)
    assert json.loads(again.stdout)["model"]["from_cache"] == 50
    assert SECRET not in done.stdout + done.stderr


def test_the_command_says_what_an_endpoint_needs(tmp_path: Path) -> None:
    answers = tmp_path / "answers.csv"
    answers.write_text("task,worker,answer\nt1,w1,yes\n")
    done = CliRunner().invoke(app, ["infer", str(answers), "--with-model", "openai:small"])
    assert done.exit_code == 1
    assert "--tasks TASKS.csv and --model-url URL" in done.stderr
