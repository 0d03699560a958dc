"""The documentation holds only what is true: links, commands, options, settings, formats and paths are looked up."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from piecework.domain.documents import KINDS, format_name
from scripts.main import app
from tools import settings_table

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_MAKE = re.compile(r"(?:^|[\s(;&|])make ([a-z][a-z-]*)")
_PIECEWORK = re.compile(r"(?:^|[\s(;&|/])piecework ([a-z][a-z-]*)((?: +[^\s|;&)]+)*)")
_OPTION = re.compile(r"(--[a-z][a-z-]*)")
_HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")
_SETTING = re.compile(r"PIECEWORK_[A-Z][A-Z_]*[A-Z]")
PLANNED_SECTION = "## Not there yet"
"""Commands under this heading of the README are promises: they must NOT exist yet."""


def tracked() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


PAGES = sorted(name for name in tracked() if name.endswith(".md") and (ROOT / name).is_file())
FILES = {name for name in tracked() if (ROOT / name).is_file()}
FOLDERS = {str(parent) for name in FILES for parent in Path(name).parents}


def text_of(page: str) -> str:
    return (ROOT / page).read_text()


def without_promises(text: str) -> str:
    """All but the section of what is not there yet."""
    before, _, rest = text.partition(PLANNED_SECTION)
    return before + rest[rest.find("\n## ") :] if "\n## " in rest else before


def code_in(page: str) -> Iterator[str]:
    """Every piece of code: lines of shell blocks, and inline code outside of blocks."""
    text = without_promises(text_of(page))
    for language, body in _FENCE.findall(text):
        if language in ("sh", "bash", "console", ""):
            yield from body.replace("\\\n", " ").splitlines()
    yield from _INLINE.findall(_FENCE.sub("", text))


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


# ----------------------------------------------------------------------- links


def broken_links(page: str) -> list[str]:
    """Relative links of a page that lead to no file or heading."""
    found = []
    for link in _LINK.findall(_FENCE.sub("", text_of(page))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, heading = link.partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        relative = str(target.resolve().relative_to(ROOT)) if target.resolve().is_relative_to(ROOT) else ""
        anchors = (
            {anchor(line) for line in _HEADING.findall(text_of(relative))} if heading and relative in FILES else {""}
        )
        if relative not in FILES | FOLDERS or heading not in anchors:
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_leads_somewhere(page: str) -> None:
    assert broken_links(page) == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[str] = set()
    waiting = ["README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        for link in _LINK.findall(text_of(page)):
            name = link.partition("#")[0]
            target = ((ROOT / page).parent / name).resolve()
            if name.endswith(".md") and target.is_file():
                waiting.append(str(target.relative_to(ROOT)))

    assert {page for page in PAGES if page.startswith("docs/")} <= reached


# -------------------------------------------------------------------- commands


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def commands() -> dict[str, set[str]]:
    """Options of every subcommand of `piecework`; of a group those of its subcommands."""
    group: Any = typer.main.get_command(app)
    return {name: _options(command) | {"--help"} for name, command in group.commands.items()}


def _options(command: Any) -> set[str]:
    own = {option for parameter in command.params for option in parameter.opts}
    return own.union(*(_options(each) for each in getattr(command, "commands", {}).values()))


def unknown_commands(page: str) -> list[str]:
    """`make X` and `piecework X --option` of a page that do not exist."""
    found = []
    known = commands()
    for code in code_in(page):
        found += [f"make {name}" for name in _MAKE.findall(code) if name not in make_targets()]
        for name, rest in _PIECEWORK.findall(code):
            if name not in known:
                found.append(f"piecework {name}")
                continue
            found += [f"piecework {name} {o}" for o in _OPTION.findall(rest) if o not in known[name]]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_is_named_exists(page: str) -> None:
    assert unknown_commands(page) == []


def test_the_readme_names_every_command_there_is() -> None:
    table = without_promises(text_of("README.md"))

    assert {name for name in commands() if f"`piecework {name}" not in table} == set()


def test_what_the_readme_promises_for_later_is_not_there_yet() -> None:
    promised = text_of("README.md").partition(PLANNED_SECTION)[2].partition("\n## ")[0]

    assert {name for name, _ in _PIECEWORK.findall(promised.replace("`", " "))} & set(commands()) == set()


def test_the_makefile_explains_every_target() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = {".stamps", ".tools"}

    assert {name for name in make_targets() - files if f"make {name} " not in done.stdout} == set()


# -------------------------------------------------------------------- settings


def test_the_gateways_settings_are_those_of_its_settings_class() -> None:
    page = text_of("docs/gateway.md")

    assert page == settings_table.written(page), "run: python tools/settings_table.py --write"


def settings_read(*, by_tests: bool) -> set[str]:
    """Every gateway setting, and every PIECEWORK_ variable in a program, the Makefile, CI and, if asked, tests."""
    rows = set(_SETTING.findall(settings_table.table()))
    for name in FILES:
        if name.endswith(".py") or name in ("Makefile", ".ci/run"):
            rows |= set(_SETTING.findall(text_of(name))) if by_tests or not name.startswith("tests/") else set()
    return rows


def test_every_setting_is_documented_and_every_documented_setting_is_read() -> None:
    documented = {name for page in PAGES for name in _SETTING.findall(text_of(page))}

    assert settings_read(by_tests=False) - documented == set()
    assert documented - settings_read(by_tests=True) == set()


# ------------------------------------------------------------ formats and paths


@pytest.mark.parametrize("kind", KINDS)
def test_a_format_is_documented_with_every_field(kind: str) -> None:
    page = text_of("docs/formats.md")
    schema = json.loads(text_of(f"piecework/domain/schemas/{kind}-1.json"))

    assert f"`{format_name(kind)}`" in page
    assert {field for field in schema["properties"] if f"`{field}`" not in page} == set()


def test_every_format_that_the_code_names_is_documented() -> None:
    named = {
        name
        for file in FILES
        if file.endswith(".py") and not file.startswith("tests/")
        for name in re.findall(r"piecework/[a-z-]+/\d", text_of(file))
    }

    assert named - set(re.findall(r"piecework/[a-z-]+/\d", text_of("docs/formats.md"))) == set()


def missing_paths(page: str) -> list[str]:
    """Inline code of a page that looks like a path of this repository and is none."""
    tops = {name.partition("/")[0] for name in FILES if "/" in name}
    found = []
    for code in _INLINE.findall(_FENCE.sub("", text_of(page))):
        path = code.rstrip("/")
        if not _PATH.fullmatch(code) or "/" not in code or path.partition("/")[0] not in tops:
            continue
        if path.count("/") == 2 and re.fullmatch(r"piecework/[a-z-]+/\d", path):
            continue  # a format's name
        if path not in FILES and path not in FOLDERS:
            found.append(code)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_named_exists(page: str) -> None:
    assert missing_paths(page) == []


# ------------------------------------------------------------------ planted bugs


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads of any page give this text instead."""

    def plant(text: str) -> None:
        monkeypatch.setitem(globals(), "text_of", lambda _: text)

    return plant


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("[x](docs/nowhere.md)", "docs/nowhere.md"),
        ("# A\n[x](#b)", "#b"),
        ("[x](../outside.md)", "../outside.md"),
    ],
)
def test_a_planted_broken_link_is_found(planted: Any, text: str, link: str) -> None:
    planted(text)
    assert broken_links("README.md") == [link]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("`make planted`", "make planted"),
        (f"{PLANNED_SECTION}\n`make later`\n\n## Licence\n`make planted`", "make planted"),
        ("```sh\nmake setup && make planted\n```", "make planted"),
        ("```sh\npiecework planted\n```", "piecework planted"),
        ("`piecework up --planted x`", "piecework up --planted"),
        ("```sh\n.venv/bin/piecework audit --rpc-url x \\\n  --planted\n```", "piecework audit --planted"),
    ],
)
def test_a_planted_command_is_found(planted: Any, text: str, command: str) -> None:
    planted(text)
    assert unknown_commands("README.md") == [command]


def test_a_planted_path_is_found(planted: Any) -> None:
    planted("`backend/planted.py` and `backend/app.py`")
    assert missing_paths("README.md") == ["backend/planted.py"]
