"""A classifier that learns from people's labels as they arrive: TF-IDF and logistic regression, cross-fitted.

What it says of a task comes from the labels of other tasks, so that it is never scored on what it learned. Labels are
people's posteriors: of a task that people are not sure of it learns that much less.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from piecework.quality.answers import Answers, Floats, Ints
from piecework.quality.infer import Parameters, infer_labels
from piecework.quality.joining import Predictor
from piecework.quality.predictions import Predictions, predictions_from_chances
from scripts.answers_file import AnswersFile, FileInvalid
from scripts.predictions.beside import Naming, Source
from scripts.predictions.features import TaskTable, features_of, read_tasks

FOLDS = 5
LEAST_TASKS = 20
"""Answered tasks below which it has nothing to say."""
LEAST_SHARE = 0.02
"""Chances of labels below this teach nothing."""
GROWTH = 1.1
"""It learns anew when the answers have grown by a tenth."""


class Classifier:
    """Takes answers, gives predictions: a `Predictor`. `rows`: the feature row of each task, -1 for one without."""

    def __init__(self, features: Any, rows: Ints, seed: int) -> None:
        self._features = features
        self._rows = rows
        self._seed = seed
        self._learned: tuple[Answers, Predictions] | None = None

    def __call__(self, answers: Answers) -> Predictions:
        if self._learned is not None and _is_little_more(answers, self._learned[0]):
            return self._learned[1]
        predictions = predictions_from_chances(self._chances(answers))
        self._learned = answers, predictions
        return predictions

    def _chances(self, answers: Answers) -> Floats:
        """(tasks, labels); NaN where nothing can be said."""
        chances = np.full((answers.tasks, answers.labels), np.nan)
        posterior = infer_labels(answers, Parameters(seed=self._seed)).posterior
        known = self._rows >= 0
        answered = known & (answers.per_task() > 0)
        if posterior is None or answered.sum() < LEAST_TASKS:
            return chances
        fold = np.random.default_rng([self._seed, answers.tasks]).permutation(answers.tasks) % FOLDS
        waiting = known & ~answered
        total = np.zeros((int(waiting.sum()), answers.labels))
        for number in range(FOLDS):
            model = self._fitted(np.flatnonzero(answered & (fold != number)), posterior)
            if model is None:
                return np.full((answers.tasks, answers.labels), np.nan)
            held = np.flatnonzero(answered & (fold == number))
            chances[held] = self._spoken(model, held, answers.labels)
            total += self._spoken(model, np.flatnonzero(waiting), answers.labels)
        chances[waiting] = total / FOLDS
        return chances

    def _fitted(self, tasks: Ints, posterior: Floats) -> Any:
        """None if only one label is to be learned."""
        from sklearn.linear_model import LogisticRegression

        place, label = np.nonzero(posterior[tasks] >= LEAST_SHARE)
        if np.unique(label).size < 2:
            return None
        model = LogisticRegression(max_iter=1000)
        weight = posterior[tasks][place, label]
        return model.fit(self._features[self._rows[tasks[place]]], label, sample_weight=weight)

    def _spoken(self, model: Any, tasks: Ints, labels: int) -> Floats:
        chances = np.zeros((tasks.size, labels))
        if tasks.size:
            chances[:, model.classes_] = model.predict_proba(self._features[self._rows[tasks]])
        return chances


def classifier_source(path: Path | None, answers: AnswersFile, *, seed: int) -> Source:
    """Raises FileInvalid without a file of tasks or scikit-learn, or if the file describes no task of `answers`."""
    if path is None:
        raise FileInvalid("a classifier needs what workers saw: give --tasks TASKS.csv")
    check_installed()
    table = read_tasks(path)
    if not set(table.tasks) & set(answers.task_names):
        raise FileInvalid(f"{path} describes none of the tasks that people answered: are the names the same?")
    predictor = naming_of(table, seed)
    return Source("sklearn", "TF-IDF and logistic regression", table.tasks, predictor, {"described": len(table.tasks)})


def check_installed() -> None:
    """Raises FileInvalid without scikit-learn."""
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise FileInvalid("scikit-learn is not installed: pip install 'piecework[models]'") from error


def naming_of(table: TaskTable, seed: int) -> Naming:
    """What `Source.predictor` must be, for this table."""
    features = features_of(table)
    row = {name: at for at, name in enumerate(table.tasks)}

    def naming(tasks: Sequence[str], _labels: Sequence[str], _count: int) -> Predictor:
        return Classifier(features, np.array([row.get(name, -1) for name in tasks], dtype=np.int64), seed)

    return naming


def _is_little_more(answers: Answers, before: Answers) -> bool:
    """Whether `answers` are those `before` and less than a tenth more, in the same order."""
    size = before.size
    if not size <= answers.size < GROWTH * size or answers.tasks != before.tasks:
        return False
    columns = ((answers.task, before.task), (answers.worker, before.worker), (answers.label, before.label))
    return all(np.array_equal(now[:size], then) for now, then in columns)
