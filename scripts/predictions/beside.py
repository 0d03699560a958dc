"""What `piecework infer --with-model` finds: labels of people and a model together, and what the model is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from piecework.quality.adaptive import Policy, infer_bought_with_model
from piecework.quality.answers import Answers
from piecework.quality.infer import Parameters
from piecework.quality.joining import Joined, Predictor, answers_saved, infer_with_model
from piecework.quality.predictions import Predictions
from piecework.quality.trust import BESIDE
from scripts.purchase import purchased

Naming = Callable[[Sequence[str], Sequence[str], int], Predictor]
"""From names of tasks and labels, and how many labels there may be, to the model as the library takes it."""


@dataclass(frozen=True)
class Source:
    """`kind` and `name` for the report; `tasks`: those that it can speak of, in its order; `facts` for the report."""

    kind: str
    name: str
    tasks: tuple[str, ...]
    predictor: Naming
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Beside:
    """`answers`: those that were bought; `alone`: how many the policy would buy without the
    model, None if it buys all."""

    joined: Joined
    predictions: Predictions
    answers: Answers
    alone: int | None
    saved: int
    needed_share: float


def infer_beside(answers: Answers, predictor: Predictor, parameters: Parameters, policy: Policy | None) -> Beside:
    """With a policy the saving is what two purchases to the same confidence differ by; else see `answers_saved`."""
    if policy is None:
        said = predictor(answers)
        joined = infer_with_model(answers, said, parameters)
        saving = answers_saved(answers, predictor, parameters)
        return Beside(joined, said, answers, None, saving.saved, saving.share)
    alone = int(purchased(answers, policy, label="Buying without the model").size)
    bought = answers.take(purchased(answers, policy, predictor, label="Buying beside the model"))
    joined = infer_bought_with_model(bought, policy, predictor, parameters)
    return Beside(joined, predictor(bought), bought, alone, alone - bought.size, bought.size / max(1, alone))


def report_of(source: Source, found: Beside, *, answer_cost: float | None) -> dict[str, Any]:
    """For JSON. `saved_cost` in the unit of `answer_cost`, or None."""
    trust = found.joined.trust
    people, both = found.joined.people.label, found.joined.labelling.label
    return {
        "source": source.kind,
        "name": source.name,
        **source.facts,
        "predicted": trust.predicted,
        "verdict": trust.verdict,
        "accuracy": asdict(trust.accuracy) if trust.accuracy else None,
        "measured_on": trust.measured,
        "weights": dict(zip(map(str, BESIDE), trust.weights, strict=True)),
        "gain": dict(zip(map(str, BESIDE), trust.gain_low, strict=True)),
        "labels_changed": int(((people != both) & (people >= 0)).sum()),
        "labelled_alone": int(((people < 0) & (both >= 0)).sum()),
        "answers_without_model": found.answers.size if found.alone is None else found.alone,
        "answers_saved": found.saved,
        "answers_needed_share": round(found.needed_share, 6),
        "saved_cost": None if answer_cost is None else round(found.saved * answer_cost, 6),
    }


VERDICTS = {
    "trusted": "counts as one more worker, as far as it was measured",
    "too_little": "left out: too few tasks have both its word and people's answers",
    "no_gain": "left out: it foretells people's answers no better than they foretell each other",
    "echo": "left out: it sides with the plain vote wherever people's skill overrules it, as an echo of them would",
    "known_answers_contradict": "left out: it does worse on known answers than on people's labels",
    "too_many_labels": "left out: there are too many labels to measure it",
}
