"""How alike two texts are, by the character n-grams that they share.

chrF: M. Popovic, "chrF: character n-gram F-score for automatic MT evaluation" (2015).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from piecework.quality.answers import Floats, Ints

MAX_LENGTH = 6


def chrf(hypothesis: str, reference: str, *, beta: float = 2.0) -> float:
    """Character n-gram F-score in 0..1, n from 1 to 6, white space left out; recall weighs `beta` times precision."""
    return float(chrf_table([hypothesis, reference], beta=beta)[0, 1])


def chrf_table(texts: Sequence[str], *, beta: float = 2.0) -> Floats:
    """Score of each text as hypothesis (row) against each as reference (column): (texts, texts).

    Two texts without any n-gram are alike (1); one without is unlike all others (0).
    """
    packed = ["".join(text.split()) for text in texts]
    count = len(packed)
    score = np.zeros((count, count))
    orders = np.zeros((count, count))
    for length in range(1, MAX_LENGTH + 1):
        grams = _counts(packed, length)
        size = grams.sum(axis=1).astype(np.float64)
        shared = np.stack([np.minimum(row, grams).sum(axis=1) for row in grams]).astype(np.float64)
        both = (size[:, None] > 0) & (size[None, :] > 0)
        precision = np.divide(shared, size[:, None], where=both, out=np.zeros_like(shared))
        recall = np.divide(shared, size[None, :], where=both, out=np.zeros_like(shared))
        bottom = beta**2 * precision + recall
        score += np.divide((1 + beta**2) * precision * recall, bottom, where=bottom > 0, out=np.zeros_like(shared))
        orders += both
    blank = np.array([not text for text in packed])
    score = np.divide(score, orders, where=orders > 0, out=np.zeros_like(score))
    score[np.ix_(blank, blank)] = 1.0
    return score


def _counts(texts: Sequence[str], length: int) -> Ints:
    """How often each n-gram of `length` signs stands in each text: (texts, n-grams)."""
    number: dict[str, int] = {}
    found = [Counter(text[i : i + length] for i in range(len(text) - length + 1)) for text in texts]
    for grams in found:
        for gram in grams:
            number.setdefault(gram, len(number))
    table = np.zeros((len(texts), len(number)), dtype=np.int64)
    for row, grams in zip(table, found, strict=True):
        row[[number[gram] for gram in grams]] = list(grams.values())
    return table
