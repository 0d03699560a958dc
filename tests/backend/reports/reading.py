"""Reads a report's page as a browser would, and says what in it could do harm."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_LAYOUT = ("html", "head", "meta", "title", "style", "body", "main", "header", "section", "div", "details", "summary")
_TEXT = ("h1", "h2", "p", "span", "bdi", "strong", "br", "pre", "dl", "dt", "dd")
_TABLE = ("table", "caption", "thead", "tbody", "tr", "th", "td")
_CHART = ("svg", "desc", "line", "text", "rect", "circle")
HARMLESS = frozenset((*_LAYOUT, *_TEXT, *_TABLE, *_CHART))
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'--></title></style><svg onload=alert(1)>",
    "&lt;b&gt; &amp; <b>",
    "javascript:alert(1)",
    "\u202egnp.exe\u202c\x00\x1b[31m",
)
"""What strangers may call a task, a label, a batch or themselves."""


@dataclass
class Page(HTMLParser):
    """`harm`: elements and attributes that a report has no business with; `shown`: its text."""

    text: str
    harm: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    style: str = ""
    policy: str = ""
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in HARMLESS:
            self.harm.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "src", "href", "srcset", "action", "xlink:href"):
                self.harm.append(f"{tag} {name}={value}")
        given = dict(attrs)
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""
        if tag not in ("meta", "br"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.harm.append(f"</{tag}> closes another element")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            self.style += data
        else:
            self.shown.append(data)

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.shown))

    def problems(self) -> list[str]:
        """Everything that would let a page load, run or be restyled by what it shows; empty is good."""
        found = list(self.harm)
        if self._open:
            found.append(f"not closed: {self._open}")
        digest = base64.b64encode(hashlib.sha256(self.style.encode()).digest()).decode()
        if self.policy != f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'":
            found.append(f"policy {self.policy!r}")
        if re.search(r"url\(|@import|expression\(", self.style):
            found.append("the style loads something")
        if any(sign in self.text for sign in "\u202e\x00\x1b"):
            found.append("a sign that hides or reorders text")
        return found
