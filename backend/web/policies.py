"""Content security policies: what the app's pages may load, and what a task's frame may not.

A task's content comes from a stranger. It is shown in a frame that has no origin (`sandbox` without
`allow-same-origin`), so it reads neither the app's page nor its storage, and that may fetch nothing at all.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def app_policy(node_urls: Iterable[str]) -> str:
    """For every page of the app: its own files, the gateway, and the node where clients are told of one."""
    nodes = sorted({_origin(url) for url in node_urls})
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            " ".join(("connect-src 'self'", *nodes)),
            "frame-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def frame_policy(page: str) -> str:
    """For the frame of a task: the script and style that stand in `page`, media handed over as bytes, nothing else."""
    return _closed(page, "img-src blob:", "media-src blob:", "form-action 'none'", "sandbox allow-scripts")


def linked_frame_policy(page: str) -> str:
    """For the same frame once its reader agreed to load pictures and recordings from the host that a task links to."""
    media = "img-src blob: https:", "media-src blob: https:"
    return _closed(page, *media, "form-action 'none'", "sandbox allow-scripts")


def external_policy(page: str) -> str:
    """For the frame around a requester's own page, once its reader agreed to open it: it loads that page alone, which
    inherits the sandbox, so it has no origin, opens no window and stays where it is."""
    return _closed(page, "frame-src https:", "sandbox allow-scripts allow-forms")


def _closed(page: str, *more: str) -> str:
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for kind, text in _INLINE.findall(page):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        hashes[kind].append(f"'sha256-{digest}'")
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(("script-src", *hashes["script"])),
            " ".join(("style-src", *hashes["style"])),
            "base-uri 'none'",
            "frame-ancestors 'self'",
            *more,
        )
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
