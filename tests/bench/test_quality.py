"""The bench of quality on a small drawn crowd: what it says of goals, costs and who looks at the truth."""

from __future__ import annotations

import csv
import json
import sys
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from bench.quality import blind, chart, measure, report, translations
from bench.quality.crowds import read_crowd
from bench.quality.strategies import STRATEGIES
from tests.piecework.quality.drawn import draw_crowd

Columns = dict[str, list[str]]


def write(path: Path, columns: Columns) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


@pytest.fixture
def crowd_path(tmp_path: Path) -> Path:
    """60 tasks, 12 workers, 6 answers a task, 3 labels."""
    pool, truth = draw_crowd(tasks=60, workers=12, per_task=6, labels=3, skill=(0.4, 0.95), seed=1)
    path = tmp_path / "drawn"
    path.mkdir()
    named: Columns = {"task": [f"t{i}" for i in pool.task], "worker": [f"w{i}" for i in pool.worker]}
    write(path / "answers.csv", named | {"answer": [f"l{i}" for i in pool.label]})
    write(path / "truth.csv", {"task": [f"t{i}" for i in range(60)], "truth": [f"l{i}" for i in truth]})
    return path


@pytest.fixture
def text_path(tmp_path: Path) -> Path:
    path = tmp_path / "texts"
    path.mkdir()
    said = ["the cat sat on the mat", "a cat sat on the mat", "dogs are loud animals at night"]
    other = ["it rained all day long", "it has rained all day", "buy cheap things online now"]
    answers = {"task": ["a"] * 3 + ["b"] * 3, "worker": ["1", "2", "3"] * 2, "answer": said + other}
    write(path / "answers.csv", answers)
    write(path / "truth.csv", {"task": ["a", "b"], "truth": ["the cat sat on a mat", "it rained the whole day"]})
    return path


@pytest.mark.parametrize("name", blind.LABEL_METHODS)
def test_labels_do_not_change_when_the_truth_file_is_shuffled(crowd_path: Path, name: str) -> None:
    assert not blind.looks_at_truth(crowd_path, blind.LABEL_METHODS[name])


def test_texts_do_not_change_when_the_truth_file_is_shuffled(text_path: Path) -> None:
    assert not blind.looks_at_truth(text_path, blind.chosen_texts)


def test_a_method_that_peeks_at_one_truth_is_caught(crowd_path: Path) -> None:
    """The planted bug: ours, but for a single task whose label is taken from the truth file."""

    def peeks(folder: Path) -> list[int]:
        label = blind.all_answers(folder)
        truth = read_crowd(folder).truth.label.tolist()
        changed = next(i for i, told in enumerate(read_crowd(crowd_path).truth.label) if told != shuffled[i])
        label[changed] = truth[changed]
        return label

    blind.shuffle_truth(crowd_path / "truth.csv", crowd_path / "shuffled.csv")
    with (crowd_path / "shuffled.csv").open(newline="") as file:
        dealt = {row["task"]: row["truth"] for row in csv.DictReader(file)}
    crowd = read_crowd(crowd_path)
    shuffled = [list(crowd.names).index(dealt[task]) for task in crowd.file.task_names]
    assert blind.looks_at_truth(crowd_path, peeks)


def test_a_truth_that_cannot_be_shuffled_proves_nothing(crowd_path: Path) -> None:
    write(crowd_path / "truth.csv", {"task": ["t0", "t1"], "truth": ["l0", "l0"]})
    with pytest.raises(ValueError, match="all its truths are equal"):
        blind.looks_at_truth(crowd_path, blind.all_answers)


def test_one_small_run_fills_table_page_and_chart(crowd_path: Path, text_path: Path) -> None:
    crowd = read_crowd(crowd_path)
    with ThreadPoolExecutor(1) as pool:
        adaptive = measure.adaptive(crowd, pool, seeds=2, say=lambda _: None)
    results = {
        "crowds": {
            "drawn": {
                "answers": crowd.answers.size,
                "full": measure.full_data(crowd, with_peers=False, say=lambda _: None),
                "streaming": measure.streaming(crowd),
                "adaptive": adaptive,
            }
        },
        "texts": {"texts": translations.measure(text_path)},
        "looks_at_truth": {"drawn, all answers": True},
        "joined": {},
    }
    # Keys in another order, as they come back from a file, change no verdict.
    assert report.goals(json.loads(json.dumps(results, sort_keys=True))) == report.goals(results)
    verdicts = {row[0]: row[4] for section in report.sections(results) for row in section}
    assert verdicts["truth file shuffled, all answers"] == "MISSED"
    assert verdicts["one more answer"] in ("met", "MISSED")
    assert report.goals(results)["truth file shuffled, all answers, drawn"] is False
    assert all(len(curve) > 1 and 0 < curve[0][0] <= 1 for curve in adaptive["curves"].values())
    drawn = ET.fromstring(  # noqa: S314, our own text
        chart.draw({"drawn": adaptive}, list(STRATEGIES))
    )
    assert sum(element.tag.endswith("polyline") for element in drawn) == len(STRATEGIES)


def test_the_cost_of_an_accuracy_lies_on_the_line_between_two_points() -> None:
    curve = [[0.1, 0.5], [0.2, 0.7], [0.4, 0.7], [0.5, 0.9]]
    assert measure.reached(curve, 0.6) == pytest.approx(0.15)
    assert measure.reached(curve, 0.8) == pytest.approx(0.45)
    assert measure.reached(curve, 0.4) == 0.1
    assert measure.reached(curve, 0.95) is None


def test_gleu_and_the_longest_common_choice_by_hand() -> None:
    assert translations.gleu("a b c d", "a b c d") == 1.0
    assert translations.gleu("a b", "a c") == pytest.approx(1 / 3)  # a of a, b, "a b"
    assert translations.longest_common(["x y", "a b c", "a b d e"]) == 1


def test_every_strategy_ends_with_all_answers_or_says_how_many_it_bought(crowd_path: Path) -> None:
    pool = read_crowd(crowd_path).answers
    for name, strategy in STRATEGIES.items():
        shares = [point.share for point in strategy(pool, 0)]
        assert shares == sorted(shares), name
        assert shares[-1] == pytest.approx(1.0) or name == "SimplePlurality extension"
        assert np.isfinite(shares).all()


def test_a_section_joins_the_table_when_its_module_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("bench.quality.cheats")
    module.__spec__ = ModuleSpec("bench.quality.cheats", None)
    monkeypatch.setitem(sys.modules, "bench.quality.cheats", module)
    assert "cheats" not in report.joined(), "it has nothing to give"
    module.measure_section = dict  # type: ignore[attr-defined]
    module.section_rows = lambda measured: [("cheats", "drawn", measured["told"], "some", "met")]  # type: ignore[attr-defined]
    results = {"crowds": {}, "texts": {}, "looks_at_truth": {}, "joined": {"cheats": {"told": "1 of 2"}}}
    assert report.sections(results)[-1] == [("cheats", "drawn", "1 of 2", "some", "met")]
    assert report.goals(results) == {"cheats, drawn": True}
