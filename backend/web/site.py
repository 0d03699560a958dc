"""The built app's files: which one answers an address, and how long a browser may keep it."""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from backend.web.policies import app_policy, external_policy, frame_policy, linked_frame_policy

BUILT = Path(__file__).resolve().parents[2] / "frontend" / "dist"
FRAMES = {
    "frame.html": ("frame.html", frame_policy),
    "frame-linked.html": ("frame.html", linked_frame_policy),
    "external.html": ("external.html", external_policy),
}
"""Frames of what strangers wrote, by address: the file, and the policy made for its text."""
_FOREVER = "public, max-age=31536000, immutable"
_SMALL_BYTES = 1_000
_TEXT = (".js", ".css", ".html", ".svg", ".json", ".webmanifest", ".map")

_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Piecework: the web app is not built</title>
<h1>The web app is not built</h1>
<p>Run <code>make web</code> in the clone and load this page again. It needs Node 20 and takes about a minute.</p>
<p>The API works without it: <a href="/docs">its description</a>.</p>
</html>
"""


@dataclass(frozen=True)
class Page:
    """A file as it is sent; `body` is packed if `packed`."""

    body: bytes
    media_type: str
    cache: str
    policy: str
    packed: bool = False
    status: int = 200


class Site:
    """The app in one folder. `node_urls` are those that its pages may talk to."""

    def __init__(self, folder: Path, node_urls: tuple[str, ...] = ()) -> None:
        self._folder = folder.resolve()
        self._policy = app_policy(node_urls)

    def find(self, path: str, *, gzipped: bool) -> Page | None:
        """The file of that name, or the app itself for one of its own addresses; None for a file that is not there."""
        file = (self._folder / (FRAMES[path][0] if path in FRAMES else path)).resolve()
        if path and file.is_relative_to(self._folder) and file.is_file() and file.name != "index.html":
            return self._page(file, path, gzipped=gzipped)
        if Path(path).suffix or path.startswith("assets/"):
            return None
        index = self._folder / "index.html"
        if not index.is_file():
            return Page(_NOT_BUILT.encode(), "text/html; charset=utf-8", "no-store", app_policy(()), status=503)
        return self._page(index, "index.html", gzipped=gzipped)

    def _page(self, file: Path, path: str, *, gzipped: bool) -> Page:
        at = file.stat().st_mtime_ns
        packed = gzipped and file.suffix in _TEXT and file.stat().st_size > _SMALL_BYTES
        body = _read(file, at, packed=packed)
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        if file.suffix == ".js":
            kind = "text/javascript"
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        policy = FRAMES[path][1](file.read_text()) if path in FRAMES else self._policy
        cache = _FOREVER if path.startswith("assets/") else "no-cache"
        return Page(body, kind, cache, policy, packed)


@lru_cache(maxsize=256)
def _read(file: Path, _changed_ns: int, *, packed: bool) -> bytes:
    data = file.read_bytes()
    return gzip.compress(data, 9, mtime=0) if packed else data
