"""From what a person types after `--with-model` to a model that can be asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from piecework.quality.joining import Predictor
from scripts.answers_file import AnswersFile, FileInvalid
from scripts.predictions.beside import Source
from scripts.predictions.file import read_predictions
from scripts.predictions.said import Said, numbered


@dataclass(frozen=True)
class Wishes:
    """`spec`: what kind of model and which, as typed."""

    spec: str


def source_of(wishes: Wishes) -> Callable[[AnswersFile], Source]:
    """Opens it once people's answers are read. Raises FileInvalid for a kind that there is not."""

    def opened(answers: AnswersFile) -> Source:
        kind, _, name = wishes.spec.partition(":")
        if kind == "file" and name:
            return said_source("file", Path(name).name, read_predictions(Path(name)), answers)
        raise FileInvalid(f"no model {wishes.spec!r}: give file:PREDICTIONS.csv")

    return opened


def said_source(kind: str, name: str, said: dict[str, Said], answers: AnswersFile) -> Source:
    """A model whose answers are all there. Raises FileInvalid if none of its labels is one that a person gave."""
    given = set(answers.answer)
    strange = {word.label for word in said.values()} - given
    if said and all(word.label in strange for word in said.values()):
        shown = ", ".join(repr(label[:40]) for label in sorted(strange)[:5])
        people = ", ".join(repr(label[:40]) for label in sorted(given)[:5])
        raise FileInvalid(f"no label of the model ({shown}) is one that people gave ({people}): write them alike")

    def naming(tasks: Sequence[str], labels: Sequence[str], count: int) -> Predictor:
        predictions = numbered(said, tasks, labels, count=count)
        return lambda _: predictions

    facts = {"labels_that_no_person_gave": sum(word.label in strange for word in said.values())}
    return Source(kind, name, tuple(said), naming, facts)
