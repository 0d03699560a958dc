"""One accuracy a worker: a few labels are laid out in a table, many as pairs, and nobody can tell from the numbers."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from piecework.quality import one_coin
from piecework.quality.answers import Answers, answers_of


@st.composite
def crowds(draw: st.DrawFn) -> Answers:
    """Up to 8 labels, tasks and workers without an answer among them."""
    tasks, workers, labels = draw(st.integers(1, 9)), draw(st.integers(1, 6)), draw(st.integers(1, 8))
    given_by = draw(st.lists(st.booleans(), min_size=tasks * workers, max_size=tasks * workers))
    task, worker = np.nonzero(np.array(given_by).reshape(tasks, workers))
    label = draw(st.lists(st.integers(0, labels - 1), min_size=task.size, max_size=task.size))
    return answers_of(task, worker, np.array(label, dtype=np.int64), tasks=tasks, workers=workers, labels=labels)


@given(crowds())
def test_a_table_and_pairs_give_the_same_numbers_to_the_last_digit(answers: Answers) -> None:
    table = one_coin.fit_one_coin(answers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one_coin, "_FEW_LABELS", 0)
        pairs = one_coin.fit_one_coin(answers)
    for field in fields(one_coin.OneCoinFit):
        assert np.array_equal(getattr(table, field.name), getattr(pairs, field.name)), field.name
