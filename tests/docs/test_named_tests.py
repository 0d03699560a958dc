"""A page that names a test names one that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_NAMED = re.compile(r"`(test(?:Fuzz)?_\w+)`")


def missing(text: str, sources: str) -> list[str]:
    """Tests that `text` names and `sources` do not define."""
    return sorted({name for name in _NAMED.findall(text) if not re.search(rf"(?:function|def) {name}\(", sources)})


def sources() -> str:
    files = [*(ROOT / "tests").rglob("*.sol"), *(ROOT / "tests").rglob("*.py")]
    return "\n".join(path.read_text() for path in files)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_named_test_exists(page: Path) -> None:
    assert missing(page.read_text(), sources()) == []


def test_a_test_that_nobody_wrote_is_named() -> None:
    assert missing("see `test_that_nobody_wrote`", "function test_that_somebody_wrote() public") == [
        "test_that_nobody_wrote"
    ]
