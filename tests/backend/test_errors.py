"""A refusal is short whatever it refuses, and tells its beginning and its end."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from backend.errors import LONGEST_DETAIL, problem


@given(st.text(max_size=3 * LONGEST_DETAIL))
def test_a_long_detail_is_cut_in_its_middle_and_a_short_one_is_not(detail: str) -> None:
    told = json.loads(problem(422, "code", "title", detail).body)["detail"]
    assert len(told) <= LONGEST_DETAIL
    if len(detail) <= LONGEST_DETAIL:
        assert told == detail
    else:
        assert detail.startswith(told.partition("[… ")[0])
        assert detail.endswith(told.rpartition("characters …]")[2])


def test_a_quoted_body_leaves_what_was_said_about_it() -> None:
    told = json.loads(problem(422, "code", "title", f"no task {'x' * 200_000} in this batch").body)["detail"]
    assert told.startswith("no task xxx")
    assert told.endswith("xxx in this batch")
    assert "[… 198," in told
