"""Takes the pictures of one kind of window: a width, a theme, a language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.frontend.browser import Visitor

SCREENS = {"desk": {"width": 1200, "height": 800}, "phone": {"width": 390, "height": 844}}
THEMES = ("light", "dark")
_TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


@dataclass
class Camera:
    """`name` ends each picture's name; `taken` counts them."""

    folder: Path
    browser: Any
    gateway_url: str
    screen: str
    theme: str
    language: str = "en"
    taken: int = 0

    @property
    def name(self) -> str:
        parts = (self.screen, self.theme, *(() if self.language == "en" else (self.language,)))
        return "-".join(parts)

    def window(self, key: str | None = None) -> Visitor:
        """A fresh profile, with the test wallet of this key in it if one is given."""
        locale = "en-GB" if self.language == "en" else self.language
        how = {"viewport": SCREENS[self.screen], "color_scheme": self.theme, "locale": locale}
        visitor = Visitor(self.browser, self.gateway_url, **how)
        if key is not None:
            kept = f"localStorage.setItem('piecework.test-wallet', '{key}')"
            visitor.context.add_init_script(f"if (origin !== 'null') {kept}")
            visitor.open("/wallet")
            visitor.page.locator(".signin .primary").click()
            visitor.page.locator(".signin").wait_for(state="detached")
        return visitor

    def open(self, visitor: Visitor, path: str, wanted: str, title: str) -> None:
        """Opens a page, waits for what is `wanted` on it, and takes it."""
        visitor.open(path)
        visitor.page.locator(wanted).first.wait_for()
        self.take(visitor, title)

    def take(self, visitor: Visitor, title: str) -> None:
        """The whole page once nothing on it is still loading. The window grows to it, so that each frame is painted."""
        page, size = visitor.page, SCREENS[self.screen]
        for waiting in (".skeleton", "iframe.waiting"):
            page.locator(f"main {waiting}").first.wait_for(state="detached")
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
        for frame in page.frames:
            frame.evaluate(_TWO_FRAMES)
        visitor.shot(self.folder / f"{title}-{self.name}.png")
        page.set_viewport_size(size)
        self.taken += 1
