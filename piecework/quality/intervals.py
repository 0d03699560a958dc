"""Shares with the interval in which they probably lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from piecework.quality.answers import Floats

NORMAL_95 = 1.959964
"""Standard deviations that hold 95 % of a normal distribution."""
CALIBRATION_DEVIATION = 0.04
"""How far a crowd's mean confidence may lie from its share of right labels beyond chance, as a standard deviation.

Chosen on crowds whose truth is known: `bench/quality/intervals.py` says how often the interval then holds the truth.
"""


@dataclass(frozen=True)
class Share:
    """`value` from 0 to 1, probably (95 %) between `low` and `high`; `count`: what it rests on."""

    value: float
    low: float
    high: float
    count: int


def wilson(share: Floats, count: Floats, width: float = NORMAL_95) -> tuple[Floats, Floats]:
    """Low and high ends of shares of `count` observations each, same shapes; `width` in standard deviations.

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927). Without observations:
    0 and 1.
    """
    square = width * width
    seen = np.maximum(count, 1e-9)
    centre = (share + square / (2.0 * seen)) / (1.0 + square / seen)
    spread = np.sqrt(share * (1.0 - share) / seen + square / (4.0 * seen * seen))
    half = width * spread / (1.0 + square / seen)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def counted_share(right: float, count: int) -> Share | None:
    """`right` (may be fractional) of `count`, by Wilson's interval; None of nothing."""
    if count <= 0:
        return None
    value = min(1.0, max(0.0, right / count))
    low, high = wilson(np.array([value]), np.array([float(count)]))
    return Share(value, float(low[0]), float(high[0]), count)


def label_accuracy(
    confidence: Floats, independent: Floats, calibration_deviation: float = CALIBRATION_DEVIATION
) -> Share | None:
    """The share of right labels among tasks labelled with this `confidence` (tasks,); None without tasks.

    `independent`: (tasks,), the confidence if no two workers shared an error. Answers alone do not tell how far they
    do, so the interval reaches up to there. It holds the chance of each label's being wrong and the confidence's own
    error, which no number of tasks averages out.
    """
    if confidence.size == 0:
        return None
    value = float(confidence.mean())
    half = NORMAL_95 * (_sampling(confidence) + calibration_deviation**2) ** 0.5
    apart = float(independent.mean()) + NORMAL_95 * _sampling(independent) ** 0.5
    return Share(value, max(0.0, value - half), min(1.0, max(value + half, apart)), int(confidence.size))


def _sampling(confidence: Floats) -> float:
    """Variance of the share of right labels when each is right with its confidence."""
    sure = np.minimum(confidence, 1.0)
    return float((sure * (1.0 - sure)).sum()) / sure.size**2
