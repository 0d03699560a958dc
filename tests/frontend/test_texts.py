"""Texts stand in the language files alone, and every language has all of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "frontend" / "src"
LANGUAGES = ("en", "es", "ar")
PLURAL_FORMS = {
    "en": {"one", "other"},
    "es": {"one", "many", "other"},
    "ar": {"zero", "one", "two", "few", "many", "other"},
}
"""Unicode CLDR's cardinal forms; Spanish may leave out `many`, which is for whole millions."""
_VALUE = re.compile(r"\{(\w+)\}")
_BETWEEN_TAGS = re.compile(r"(?<=[\w\"'})/])>([^<>{}=;()]*[^\W\d_]{2}[^<>{}=;()]*)<(?=/?[A-Za-z])")
_READ_ALOUD = re.compile(r"\b(?:aria-label|placeholder|title|alt|label|note|done)=(?:\"([^\"]+)\"|'([^']+)')")
_KEY = re.compile(r"\bt\(\s*'([a-z_.]+)'")
_BEGINNING = re.compile(r"\bt\(\s*`([a-z_.]+)\$\{")


def book(language: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SOURCE / "texts" / f"{language}.json").read_text())
    return found


def sentences(text: Any) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


def sources() -> dict[str, str]:
    return {str(path.relative_to(SOURCE)): path.read_text() for path in sorted(SOURCE.rglob("*.ts*"))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_text_with_the_same_values_and_its_own_plural_forms(language: str) -> None:
    english, other = book("en"), book(language)

    assert list(other) == list(english), "the same keys in the same order"
    for key, text in other.items():
        assert all(sentence.strip() for sentence in sentences(text)), key
        wanted = {name for sentence in sentences(english[key]) for name in _VALUE.findall(sentence)}
        found = {name for sentence in sentences(text) for name in _VALUE.findall(sentence)}
        assert found == wanted, key
        assert isinstance(text, str) == isinstance(english[key], str), key
        if not isinstance(text, str):
            assert set(text) | {"many"} == PLURAL_FORMS[language] | {"many"}, key
            assert all("count" in _VALUE.findall(text[form]) for form in ("few", "other") if form in text), key


def test_other_languages_are_not_english() -> None:
    """But for names, Spanish "No", and the statement of a sign-in, which the gateway wants word for word."""
    english = book("en")
    for language in ("es", "ar"):
        same = {key for key, text in book(language).items() if text == english[key]}
        assert same <= {"site.name", "site.api", "problem.other", "signin.statement", "answer.no"}, language


def texts_in(code: str) -> list[str]:
    """What a reader would see or hear that comes from code and not from a language file."""
    without_comments = re.sub(r"^\s*//.*$|/\*.*?\*/", "", code, flags=re.MULTILINE | re.DOTALL)
    found = [text.strip() for text in _BETWEEN_TAGS.findall(without_comments)]
    for first, second in _READ_ALOUD.findall(without_comments):
        found.append(first or second)
    return [text for text in found if re.search(r"[^\W\d_]{2}", text)]


def test_no_text_stands_in_code() -> None:
    found = {name: texts_in(code) for name, code in sources().items() if name.endswith(".tsx")}

    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    "planted",
    ["<p>Sign in now</p>", '<button type="button" aria-label="Close">', "<p>\n  Some words {x}</p>\n<b>two words</b>"],
)
def test_a_text_in_code_would_be_found(planted: str) -> None:
    assert texts_in(f"return (\n{planted}\n)") != []


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    code = "\n".join(sources().values())
    used, beginnings = set(_KEY.findall(code)), set(_BEGINNING.findall(code))
    known = set(book("en"))

    assert used - known == set()
    quoted = {key for key in known if f"'{key}'" in code}
    unused = {key for key in known - quoted if not key.startswith((*beginnings, "problem."))}
    assert unused == set()
