"""The planted bugs, as `bugs/*.toml` lists them: what is changed, and who must notice."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LAW = re.compile(r'"(law\d+_\w+)"')
LISTS = Path(__file__).resolve().parent / "bugs"


class Rotten(Exception):
    """An entry does not fit the contracts any more."""


@dataclass(frozen=True)
class Bug:
    """One changed line, `old` -> `new` in `file`, and the one check that must fail first.

    Either `law` (a check of the invariants, in campaign `campaign`) or `test` (`Contract:test_name`) is given.
    `seed` is where the campaign's chance begins: one that meets a rare case early saves minutes, and proves as much.
    """

    name: str
    file: str
    old: str
    new: str
    law: str = ""
    campaign: str = "Tight"
    runs: int = 60
    seed: str = "0x5eed"
    test: str = ""

    @property
    def caught_by(self) -> str:
        return self.law or self.test

    @property
    def contract(self) -> str:
        """The test contract to run."""
        return f"{self.campaign}LawsTest" if self.law else self.test.partition(":")[0]

    def plant(self, root: Path = ROOT) -> str:
        """The file's text with the bug in it. Raises Rotten unless `old` stands there exactly once."""
        text = (root / self.file).read_text()
        found = text.count(self.old)
        if found != 1:
            raise Rotten(f"{self.name}: {self.file} holds the text to change {found} times:\n{self.old}")
        return text.replace(self.old, self.new)


def catalogue() -> list[Bug]:
    """Every planted bug. Raises Rotten for an entry that is incomplete or twice there."""
    bugs: list[Bug] = []
    for path in sorted(LISTS.glob("*.toml")):
        bugs += [Bug(**entry) for entry in tomllib.loads(path.read_text())["bug"]]
    for bug in bugs:
        if bool(bug.law) == bool(bug.test) or bug.old == bug.new:
            raise Rotten(f"{bug.name}: give a law or a test, and a change")
    names = [bug.name for bug in bugs]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise Rotten(f"named twice: {sorted(twice)}")
    return bugs


def unproved_laws(bugs: list[Bug], root: Path = ROOT) -> list[str]:
    """Named checks of the invariants that no planted bug is there to break first."""
    sources = "".join(path.read_text() for path in (root / "tests" / "contracts" / "invariants").rglob("*.sol"))
    return sorted(set(_LAW.findall(sources)) - {bug.law for bug in bugs})
