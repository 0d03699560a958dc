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
    """For the frame of a task: the script and style that stand in `page`, images handed over as bytes, nothing else."""
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for kind, text in _INLINE.findall(page):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        hashes[kind].append(f"'sha256-{digest}'")
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(("script-src", *hashes["script"])),
            " ".join(("style-src", *hashes["style"])),
            "img-src blob:",
            "media-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
            "sandbox allow-scripts",
        )
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
