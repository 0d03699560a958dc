"""From what a person types after `--with-model` to a model that can be asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from piecework.quality.joining import Predictor
from scripts.answers_file import AnswersFile, FileInvalid
from scripts.predictions.beside import Source
from scripts.predictions.file import read_predictions
from scripts.predictions.said import Said, numbered
from scripts.terminal import progress_bars

KEY_VARIABLE = "PIECEWORK_MODEL_KEY"
KINDS = "file:PREDICTIONS.csv, openai:NAME or sklearn"


@dataclass(frozen=True)
class Wishes:
    """`spec`: what kind of model and which, as typed. `tasks`: what workers saw. The rest is for an endpoint."""

    spec: str
    seed: int = 0
    tasks: Path | None = None
    url: str | None = None
    instructions: str = ""
    cache: Path | None = None
    most_requests: int = 10_000
    parallel: int = 4


def source_of(wishes: Wishes) -> Callable[[AnswersFile], Source]:
    """Opens it once people's answers are read. Raises FileInvalid for a kind that there is not, and what it needs."""

    def opened(answers: AnswersFile) -> Source:
        kind, _, name = wishes.spec.partition(":")
        if kind == "file" and name:
            return said_source("file", Path(name).name, read_predictions(Path(name)), answers)
        if wishes.spec == "sklearn":
            from scripts.predictions.classifier import classifier_source

            return classifier_source(wishes.tasks, answers, seed=wishes.seed)
        if kind == "openai" and name:
            return _endpoint_source(name, wishes, answers)
        raise FileInvalid(f"no model {wishes.spec!r}: give {KINDS}")

    return opened


def _endpoint_source(model: str, wishes: Wishes, answers: AnswersFile) -> Source:
    from scripts.predictions.cache import Cache
    from scripts.predictions.endpoint import Endpoint, ask_all
    from scripts.predictions.features import read_fields

    if wishes.tasks is None or wishes.url is None:
        raise FileInvalid(
            "an endpoint needs what workers saw and an address: give --tasks TASKS.csv and --model-url URL"
        )
    endpoint = Endpoint(
        wishes.url, model, os.environ.get(KEY_VARIABLE) or None, parallel=wishes.parallel,
        most_requests=wishes.most_requests,
    )  # fmt: skip
    tasks = read_fields(wishes.tasks)
    labels = sorted(set(answers.answer))
    with progress_bars() as bars:
        bar = bars.add_task(f"asking {model}", total=len(tasks))
        asked = ask_all(
            endpoint, tasks, labels, instructions=wishes.instructions, cache=Cache(wishes.cache),
            advance=lambda: bars.advance(bar),
        )  # fmt: skip
    source = said_source("openai", model, asked.said, answers)
    facts = {
        "requests": asked.requests,
        "from_cache": asked.from_cache,
        "replies_that_are_no_label": asked.refused,
        "not_asked": asked.unasked,
    }
    return Source(source.kind, source.name, source.tasks, source.predictor, source.facts | facts)


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
