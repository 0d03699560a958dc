"""Every error, event, function and reason of the contracts occurs in a forge test, and every tree tells its tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "contracts"
SOURCES = sorted((ROOT / "contracts" / "interfaces").glob("*.sol")) + sorted(
    (ROOT / "contracts" / "gates").glob("*.sol")
)
TEST_FILES = sorted(path for path in TESTS.rglob("*.t.sol") if "invariants" not in path.relative_to(TESTS).parts)

DECLARATION = re.compile(r"^\s*(error|event|function) ([A-Za-z]\w*)\(", re.MULTILINE)
TEST = re.compile(r"^    function (test|testFuzz)_(\w+)\(", re.MULTILINE)
LEAF = re.compile(r"── it: (.+)$", re.MULTILINE)


def declared(kind: str) -> set[str]:
    """Names of that kind in the contracts' interfaces and gates, getters of gates left out."""
    return {name for path in SOURCES for found, name in DECLARATION.findall(path.read_text()) if found == kind}


def enum_values(name: str) -> set[str]:
    text = (ROOT / "contracts" / "libraries" / "EscrowTypes.sol").read_text()
    body = re.search(rf"enum {name} \{{(.*?)\n\}}", text, re.DOTALL)
    assert body is not None, f"no enum {name}"
    return set(re.findall(r"^    (\w+),?$", body[1], re.MULTILINE))


def spoken() -> str:
    """All that the forge tests say, declarations of interfaces in them left out."""
    text = "\n".join(
        path.read_text() for path in TESTS.rglob("*.sol") if "invariants" not in path.relative_to(TESTS).parts
    )
    return re.sub(r"^\s*(error|event|function \w+\([^)]*\) external[^{;]*;).*$", "", text, flags=re.MULTILINE)


def missing(names: set[str], pattern: str, text: str) -> list[str]:
    """Those of `names` for which `pattern` (with NAME in it) is nowhere in `text`."""
    return sorted(name for name in names if not re.search(pattern.replace("NAME", name), text))


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [("error", r"\bNAME\.selector"), ("event", r"emit \w+\.NAME\("), ("function", r"\.NAME\b|\"NAME\(")],
)
def test_every_declared_name_occurs_in_a_forge_test(kind: str, pattern: str) -> None:
    names = declared(kind)
    assert len(names) > 20, "the interfaces were read"
    assert missing(names, pattern, spoken()) == []


@pytest.mark.parametrize("enum", ["Refusal", "PaidReason", "PacketKind"])
def test_every_reason_occurs_in_a_forge_test(enum: str) -> None:
    values = enum_values(enum)
    assert len(values) > 5
    assert missing(values, rf"\b{enum}\.NAME\b", spoken()) == []


def test_a_name_that_occurs_nowhere_would_be_found_missing() -> None:
    assert missing({"TaskEscrow_NeverTested"}, r"\bNAME\.selector", spoken()) == ["TaskEscrow_NeverTested"]


def test_there_are_at_least_a_hundred_fuzzed_tests(tell: Callable[[str], None]) -> None:
    fuzzed = [name for path in TEST_FILES for kind, name in TEST.findall(path.read_text()) if kind == "testFuzz"]
    assert len(fuzzed) >= 100
    tell(f"{len(fuzzed)} fuzzed tests")


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_the_tree_beside_a_test_file_tells_its_tests(path: Path) -> None:
    tests = [
        f"{name.replace('_', ' ')}{' (fuzzed)' if kind == 'testFuzz' else ''}"
        for kind, name in TEST.findall(path.read_text())
    ]
    tree = path.with_name(path.name.replace(".t.sol", ".tree"))
    assert sorted(LEAF.findall(tree.read_text())) == sorted(tests)
