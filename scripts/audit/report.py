"""What an audit says: what was checked, what differs, what could not be checked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

CLEAN, DIFFERS, UNCHECKED = 0, 1, 2


@dataclass
class Report:
    """Collects findings. A subject is a batch, address, event or file."""

    checked: Counter[str] = field(default_factory=Counter)
    differs: list[dict[str, str]] = field(default_factory=list)
    unchecked: list[dict[str, str]] = field(default_factory=list)

    def equal(self, check: str, subject: str, expected: object, found: object) -> bool:
        """Counts one comparison, and notes it if the sides differ."""
        self.checked[check] += 1
        if expected == found:
            return True
        self.differs.append({"check": check, "subject": subject, "expected": str(expected), "found": str(found)})
        return False

    def holds(self, check: str, subject: str, ok: bool, otherwise: str) -> bool:
        """Counts one rule, and notes what breaks it."""
        return self.equal(check, subject, "it holds", "it holds" if ok else otherwise)

    def skip(self, check: str, subject: str, why: str) -> None:
        self.unchecked.append({"check": check, "subject": subject, "why": why})

    @property
    def exit_code(self) -> int:
        if self.differs:
            return DIFFERS
        return UNCHECKED if self.unchecked else CLEAN

    def as_json(self, **facts: Any) -> dict[str, Any]:
        return {
            "format": "piecework/audit/1",
            "clean": self.exit_code == CLEAN,
            "exit_code": self.exit_code,
            **facts,
            "checked": [{"check": name, "count": count} for name, count in sorted(self.checked.items())],
            "differs": self.differs,
            "unchecked": self.unchecked,
        }
