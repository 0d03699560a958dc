"""How alike two texts are, by the character n-grams that they share.

chrF: M. Popovic, "chrF: character n-gram F-score for automatic MT evaluation" (2015).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from piecework.quality.answers import Floats

MAX_LENGTH = 6
# N-grams that are counted at a time: sums of ones stay exact in 32 bits, and the table small.
_BLOCK = 65_536


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
        size = np.array([max(0, len(text) - length + 1) for text in packed], dtype=np.float64)
        shared = _shared(packed, length)
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


def _shared(texts: Sequence[str], length: int) -> Floats:
    """How many n-grams of `length` signs each two texts share, each as often as both have it: (texts, texts)."""
    found = [Counter(text[i : i + length] for i in range(len(text) - length + 1)) for text in texts]
    spread = Counter(gram for grams in found for gram in grams)
    # What stands in one text alone is shared with nobody but itself.
    number = {gram: place for place, gram in enumerate(gram for gram, in_texts in spread.items() if in_texts > 1)}
    text_of = [i for i, grams in enumerate(found) for gram in grams if gram in number]
    gram_of = [number[gram] for grams in found for gram in grams if gram in number]
    times = np.array([count for grams in found for gram, count in grams.items() if gram in number], dtype=np.int64)
    row, column = np.array(text_of, dtype=np.int64), np.array(gram_of, dtype=np.int64)
    shared = np.zeros((len(texts), len(texts)))
    # The lesser of two counts is the sum of the steps, from one count that occurs to the next, that both reach.
    levels = np.unique(times)
    for level, step in zip(levels, np.diff(levels, prepend=0), strict=True):
        reaches = times >= level
        columns, place = np.unique(column[reaches], return_inverse=True)
        for start in range(0, columns.size, _BLOCK):
            here = (place >= start) & (place < start + _BLOCK)
            block = np.zeros((len(texts), min(_BLOCK, columns.size - start)), dtype=np.float32)
            block[row[reaches][here], place[here] - start] = 1.0
            shared += step * (block @ block.T)
    np.fill_diagonal(shared, [max(0, len(text) - length + 1) for text in texts])
    return shared
