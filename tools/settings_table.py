"""The gateway's settings as the table in docs/gateway.md, from `backend/settings.py`.

Prints it; with `--write` puts it into the page. A test compares the two, so that neither drifts.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from backend.settings import GatewaySettings  # noqa: E402 - the checkout's, wherever this is run

PAGE = ROOT / "docs" / "gateway.md"
BEGIN, END = "<!-- settings: begin -->", "<!-- settings: end -->"


def table() -> str:
    """Markdown: one row a setting, those without a default first."""
    fields = sorted(GatewaySettings.model_fields.items(), key=lambda item: not item[1].is_required())
    rows = [f"| `PIECEWORK_{name.upper()}` | {_default(field)} | {_said(name, field)} |" for name, field in fields]
    return "\n".join(["| setting | default | what it is |", "| --- | --- | --- |", *rows])


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "must be set"
    if field.default is None:
        return "not set"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def _said(name: str, field: FieldInfo) -> str:
    if not field.description:
        raise ValueError(f"backend/settings.py says nothing of {name}")
    return " ".join(field.description.split())


def written(page: str) -> str:
    """`page` with the table between the two marks."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(written(PAGE.read_text()))
    else:
        print(table())
