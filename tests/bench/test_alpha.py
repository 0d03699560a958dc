"""The bench of alpha on a small crowd: it agrees with the definition, and says so when it does not."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.quality import alpha
from piecework.quality import agreement


@pytest.fixture
def crowd(tmp_path: Path) -> Path:
    rng = random.Random(1)
    folder = tmp_path / "drawn"
    folder.mkdir()
    rows = ["task,worker,answer"]
    for task in range(120):
        true = rng.choice("abc")
        rows += [f"t{task},w{w},{true if rng.random() < 0.7 else rng.choice('abc')}" for w in range(rng.randint(1, 5))]
    (folder / "answers.csv").write_text("\n".join(rows) + "\n")
    return folder


def verdicts(folder: Path) -> list[str]:
    return [row[4] for row in alpha.section_rows(alpha.measure_section([folder]))]


def test_alpha_is_what_the_definition_says_and_its_interval_holds(crowd: Path, tmp_path: Path) -> None:
    assert verdicts(crowd) == ["met", "met"]
    found = alpha.measure_section([crowd, tmp_path])
    assert list(found) == ["drawn"], "a folder without answers is left out"
    assert found["drawn"]["low"] < found["drawn"]["alpha"] < found["drawn"]["high"]
    assert found["drawn"]["tasks"] < 120, "one answer alone cannot be compared"


def test_the_definition_is_krippendorffs_own_example() -> None:
    """His nominal reliability data of two observers and ten units: 0.095 (Computing Krippendorff's Alpha, 2011, A)."""
    meg = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    owen = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    found = alpha.by_definition(np.tile(np.arange(10), 2), np.array(meg + owen))
    assert found == pytest.approx(0.095, abs=0.0005)
    assert np.isnan(alpha.by_definition(np.arange(3), np.array([0, 1, 2])))


def test_a_wrong_alpha_and_a_narrow_interval_are_missed(crowd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bugs."""
    honest = agreement.krippendorff_alpha

    def off(*given: Any, **more: Any) -> Any:
        found = honest(*given, **more)
        return type(found)(found.alpha + 1e-6, found.low, found.high, found.level, found.answers, found.tasks)

    def narrow(*given: Any, **more: Any) -> Any:
        found = honest(*given, **more)
        return type(found)(found.alpha, found.alpha - 0.01, found.alpha + 0.01, found.level, found.answers, found.tasks)

    monkeypatch.setattr(alpha, "krippendorff_alpha", off)
    assert verdicts(crowd)[0] == "MISSED"
    monkeypatch.setattr(alpha, "krippendorff_alpha", narrow)
    assert verdicts(crowd) == ["met", "MISSED"]
