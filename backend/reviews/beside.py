"""A model beside people under the policy `inference`: labels may rest on it, verdicts never do.

It is joined by `piecework.quality.joining`. Workers' skills, flags of known answers and decisions are those of people
alone: whoever agrees with people's label agrees with the label, whatever a model makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.reviews.policy import answer_text
from piecework.domain.canonical import read_back
from piecework.quality import joining, joint
from piecework.quality.answers import Answers, Ints
from piecework.quality.infer import Parameters
from piecework.quality.intervals import Share
from piecework.quality.joining import Joined, infer_with_model
from piecework.quality.predictions import Predictions, predictions_of
from piecework.quality.trust import BESIDE, trust_parameters
from piecework.quality.vote import NO_LABEL

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ModelSaid:
    """`digest` and `name` of the file; `said`: by task the answer as text, and the claimed confidence.
    `answers_before`: people's answers on chain when it was brought."""

    digest: str
    name: str
    said: Mapping[str, tuple[str, float | None]]
    answers_before: int


def model_said(digest: str, document: Mapping[str, Any]) -> ModelSaid:
    """From a whole `model-answers` document."""
    said = {item["task"]: (answer_text(item["answer"]), item["confidence"]) for item in document["answers"]}
    return ModelSaid(digest, document["name"], said, document["answers_before"])


def predictions(model: ModelSaid, tasks: list[str], values: list[Any], labels: int) -> Predictions:
    """`values`: the label of each number. An answer that is none of them says nothing: nobody could measure it."""
    number = {answer_text(value): at for at, value in enumerate(values)}
    words = [model.said.get(task) for task in tasks]
    label = [NO_LABEL if word is None else number.get(word[0], NO_LABEL) for word in words]
    sure = [np.nan if word is None or word[1] is None else word[1] for word in words]
    return predictions_of(np.array(label, dtype=np.int64), np.array(sure), tasks=len(tasks), labels=labels)


def join(answers: Answers, said: Predictions, seed: int, known: Ints | None) -> Joined:
    """`known`: None while known answers are sealed, so that nothing tells which tasks they are."""
    return infer_with_model(answers, said, Parameters(seed=seed), known=known)


def parameters(model: ModelSaid, *, bought: bool = False) -> dict[str, Any]:
    """What a results file says of a model before anything is found: which answers, joined how. `bought`: to answers
    that were bought until tasks were sure enough."""
    name, version = (joint.METHOD, joint.VERSION) if bought else (joining.METHOD, joining.VERSION)
    how = {"name": name, "version": version, "parameters": trust_parameters()}
    # As a reader finds it in the pinned file, where 1.0 is 1.
    method: dict[str, Any] = read_back(how)
    return {"digest": model.digest, "name": model.name, "method": method}


def disclosed(joined: Joined, tasks: list[str], values: list[Any]) -> dict[str, Any]:
    """Its measured trust, and each task whose label it changed with what people alone say."""
    trust, people = joined.trust, joined.people.label
    changed = np.flatnonzero((people != joined.labelling.label) & (people != NO_LABEL))
    return {
        "verdict": trust.verdict,
        "predicted": trust.predicted,
        "measured": trust.measured,
        "accuracy": _share(trust.accuracy),
        "known_answers": _share(trust.known),
        "weights": dict(zip(map(str, BESIDE), trust.weights, strict=True)),
        "gain_low": {str(n): round(gain, _DIGITS) for n, gain in zip(BESIDE, trust.gain_low, strict=True)},
        "contested": trust.contested,
        "sided": trust.sided,
        "changed": [{"task": tasks[at], "people": values[people[at]]} for at in changed.tolist()],
    }


def _share(share: Share | None) -> dict[str, Any] | None:
    if share is None:
        return None
    value, low, high = (round(each, _DIGITS) for each in (share.value, share.low, share.high))
    return {"value": value, "low": low, "high": high, "count": share.count}
