"""`piecework infer --report`: one file that a browser shows without a network, whatever the answers say."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.backend.reports.reading import HOSTILE, Page
from tests.scripts.test_infer_command import run, small_crowd, write


def page_of(path: Path) -> Page:
    page = Page(path.read_text(encoding="utf-8"))
    assert page.problems() == []
    return page


def test_the_page_holds_what_the_command_prints(tmp_path: Path) -> None:
    answers, truth = small_crowd(tmp_path)
    target = tmp_path / "report.html"
    result = run(answers, "--truth", truth, "--report", target, "--json")
    printed = json.loads(result.stdout)
    page = page_of(target)
    assert "40 tasks · 240 answers · 6 people" in page.words
    assert f"{printed['accuracy'] * 100:.1f}".removesuffix(".0") + " %" in page.words
    assert f"{printed['estimated_accuracy'] * 100:.1f}".removesuffix(".0") + " %" in page.words
    assert f"{printed['alpha']['alpha']:.2f}" in page.words
    for label in ("cat", "dog", "a hen", "w0", "w5"):
        assert label in page.words


def test_names_and_labels_of_strangers_stay_text(tmp_path: Path) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    texts = [quoted(text) for text in HOSTILE[:5]]
    rows = [f"{texts[t % 5]},{texts[w]},{texts[(t + w) % 3]}" for t in range(5) for w in range(4)]
    target = tmp_path / "report.html"
    assert run(write(tmp_path / "a.csv", "task,worker,answer", *rows), "--report", target).exit_code == 0
    page = page_of(target)
    for text in HOSTILE[:3]:
        assert text in page.words


@pytest.mark.parametrize("answer", ["{t}.{w}5", "the quick brown fox number {t} jumps over it {w}"])
def test_numbers_and_texts_have_a_page_too(tmp_path: Path, answer: str) -> None:
    rows = [f"t{t},w{w}," + answer.format(t=t, w=w) for t in range(12) for w in range(4)]
    target = tmp_path / "report.html"
    result = run(write(tmp_path / "a.csv", "task,worker,answer", *rows), "--report", target)
    assert result.exit_code == 0, result.stderr
    words = page_of(target).words
    assert "12 tasks · 48 answers · 4 people" in words
    assert "Agreement with what was found" in words
    assert "Confusion" not in words


def test_a_report_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    answers, _ = small_crowd(tmp_path)
    result = run(answers, "--report", tmp_path / "nowhere" / "report.html")
    assert result.exit_code == 1
    assert "nowhere" in result.stderr.replace("\n", "")
    assert not isinstance(result.exception, FileNotFoundError)


def test_boxes_are_shown_by_their_overlap(tmp_path: Path) -> None:
    def drawn(x: float) -> str:
        box = json.dumps([{"label": "cat", "x": x, "y": 0.2, "width": 0.3, "height": 0.3}])
        return '"' + box.replace('"', '""') + '"'

    rows = [f"t{t},w{w},{drawn(0.1 if w < 3 else 0.6)}" for t in range(8) for w in range(4)]
    target = tmp_path / "report.html"
    result = run(write(tmp_path / "a.csv", "task,worker,answer", *rows), "--report", target)
    assert result.exit_code == 0, result.stderr
    words = page_of(target).words
    for text in ("8 tasks · 32 answers · 4 people", "IoU", "75 %", "1 cat"):
        assert text in words


def test_a_ranking_is_shown_the_best_first(tmp_path: Path) -> None:
    rows = [f"{a},{b},w{w},left" for w in range(4) for a, b in (("first", "second"), ("second", "third"))]
    target = tmp_path / "report.html"
    result = run(write(tmp_path / "a.csv", "left,right,worker,answer", *rows), "--report", target)
    assert result.exit_code == 0, result.stderr
    words = page_of(target).words
    assert "Things ranked" in words
    ranking = words[words.index("Things by score") :]
    assert ranking.index("first") < ranking.index("second") < ranking.index("third")
    assert "100 %" in words, "every comparison says what the scores say"


@pytest.mark.parametrize("cost", [None, "0.5"])
def test_a_model_beside_people_is_shown_with_what_it_spares(tmp_path: Path, cost: str | None) -> None:
    """A model that is always right, beside people who are often wrong."""
    rng = random.Random(4)
    true = [rng.choice(("cat", "dog")) for _ in range(300)]
    rows = [
        f"t{t},w{w}," + (label if rng.random() < 0.7 else {"cat": "dog", "dog": "cat"}[label])
        for t, label in enumerate(true)
        for w in range(5)
    ]
    model = write(tmp_path / "model.csv", "task,label", *(f"t{t},{label}" for t, label in enumerate(true)))
    target = tmp_path / "report.html"
    asked = ["--with-model", f"file:{model}", "--report", target, "--json"]
    asked += ["--answer-cost", cost] if cost else []
    result = run(write(tmp_path / "a.csv", "task,worker,answer", *rows), *asked)
    assert result.exit_code == 0, result.stderr
    printed = json.loads(result.stdout)["model"]
    assert printed["verdict"] == "trusted"
    assert printed["answers_saved"] > 0
    words = page_of(target).words
    assert "A model beside people" in words
    assert f"{printed['accuracy']['value'] * 100:.1f}".removesuffix(".0") + " %" in words
    assert f"{printed['answers_saved']:,}" in words
    assert f"of {printed['answers_without_model']:,} answers" in words
    assert ("they cost" in words) == (cost is not None)
    if cost is not None:
        assert f"they cost {printed['answers_saved'] * 0.5:,.10g}" in words
