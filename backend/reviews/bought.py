"""Labels of a batch whose answers were bought until its tasks were sure enough: by people alone, and beside a model.

Skills, and whatever else people are judged by, are those of people alone. A model may end a task early and may tip a
label, as far as people's answers measure it (`piecework.quality.joint`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backend.reviews.beside import ModelSaid, predictions
from backend.reviews.policy import answer_text
from backend.reviews.stops import Asked, ByModel, Stops, all_tasks, by_model_of, over_all_tasks, stops_of
from piecework.quality.adaptive import Assessment, Policy, assess, infer_bought
from piecework.quality.answers import Answers, Ints
from piecework.quality.infer import Labelling, Parameters
from piecework.quality.joining import Joined
from piecework.quality.joint import Joint, assess_beside, measure_beside, needed_alone
from piecework.quality.vote import NO_LABEL


@dataclass(frozen=True)
class Bought:
    """`people`: labels of the answered tasks. `assessed`, `joint`: of all tasks of the batch, whose sorted ids are
    `names`; `joint` is None without a model."""

    people: Labelling
    names: list[str]
    answers: Answers
    assessed: Assessment
    joint: Joint | None
    joined: Joined | None
    policy: Policy
    asked: Asked

    def stops(self, known: Mapping[str, Any]) -> Stops:
        """How the tasks stopped as far as they were answered."""
        confidence = self.assessed.confidence if self.joint is None else self.joint.confidence
        answered = self.answers.per_task().tolist()
        stops = stops_of(self.names, confidence.tolist(), answered, self.asked, self.policy, known)
        by_model = self.by_model(known)
        return stops if by_model is None else replace(stops, by_model=by_model)

    def by_model(self, known: Mapping[str, Any]) -> ByModel | None:
        """What the model changed about the stops; None without one."""
        if self.joint is None:
            return None
        needed = needed_alone(self.answers, self.assessed, self.policy, self.asked.cap)
        alone, both = self.assessed.confidence.tolist(), self.joint.confidence.tolist()
        answered = self.answers.per_task().tolist()
        return by_model_of(self.names, alone, both, answered, needed.tolist(), self.asked, self.policy, known)


def label_bought(
    answers: Answers, tasks: Sequence[str], values: Sequence[Any], policy: Policy, asked: Asked,
    *, model: ModelSaid | None = None, known: Mapping[str, Any] | None = None,
) -> Bought:  # fmt: skip
    """`answers`: among the answered `tasks`; `values`: the label of each number. `known`: answers by task, that measure
    the model; None while they are sealed."""
    names = all_tasks(asked, tasks)
    everywhere = over_all_tasks(answers, tasks, asked)
    assessed = assess(everywhere, policy)
    answered = set(tasks)
    here = np.array([name in answered for name in names], dtype=np.bool_)
    found = infer_bought(answers, policy, Parameters(seed=policy.seed))
    people = replace(found, label=assessed.label[here], confidence=assessed.posterior[here])
    joint = joined = None
    if model is not None:
        said = predictions(model, names, list(values), answers.labels)
        measured = measure_beside(
            everywhere, assessed, said, policy, spoke_after=model.answers_before,
            known=_numbered(known or {}, names, values),
        )  # fmt: skip
        joint = assess_beside(everywhere, assessed, measured, policy)
        both = replace(found, label=joint.label[here], confidence=joint.posterior[here])
        joined = Joined(people, both if joint.trust.is_trusted else people, joint.trust)
    return Bought(people, names, everywhere, assessed, joint, joined, policy, asked)


def _numbered(known: Mapping[str, Any], names: Sequence[str], values: Sequence[Any]) -> Ints:
    number = {answer_text(value): at for at, value in enumerate(values)}
    words = [number.get(answer_text(known[name]), NO_LABEL) if name in known else NO_LABEL for name in names]
    return np.array(words, dtype=np.int64)
