"""HTML that cannot be broken by what it shows: text is escaped unless it was built here.

Titles, labels, reasons and names come from strangers. Elements are made by `element`, whose text and attribute values
are always escaped; only values of type `Markup` pass through, and nothing else makes them.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import unicodedata
from dataclasses import dataclass

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*")
_VOID = frozenset({"meta", "br"})
_SHOWN = 160
_HARMLESS_ATTRIBUTES = frozenset(
    [
        "aria-hidden",
        "aria-label",
        "aria-labelledby",
        "aria-describedby",
        "class",
        "colspan",
        "content",
        "cx",
        "cy",
        "d",
        "datetime",
        "dir",
        "dy",
        "fill",
        "font-size",
        "font-weight",
        "height",
        "href",
        "http-equiv",
        "charset",
        "name",
        "id",
        "lang",
        "open",
        "points",
        "r",
        "role",
        "rx",
        "scope",
        "stroke",
        "stroke-width",
        "tabindex",
        "text-anchor",
        "title",
        "transform",
        "viewBox",
        "width",
        "x",
        "x1",
        "x2",
        "xmlns",
        "y",
        "y1",
        "y2",
    ]
)
"""No `style`, no `src`, no `on...`: the strict policy of the page would refuse them anyway."""


@dataclass(frozen=True, slots=True)
class Markup:
    """Text that is HTML already."""

    text: str


Child = Markup | str | int | None


def element(tag: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """One element. Underscores in attribute names stand for hyphens, one at the end is dropped (`class_`); an attribute
    that is None is left out.

    Raises ValueError for a tag or attribute that a report does not need.
    """
    if not _NAME.fullmatch(tag) or tag.lower() in ("script", "iframe", "object", "embed", "img", "link", "base"):
        raise ValueError(f"a report has no element {tag!r}")
    shown = "".join(_attribute(name, value) for name, value in attributes.items() if value is not None)
    if tag in _VOID:
        return Markup(f"<{tag}{shown}>")
    return Markup(f"<{tag}{shown}>{joined(*children).text}</{tag}>")


def joined(*children: Child) -> Markup:
    """Children side by side, text escaped."""
    return Markup("".join(child.text if isinstance(child, Markup) else _escaped(child) for child in children))


def stranger(text: str, limit: int = _SHOWN) -> Markup:
    """Text that somebody unknown wrote: shortened, without signs that hide or reorder, in its own writing direction."""
    return element("bdi", visible(text, limit))


def visible(text: str, limit: int = _SHOWN) -> str:
    """The same text with control and formatting signs made visible, cut at `limit` characters."""
    kept = "".join(_plain(sign) for sign in text[: limit + 1])
    return kept if len(text) <= limit else kept[: limit - 1] + "…"


def page(title: str, style: str, body: Markup) -> str:
    """A whole document that loads nothing and runs nothing; the policy stands in it too, for copies on a disk."""
    head = joined(
        element("meta", charset="utf-8"),
        element("meta", **{"http-equiv": "Content-Security-Policy"}, content=policy(style, in_document=True)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", visible(title)),
        # Ours, from the code: the policy names its digest, so no other style takes effect.
        Markup(f"<style>{style}</style>"),
    )
    whole = element("html", element("head", head), element("body", body), lang="en")
    return "<!doctype html>\n" + whole.text + "\n"


def policy(style: str, *, in_document: bool = False) -> str:
    """Content-Security-Policy under which this `style` is all that a browser takes."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rules = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    # Browsers know the rest in a header only.
    return rules if in_document else rules + "; frame-ancestors 'none'; sandbox"


def _attribute(name: str, value: str | float) -> str:
    plain = name.removesuffix("_").replace("_", "-")
    if plain not in _HARMLESS_ATTRIBUTES:
        raise ValueError(f"a report has no attribute {plain!r}")
    if plain == "href" and not str(value).startswith("#"):
        raise ValueError("a report links only to itself")
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f' {plain}="{_escaped(shown)}"'


def _escaped(child: str | int | None) -> str:
    return "" if child is None else html.escape(str(child), quote=True)


def _plain(sign: str) -> str:
    if sign in "\n\r\t":
        return " "
    # Of the formatting signs one is needed: it joins the parts of emoji.
    hidden = unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and sign != "\u200d"
    return "\N{REPLACEMENT CHARACTER}" if hidden else sign
