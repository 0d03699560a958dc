"""What one batch's answers say so far, kept between requests: tasks and workers as numbers, and who should get what.

It follows the mirror: each look takes in the submissions that came since. The block of the last one is compared with
the mirror's, so a chain that went back makes it read all of them again. A model that speaks beside the people is
followed too, and counts once a fit has measured it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from backend.redundancy import repository
from backend.redundancy.repository import Place
from backend.reviews.beside import ModelSaid, model_said, predictions
from backend.reviews.inference import rules_of
from backend.reviews.policy import answer_text
from backend.reviews.stops import Asked, Stops, stops_of
from piecework.db.gateway import Draft
from piecework.quality.adaptive import Assessment, Policy, assess
from piecework.quality.answers import Answers, Bools, Ints, answers_of
from piecework.quality.asking import Asking
from piecework.quality.joint import measure_beside
from piecework.quality.predictions import Predictions
from piecework.quality.trust import Measured
from piecework.quality.vote import NO_LABEL

AT_WORK_SECONDS = 60
"""For so long after it was given tasks a worker counts as at work,"""
BUSY_SECONDS = 600
"""and for so long if it has not handed in yet."""
_AT_ONCE = 200
"""Answers from which a first look takes them together."""


@dataclass(frozen=True)
class Choice:
    """`tasks`: ids whose answer nobody knows, the best first. `waits`: others are left, but not for this worker now."""

    tasks: list[str]
    waits: bool


@dataclass(frozen=True)
class Spoken:
    """A model's answers, and the same as numbers."""

    model: ModelSaid
    predictions: Predictions


class Room:
    """One batch. Everything but the names is behind `lock`; whoever holds it only reads the database."""

    def __init__(self, draft: Draft, tasks: list[tuple[str, bool]]) -> None:
        rules = rules_of(draft.batch_id, draft.review, draft.answer_schema)
        assert rules.policy is not None  # noqa: S101 - rooms are made for batches with a target
        self.lock = Lock()
        self.policy: Policy = rules.policy
        self.batch_id = draft.batch_id
        self.names = sorted(name for name, _ in tasks)
        self.known = frozenset(name for name, known in tasks if known)
        self.asked = Asked(tuple(self.names), draft.answers_per_task)
        self._place = {name: number for number, name in enumerate(self.names)}
        self._labels = {text: number for number, text in enumerate(sorted(set(rules.choices)))}
        self._known = self._numbers(draft.gold["answers"] if draft.gold else {})
        self._model: tuple[str, float] | None = None
        self._said: Spoken | None = None
        self._random = np.random.default_rng()
        self._is_fitting = False
        self._begin()

    def _begin(self) -> None:
        choosable = np.array([name not in self.known for name in self.names], dtype=np.bool_)
        labels = max(2, len(self._labels))
        self.asking = Asking(labels=labels, cap=self.asked.cap, policy=self.policy, choosable=choosable)
        self._workers: dict[str, int] = {}
        self._given: set[tuple[int, int]] = set()
        self._last: tuple[Place, str | None] | None = None

    def advance(self, session: Session, *, newest: bool) -> None:
        """Takes in what came since the last look, or everything anew if the chain went back.

        A session that sees less than the room, and may just be older, changes nothing unless it is the `newest`.
        """
        self._follow_model(session, newest=newest)
        if self._last is not None and repository.block_hash(session, self._last[0]) != self._last[1]:
            if not newest and repository.indexed_block(session) < self._last[0][0]:
                return
            self._begin()
        rows = repository.submitted_after(session, self.batch_id, self._last[0] if self._last else None)
        if not rows:
            return
        new = [each for _, _, worker, document in rows for each in self._numbered(worker, document)]
        if self.asking.size == 0 and len(new) >= _AT_ONCE:
            columns: Ints = np.array(new, dtype=np.int64)
            sizes = {"tasks": len(self.names), "workers": len(self._workers), "labels": max(2, len(self._labels))}
            answers = answers_of(*columns.T, **sizes)
            self.asking.install(answers, *self._assessed(answers, list(self._workers), self._said))
        else:
            for task, number, label in new:
                self.asking.add(task, number, label)
        last = (rows[-1][0], rows[-1][1])
        self._last = (last, repository.block_hash(session, last))

    def _numbered(self, worker: str, document: dict[str, Any] | None) -> list[tuple[int, int, int]]:
        """(task, worker, label) of a submission; of two answers of a worker to one task the first counts."""
        number, found = self._workers.setdefault(worker, len(self._workers)), []
        for item in (document or {"answers": []})["answers"]:
            task = self._place[item["task"]]
            if (task, number) not in self._given:
                self._given.add((task, number))
                found.append((task, number, self._labels[answer_text(item["answer"])]))
        return found

    def refit(self) -> None:
        """Fits all answers anew if that is due. The fit itself runs without the lock, so that nobody waits for it."""
        with self.lock:
            if self._is_fitting or not self.asking.refit_is_due():
                return
            self._is_fitting = True
            asking, answers, names, said = self.asking, self.asking.answers(), list(self._workers), self._said
        try:
            found = self._assessed(answers, names, said)
            with self.lock:
                # The chain may have gone back meanwhile, or another model may speak.
                if asking is self.asking and said is self._said:
                    asking.install(answers, *found)
        finally:
            self._is_fitting = False

    def _assessed(self, answers: Answers, names: list[str], said: Spoken | None) -> tuple[Assessment, Measured | None]:
        """Known answers measure the model from the first, sealed or not: they can only take trust away."""
        bought = _by_name(answers, names)
        found = assess(bought, self.policy)
        if said is None:
            return found, None
        return found, measure_beside(
            bought, found, said.predictions, self.policy, spoke_after=said.model.answers_before, known=self._known
        )

    def _follow_model(self, session: Session, *, newest: bool) -> None:
        """An older session than the room's may still see the model before."""
        brought = repository.model_brought(session, self.batch_id)
        if brought == self._model or (self._model and not newest and (brought is None or brought[1] < self._model[1])):
            return
        row = repository.model_answers(session, self.batch_id)
        self._model, self._said = brought, None
        if row is not None:
            values = [json.loads(text) for text in self._labels]
            labels = max(2, len(values))
            model = model_said(row.digest, row.document)
            self._said = Spoken(model, predictions(model, self.names, values, labels))
        self.asking.forget_model()

    def _numbers(self, known: Mapping[str, Any]) -> Ints:
        """(tasks,): label numbers of known answers, NO_LABEL where none is known."""
        found: Ints = np.full(len(self.names), NO_LABEL, dtype=np.int64)
        for name, value in known.items():
            found[self._place[name]] = self._labels.get(answer_text(value), NO_LABEL)
        return found

    def choice(self, session: Session, worker: str, wished: Collection[str] | None = None) -> Choice:
        """For this worker now; only of those `wished` for, if it says which."""
        assigned = self._assigned(session)
        active = [name for name in self._active(session) if name != worker]
        held = self._held(session, [worker, *active])
        barred = held[worker]
        if wished is not None:
            barred |= ~self._mask(wished)
        number = self._workers.get(worker)
        others = [self._workers.get(name) for name in active]
        left = self.asking.left_for_better(number, others, [held[name] for name in active], assigned)
        ranking = self.asking.rank(number, assigned, barred | left, self._random)
        waits = ranking.waits or (
            left.any() and self.asking.rank(number, assigned, barred, self._random).tasks.size > 0
        )
        return Choice([self.names[task] for task in ranking.tasks], bool(waits))

    def stops(self) -> Stops:
        """As far as the answers are known now."""
        confidence, answered = self.asking.confidence().tolist(), self.asking.answered.tolist()
        return stops_of(self.names, confidence, answered, self.asked, self.policy, self.known)

    def _assigned(self, session: Session) -> Ints:
        found: Ints = np.zeros(len(self.names), dtype=np.int64)
        for task, count in repository.assigned(session, self.batch_id).items():
            found[self._place[task]] = count
        return found

    def _active(self, session: Session) -> list[str]:
        now = time.time()
        return repository.at_work(session, self.batch_id, now - AT_WORK_SECONDS, busy_since=now - BUSY_SECONDS)

    def _held(self, session: Session, workers: list[str]) -> dict[str, Bools]:
        found: dict[str, Bools] = {worker: np.zeros(len(self.names), dtype=np.bool_) for worker in workers}
        for worker, task in repository.held(session, self.batch_id, workers):
            found[worker][self._place[task]] = True
        return found

    def _mask(self, names: Collection[str]) -> Bools:
        mask: Bools = np.zeros(len(self.names), dtype=np.bool_)
        mask[[self._place[name] for name in names if name in self._place]] = True
        return mask


def _by_name(answers: Answers, workers: list[str]) -> Answers:
    """Workers numbered by their sorted names, as a results file has them, so that both come to the same digits."""
    rank = np.argsort(np.argsort(np.array(workers, dtype=np.str_)))
    worker = rank[answers.worker] if answers.size else answers.worker
    return Answers(answers.task, worker, answers.label, answers.tasks, answers.workers, answers.labels)
