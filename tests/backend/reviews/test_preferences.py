"""What tasks of the type `preference` compare is ranked where they share things, in the batch's last file alone."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.reviews import inference, preferences
from backend.reviews.policy import Answer
from backend.reviews.preferences import Pairs, pairs_of
from piecework.domain.task_types import build_answer_schema

BATCH = "0x" + "ab" * 32
DIGESTS = ["0x" + "11" * 32]
SCHEMA = build_answer_schema("preference", {"tie": True})
RULES = inference.rules_of(BATCH, {}, SCHEMA)
Contents = dict[str, dict[str, Any]]


def contents(pairs: list[tuple[str, str]], question: str | None = None) -> Contents:
    asked = {} if question is None else {"question": question}
    return {f"t{at:02d}": {"a": a, "b": b} | asked for at, (a, b) in enumerate(pairs)}


def compared(shown: Contents) -> Pairs:
    found = pairs_of("preference", shown.items())
    assert found is not None
    return found


def decide(answers: list[Answer], shown: Contents, *, final: bool = True, **more: Any) -> Any:
    return inference.decide(answers, DIGESTS, {}, RULES, revealed=False, final=final, pairs=compared(shown), **more)


def ranking(found: Any) -> Any:
    return found.method["parameters"]["found"]["ranking"]


def names(found: Any, shown: Contents) -> list[str]:
    return [shown[row["task"]][row["side"]] for row in ranking(found)["things"]]


def crowd(shown: Contents, worth: dict[str, float], *, workers: int = 6, liars: int = 0, seed: int = 1) -> list[Answer]:
    """Who is worth more wins more often; liars say the opposite."""
    rng = random.Random(seed)
    answers = []
    for worker in range(workers):
        for task, content in shown.items():
            lead = worth[content["a"]] - worth[content["b"]]
            better = "a" if rng.random() < 1 / (1 + 2.718281828 ** (-lead)) else "b"
            said = better if worker >= liars else {"a": "b", "b": "a"}[better]
            answers.append(Answer(task, f"w{worker}", said))
    return answers


ROUND = [(a, b) for at, a in enumerate("pqrst") for b in "pqrst"[at + 1 :]]
WORTH = dict(zip("pqrst", (4.0, 2.0, 0.0, -2.0, -4.0), strict=True))


@pytest.mark.parametrize("liars", [0, 2])
def test_things_that_tasks_share_are_ranked_and_liars_are_seen_through(liars: int) -> None:
    shown = contents([pair if at % 2 else pair[::-1] for at, pair in enumerate(ROUND)])
    found = decide(crowd(shown, WORTH, liars=liars), shown)
    assert names(found, shown) == list("pqrst")
    rows = ranking(found)["things"]
    assert [row["compared"] for row in rows] == [24] * 5
    assert all(row["error"] > 0 for row in rows)
    assert {row["group"] for row in rows} == {0}
    trust = {row["worker"]: row["reliability"] for row in ranking(found)["reliability"]}
    assert len(trust) == 6
    assert all((trust[f"w{w}"] < 0.5) == (w < liars) for w in range(6))
    assert set(found.labels) == set(shown), "each comparison has its label too"
    assert {how for how, _ in found.decisions.values()} == {"accepted"}


def test_nothing_is_ranked_before_the_last_file() -> None:
    """While tasks still take answers, scores would tell what others said."""
    shown = contents(ROUND)
    open_ = decide(crowd(shown, WORTH), shown, final=False)
    assert "ranking" not in open_.method["parameters"]["found"]
    assert open_.labels == decide(crowd(shown, WORTH), shown).labels


def test_pairs_of_their_own_are_not_ranked_and_another_question_makes_another_thing() -> None:
    alone = compared(contents([("p", "q"), ("r", "s")]))
    assert (alone.things, dict(alone.compared)) == ([], {})
    asked = {"t0": {"question": "funnier?", "a": "p", "b": "q"}, "t1": {"question": "shorter?", "a": "q", "b": "r"}}
    assert compared(asked).things == []
    same = {task: content | {"question": "funnier?"} for task, content in asked.items()}
    assert len(compared(same).things) == 3
    found = decide([Answer("t00", "w0", "a")], contents([("p", "q")]))
    assert ranking(found)["things"] == []
    assert pairs_of("choice", asked.items()) is None


def test_groups_stand_apart_the_largest_first_each_best_first() -> None:
    shown = contents([("p", "q"), ("q", "r"), ("u", "v"), ("v", "w"), ("w", "x")])
    worth = dict(zip("pqruvwx", (3.0, 0.0, -3.0, 6.0, 2.0, -2.0, -6.0), strict=True))
    found = decide(crowd(shown, worth, workers=9), shown)
    assert names(found, shown) == list("uvwxpqr")
    assert [row["group"] for row in ranking(found)["things"]] == [0] * 4 + [1] * 3


def test_pictures_are_things_and_a_thing_beside_itself_is_no_comparison() -> None:
    shown: Contents = {
        "t0": {"image_a": "https://x.example/1", "image_b": "https://x.example/2"},
        "t1": {"image_a": "https://x.example/2", "image_b": "https://x.example/3"},
        "t2": {"image_a": "https://x.example/1", "image_b": "https://x.example/1"},
        "t3": {},
    }
    found = compared(shown)
    assert len(found.things) == 3
    assert set(found.compared) == {"t0", "t1"}


def test_ties_and_words_that_are_none_of_the_three() -> None:
    shown = contents([("p", "q"), ("q", "r"), ("p", "r")])
    answers = [Answer(task, f"w{w}", "tie") for task in shown for w in range(3)]
    rows = ranking(decide(answers, shown))["things"]
    assert {row["score"] for row in rows} == {0.0}
    odd: list[Any] = [["a"], None, 7, "left"]
    strange = [Answer(task, f"w{w}", odd[w]) for task in shown for w in range(4)]
    assert all(row["compared"] == 0 for row in ranking(decide(strange, shown))["things"])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_which_side_a_thing_stood_on_and_the_order_of_tasks_move_no_score(data: Any) -> None:
    pairs = data.draw(st.lists(st.sampled_from(ROUND), min_size=2, max_size=8, unique=True))
    says = data.draw(st.lists(st.sampled_from(["a", "b", "tie"]), min_size=len(pairs), max_size=len(pairs)))
    turned = data.draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    shown = contents(pairs)
    other = contents([pair[::-1] if turn else pair for pair, turn in zip(pairs, turned, strict=True)])
    swap = {"a": "b", "b": "a", "tie": "tie"}
    plain = [Answer(task, "w0", said) for task, said in zip(shown, says, strict=True)]
    mirrored = [
        Answer(task, "w0", swap[said] if turn else said) for task, said, turn in zip(shown, says, turned, strict=True)
    ]
    one, two = decide(plain, shown), decide(mirrored[::-1], other)
    scores = [
        {(row["group"], under[row["task"]][row["side"]]): row["score"] for row in ranking(found)["things"]}
        for found, under in ((one, shown), (two, other))
    ]
    by_name = [{name: score for (_, name), score in each.items()} for each in scores]
    assert by_name[0] == pytest.approx(by_name[1], abs=1e-5)


def test_a_ranking_that_takes_everybody_at_their_word_puts_the_second_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug. Two liars outvote the one honest worker who saw the best two side by side."""
    shown = contents(ROUND)
    answers = [
        Answer(task, worker, "b" if worker.startswith("x") else "a")
        for task, content in shown.items()
        for worker in ("w0", "w1", "w2", "x0", "x1")
        if worker in ("w0", "x0", "x1") or (content["a"], content["b"]) != ("p", "q")
    ]
    assert names(decide(answers, shown), shown)[:2] == ["p", "q"]
    honest = preferences.rank
    monkeypatch.setattr(preferences, "rank", lambda data, **more: honest(data, reliability=False, **more))
    assert names(decide(answers, shown), shown)[:2] == ["q", "p"]


@pytest.mark.parametrize(("most", "converged"), [(preferences.MOST_WORK, True), (1, False)], ids=["enough", "few"])
def test_a_fit_that_is_cut_short_says_so(monkeypatch: pytest.MonkeyPatch, most: int, converged: bool) -> None:
    monkeypatch.setattr(preferences, "MOST_WORK", most)
    monkeypatch.setattr(preferences, "LEAST_ROUNDS", 2)
    shown = contents(ROUND)
    found = decide(crowd(shown, WORTH), shown)
    assert ranking(found)["converged"] is converged
    assert names(found, shown) == list("pqrst")
