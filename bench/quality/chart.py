"""Accuracy against cost as an SVG: a panel a crowd, a line a strategy, drawn from the figures of `results.json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

WIDTH, HEIGHT = 470, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 34, 44
# Told apart without colour too: each line has its own dashes.
STYLES = (("#8a8a8a", "2 3"), ("#c77700", "7 3"), ("#7b4fb3", "1 0"), ("#2f8f5b", "5 2 1 2"), ("#0b57c2", "1 0"))


@dataclass(frozen=True)
class Panel:
    """Axes of one crowd: shares 0..1 across, accuracies `low`..`high` upwards; `left`, `top` in pixels."""

    left: float
    top: float
    low: float
    high: float

    def x(self, share: float) -> float:
        return self.left + _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def y(self, accuracy: float) -> float:
        span = HEIGHT - _TOP - _BOTTOM
        return self.top + _TOP + (self.high - accuracy) / (self.high - self.low) * span


def draw(crowds: Mapping[str, Any], strategies: Sequence[str]) -> str:
    """`crowds`: name -> {"curves": {strategy: [[share, accuracy], ...]}, "targets": {name: accuracy}}."""
    columns = min(2, max(1, len(crowds)))
    rows = -(-len(crowds) // columns)
    width, height = columns * WIDTH, rows * HEIGHT + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for number, (name, crowd) in enumerate(crowds.items()):
        parts += _panel(name, crowd, strategies, (number % columns) * WIDTH, (number // columns) * HEIGHT)
    parts += _legend(strategies, rows * HEIGHT + 8)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(name: str, crowd: Any, strategies: Sequence[str], left: float, top: float) -> Iterator[str]:
    targets: Mapping[str, float] = crowd["targets"]
    shown = [point[1] for line in crowd["curves"].values() for point in line] + list(targets.values())
    # What lies far below the targets is a crowd that has hardly been asked: it would flatten the rest.
    low = max(min(shown), min(targets.values(), default=1.0) - 0.2)
    high = max(shown) + 0.01
    panel = Panel(left, top, low, high)
    middle = f'x="{panel.x(0.5):.1f}" y="{top + 20:.1f}" text-anchor="middle"'
    yield f'<text {middle} font-weight="bold">{escape(name)}</text>'
    yield from _axes(panel)
    for label, accuracy in targets.items():
        y = panel.y(accuracy)
        yield f'<path d="M{panel.x(0):.1f} {y:.1f}H{panel.x(1):.1f}" stroke="#b00020" stroke-width="0.8" fill="none"/>'
        place = f'x="{panel.x(1):.1f}" y="{y - 3:.1f}" text-anchor="end"'
        yield f'<text {place} fill="#b00020" font-size="10">{escape(label)}</text>'
    for strategy, (colour, dashes) in zip(strategies, STYLES, strict=False):
        # A line begins where it enters the panel.
        points = [p for p in crowd["curves"].get(strategy, ()) if p[1] >= low]
        path = " ".join(f"{panel.x(share):.1f},{panel.y(accuracy):.1f}" for share, accuracy in points)
        thick = 2.6 if strategy == strategies[-1] else 1.6
        look = f'fill="none" stroke="{colour}" stroke-width="{thick}" stroke-dasharray="{dashes}"'
        yield f'<polyline points="{path}" {look}/>'


def _axes(panel: Panel) -> Iterator[str]:
    left, right, bottom, top = panel.x(0), panel.x(1), panel.y(panel.low), panel.y(panel.high)
    yield f'<path d="M{left:.1f} {top:.1f}V{bottom:.1f}H{right:.1f}" stroke="black" fill="none"/>'
    for tenth in range(0, 11, 2):
        x = panel.x(tenth / 10)
        yield f'<path d="M{x:.1f} {bottom:.1f}v4" stroke="black"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 17:.1f}" text-anchor="middle">{tenth * 10} %</text>'
    yield f'<text x="{(left + right) / 2:.1f}" y="{bottom + 33:.1f}" text-anchor="middle">answers bought</text>'
    step = 0.05 if panel.high - panel.low > 0.12 else 0.02
    for tick in range(int(panel.low / step) + 1, int(panel.high / step) + 1):
        y = panel.y(tick * step)
        yield f'<path d="M{left:.1f} {y:.1f}h-4" stroke="black"/>'
        yield f'<text x="{left - 7:.1f}" y="{y + 4:.1f}" text-anchor="end">{tick * step:.2f}</text>'


def _legend(strategies: Sequence[str], top: float) -> Iterator[str]:
    x = 20.0
    for strategy, (colour, dashes) in zip(strategies, STYLES, strict=False):
        yield f'<path d="M{x:.1f} {top + 6}h30" stroke="{colour}" stroke-width="2.2" stroke-dasharray="{dashes}"/>'
        yield f'<text x="{x + 36:.1f}" y="{top + 10}">{escape(strategy)}</text>'
        x += 52 + 6.6 * len(strategy)
