"""The planted bugs, each caught by the check that is named for it; and a list that rots is noticed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tools.planted_bugs.catalogue import Rotten, catalogue, unproved_laws

ROOT = Path(__file__).resolve().parents[2]


def test_there_are_bugs_enough_and_each_still_fits_its_contract() -> None:
    bugs = catalogue()
    assert len(bugs) >= 40
    for bug in bugs:
        assert bug.plant() != (ROOT / bug.file).read_text()


def test_every_named_law_has_a_bug_that_breaks_it_first() -> None:
    bugs = catalogue()
    assert unproved_laws(bugs) == []
    law = next(bug.law for bug in bugs if bug.law)
    assert unproved_laws([bug for bug in bugs if bug.law != law]) == [law]


def test_a_bug_whose_text_is_gone_is_refused() -> None:
    with pytest.raises(Rotten):
        replace(catalogue()[0], old="text that nobody wrote").plant()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_planted_bug_is_caught_by_its_check(tell: Callable[[str], None]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.planted_bugs"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    tell(done.stdout)
    assert done.returncode == 0, done.stderr
