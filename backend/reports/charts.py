"""Charts as inline SVG, each with a title and a description in words for who does not see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.reports.markup import Child, Markup, element, joined, visible

_WIDTH = 960
_NAME_WIDTH = 230
_ROW = 24
_NAME_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Whisker:
    """A share with its interval, 0 to 1."""

    name: str
    value: float
    low: float
    high: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole, in any unit; `tone` is a class of the style sheet."""

    name: str
    amount: int
    tone: str


def whiskers(title: str, rows: Sequence[Whisker]) -> Markup:
    """A dot for each value on a common scale, with its interval as a band."""
    grid = _grid(min((row.low for row in rows), default=0.0))
    scale = _Scale(grid[0], 1.0, _NAME_WIDTH, _WIDTH - 130)
    height = _ROW * len(rows) + 34
    shapes: list[Child] = [
        joined(
            element("line", x1=scale(at), x2=scale(at), y1=4, y2=height - 24, class_="g"),
            element("text", percent(at), x=scale(at), y=height - 8, class_="t", text_anchor="middle"),
        )
        for at in grid
    ]
    for number, row in enumerate(rows):
        y = 4 + _ROW * number + _ROW / 2
        left = scale(row.low)
        shapes += [
            element("text", visible(row.name, _NAME_SHOWN), x=_NAME_WIDTH - 12, y=y + 4, text_anchor="end"),
            element("rect", x=left, y=y - 5, width=max(2.0, scale(row.high) - left), height=10, rx=5, class_="b"),
            element("circle", cx=scale(row.value), cy=y, r=5, class_="m"),
            element("text", visible(row.note, 20), x=_WIDTH - 112, y=y + 4, class_="t"),
        ]
    said = "; ".join(f"{visible(row.name, _NAME_SHOWN)} {percent(row.value)}" for row in rows[:30])
    return _chart(title, said, height, shapes)


def columns(title: str, counts: Sequence[int], names: Sequence[str]) -> Markup:
    """A column a count."""
    height, base, top = 220, 180, 24
    most = max([*counts, 1])
    step = (_WIDTH - 40) / max(1, len(counts))
    shapes: list[Child] = [element("line", x1=20, x2=_WIDTH - 20, y1=base, y2=base, class_="g")]
    for number, (count, name) in enumerate(zip(counts, names, strict=True)):
        tall = (base - top) * count / most
        x = 20 + step * number
        shapes += [
            element("rect", x=x + 6, y=base - tall, width=step - 12, height=tall, rx=3, class_="m"),
            element("text", f"{count:,}", x=x + step / 2, y=base - tall - 6, text_anchor="middle"),
            element("text", name, x=x + step / 2, y=base + 20, text_anchor="middle", class_="t"),
        ]
    said = "; ".join(f"{name}: {count}" for name, count in zip(names, counts, strict=True))
    return _chart(title, said, height, shapes)


def bars(title: str, rows: Sequence[tuple[str, int]]) -> Markup:
    """A bar a count, names at the left."""
    most = max([*(count for _, count in rows), 1])
    shapes: list[Child] = []
    for number, (name, count) in enumerate(rows):
        y = _ROW * number + _ROW / 2 + 4
        wide = (_WIDTH - _NAME_WIDTH - 110) * count / most
        shapes += [
            element("text", visible(name, _NAME_SHOWN), x=_NAME_WIDTH - 12, y=y + 4, text_anchor="end"),
            element("rect", x=_NAME_WIDTH, y=y - 8, width=max(2.0, wide), height=16, rx=3, class_="m"),
            element("text", f"{count:,}", x=_NAME_WIDTH + max(2.0, wide) + 8, y=y + 4, class_="t"),
        ]
    said = "; ".join(f"{visible(name, _NAME_SHOWN)}: {count}" for name, count in rows)
    return _chart(title, said, _ROW * len(rows) + 8, shapes)


def whole(title: str, parts: Sequence[Part], said: Sequence[str]) -> Markup:
    """One bar cut into parts, with a legend; `said`: the amount of each part as people read it."""
    total = sum(part.amount for part in parts) or 1
    x = 0.0
    shapes: list[Child] = []
    for number, (part, amount) in enumerate(zip(parts, said, strict=True)):
        wide = _WIDTH * (part.amount / total)
        if part.amount:
            shapes.append(element("rect", x=x, y=4, width=max(1.0, wide - 2), height=26, rx=3, class_=part.tone))
        x += wide
        place = (number % 2) * _WIDTH / 2
        y = 54 + _ROW * (number // 2)
        shapes += [
            element("rect", x=place, y=y - 11, width=13, height=13, rx=3, class_=part.tone),
            element("text", f"{part.name}: {amount}", x=place + 21, y=y),
        ]
    height = 44 + _ROW * ((len(parts) + 1) // 2)
    return _chart(title, "; ".join(f"{p.name}: {a}" for p, a in zip(parts, said, strict=True)), height, shapes)


def percent(share: float) -> str:
    """A share as people read it; never 100 % for less than all."""
    shown = f"{share * 100:.1f}"
    if shown == "100.0":
        return "100 %" if share >= 1.0 else "99.9 %"
    return f"{shown.removesuffix('.0')} %"


def _chart(title: str, said: str, height: float, shapes: Sequence[Child]) -> Markup:
    return element(
        "svg",
        element("title", title),
        element("desc", said),
        *shapes,
        viewBox=f"0 0 {_WIDTH} {height:g}",
        role="img",
        aria_label=f"{title}. {said}",
    )


def _grid(low: float) -> list[float]:
    """Even steps from below the lowest value up to 1."""
    step = 10 if low >= 0.5 else 20
    first = int(low * 100) // step * step
    return [percents / 100 for percents in range(first, 101, step)]


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    left: float
    right: float

    def __call__(self, value: float) -> float:
        part = (value - self.low) / max(1e-9, self.high - self.low)
        return self.left + (self.right - self.left) * min(1.0, max(0.0, part))
