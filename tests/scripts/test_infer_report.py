"""`piecework infer --report`: one file that a browser shows without a network, whatever the answers say."""

from __future__ import annotations

import json
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
    assert "12 tasks · 48 answers · 4 people" in page_of(target).words


def test_a_report_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    answers, _ = small_crowd(tmp_path)
    result = run(answers, "--report", tmp_path / "nowhere" / "report.html")
    assert result.exit_code == 1
    assert "nowhere" in result.stderr.replace("\n", "")
    assert not isinstance(result.exception, FileNotFoundError)
