"""What a model said, by names, and the same as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from piecework.quality.predictions import Predictions, predictions_of
from piecework.quality.vote import NO_LABEL


@dataclass(frozen=True, slots=True)
class Said:
    """`confidence`: as the model claims it, from 0 to 1; None where it claims nothing."""

    label: str
    confidence: float | None = None


def numbered(said: Mapping[str, Said], tasks: Sequence[str], labels: Sequence[str], *, count: int) -> Predictions:
    """`count`: labels there may be. A label that no person gave is taken for saying nothing: it cannot be measured."""
    number = {name: at for at, name in enumerate(labels)}
    words = [said.get(task) for task in tasks]
    label = [NO_LABEL if word is None else number.get(word.label, NO_LABEL) for word in words]
    sure = [np.nan if word is None or word.confidence is None else word.confidence for word in words]
    return predictions_of(np.array(label, dtype=np.int64), np.array(sure), tasks=len(tasks), labels=count)
