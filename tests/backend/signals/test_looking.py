"""From submissions to findings, without a chain: names, times, and what is kept."""

from __future__ import annotations

import random
from typing import Any

from backend.reviews.inference import Rules, decide
from backend.reviews.policy import Answer
from backend.signals.book import SignalBook
from backend.signals.looking import Looked, Stretch, look_at, signs

RULES = Rules(seed=7, choices=('"cat"', '"dog"', '"fox"'), reject_gold_below=0.6)
TEXT = {"text": "Which animal does this page of twenty words tell of, and what would you call it at home?"}
TASKS = [f"t{number:03d}" for number in range(120)]
PACKET = 10


def stretches(*, spammer_seconds: float = 40.0, spammer_answer: Any = None, workers: int = 12) -> list[Stretch]:
    """Workers right nine times of ten, each on every task in packets of ten; the last, w11, answers as told."""
    rng = random.Random(3)
    truth = {task: rng.choice(("cat", "dog", "fox")) for task in TASKS}
    found = []
    for worker in range(workers):
        is_spammer = worker == workers - 1
        at = float(worker)
        for start in range(0, len(TASKS), PACKET):
            packet = TASKS[start : start + PACKET]
            said = [(t, truth[t] if rng.random() < 0.9 else rng.choice(("cat", "dog", "fox"))) for t in packet]
            if is_spammer and spammer_answer:
                said = [(task, spammer_answer) for task in packet]
            seconds = (spammer_seconds if is_spammer else 40.0) * rng.uniform(0.8, 1.2)
            found.append(Stretch(f"w{worker}", said, at, at + seconds))
            at += seconds + 500.0
    return found


def named(looked: Looked) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in looked.found:
        found.setdefault(each.worker, set()).add(each.signal)
    return found


def contents() -> dict[str, Any]:
    return dict.fromkeys(TASKS, TEXT)


def test_an_honest_crowd_is_left_alone() -> None:
    looked = look_at(stretches(), contents(), RULES)
    assert (looked.answers, looked.workers, looked.found) == (12 * 120, 12, ())


def test_who_always_says_the_same_is_named_with_numbers_and_a_way_to_answer() -> None:
    looked = look_at(stretches(spammer_answer="cat"), contents(), RULES)
    assert named(looked) == {"w11": {"constant_answers"}}
    only = looked.found[0]
    assert "120 of your 120 answers are the same" in only.seen
    assert only.how_to_answer
    assert set(only.tasks) <= set(TASKS)
    assert only.p_value < 0.01


def test_who_could_not_have_read_the_tasks_is_named_also_where_any_text_may_be_an_answer() -> None:
    quick = stretches(spammer_seconds=2.0)
    assert named(look_at(quick, contents(), RULES)) == {"w11": {"too_fast"}}
    assert named(look_at(quick, contents(), Rules(7, (), None))) == {"w11": {"too_fast"}}


def test_a_time_that_nobody_measured_accuses_nobody() -> None:
    untimed = [Stretch(each.worker, each.answers, each.started, None) for each in stretches(spammer_seconds=2.0)]
    assert look_at(untimed, contents(), RULES).found == ()


def test_a_named_worker_loses_nothing_by_it() -> None:
    """The policy decides on the same answers and accepts them all: no known answer spoke against the worker."""
    cheating = stretches(spammer_seconds=2.0, spammer_answer="cat")
    assert named(look_at(cheating, contents(), RULES)) == {"w11": {"constant_answers", "too_fast"}}
    answers = [Answer(task, each.worker, value) for each in cheating for task, value in each.answers]
    decided = decide(answers, ["0x" + "11" * 32], {}, RULES, revealed=True).decisions
    assert {decision for decision, _ in decided.values()} == {"accepted"}


def test_no_answers_and_no_text_are_no_trouble() -> None:
    assert look_at([], {}, RULES) == Looked(0, 0, ())
    assert look_at(stretches()[:1], {}, RULES).found == ()


def test_only_what_a_person_reads_counts_as_text() -> None:
    assert signs({"a": "four", "b": ["two", {"c": "https://example.org/picture.png"}], "d": 7, "e": None}) == 7


def test_a_batch_is_looked_at_again_after_a_tenth_more_or_a_step_back() -> None:
    book, looks = SignalBook(), []

    def asked(submissions: int) -> int:
        def look() -> Looked:
            looks.append(submissions)
            return Looked(submissions, 1, ())

        return book.get("batch", submissions, look).answers

    assert [asked(count) for count in (100, 100, 109, 110, 110, 99)] == [100, 100, 100, 110, 110, 99]
    assert looks == [100, 110, 99]
    assert [asked(count) for count in (1, 2, 2)] == [1, 2, 2], "of few, each counts"
