"""Which of two representations an Accept header asks for (RFC 9110, section 12.5.1)."""

from __future__ import annotations


def prefers_html(accept: str) -> bool:
    """Whether HTML is asked for more than JSON; wildcards ask for both alike."""
    return _quality(accept, "text", "html") > _quality(accept, "application", "json")


def _quality(accept: str, kind: str, subtype: str) -> float:
    """Of the most specific range that covers the type; 0 if none does."""
    best = (-1, 0.0)
    for part in accept.split(","):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        rank = {f"{kind}/{subtype}": 2, f"{kind}/*": 1, "*/*": 0}.get(media, -1)
        if rank > best[0]:
            best = (rank, _weight(parameters))
    return best[1]


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
