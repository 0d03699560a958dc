"""The demo's work: scans of handwritten digits from scikit-learn's wheel, done by models of different skill.

The workers are simulated, and the report says so. Each sees only the image that its task names, fetched from the
payload store, and answers with a classifier trained on other scans; careless ones guess part of the time.
"""

from __future__ import annotations

import hashlib
import io
import random
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from scripts.crowd import worker
from scripts.crowd.api import Api, Json
from scripts.crowd.job import Plan

TASKS = 300
ANSWERS_PER_TASK = 3
WORKERS = 20
GOLD = 45
REWARD_UNITS = 50_000
STAGED_TASKS = 4
JURORS = 3
_SCALE = 8


@dataclass(frozen=True)
class Digits:
    """300 scans to label, and 20 workers to do it. `truth` is used to score, and for the known answers."""

    images: list[bytes]
    truth: list[int]
    plans: list[Plan]
    staged: list[int]
    """Scans of the staged appeal: some that its worker reads rightly."""
    careful: worker.Answerer
    """A worker that never guesses."""
    jurors: list[worker.Answerer]

    @property
    def gold(self) -> dict[str, int]:
        """Known answers, spread over the batch."""
        step = TASKS // GOLD
        return {task_id(number): self.truth[number] for number in range(0, TASKS, step)}


def task_id(number: int) -> str:
    return f"scan-{number:03d}"


def prepare(seed: int = 7) -> Digits:
    """Picks the scans and trains the workers on the others. The same seed gives the same workers."""
    data = load_digits()
    order = np.random.default_rng(seed).permutation(len(data.images))
    chosen, rest = order[:TASKS], order[TASKS:]
    rng = random.Random(seed)  # noqa: S311 - a simulation, repeatable on purpose
    per_worker = TASKS * ANSWERS_PER_TASK // WORKERS
    plans = []
    for number in range(WORKERS):
        examples = rng.choice((60, 120, 300, 600)) if number >= 3 else 300
        guesses = (0.85, 0.75, 0.65)[number] if number < 3 else rng.choice((0.0, 0.02, 0.05))
        sample = np.array(rng.sample(list(rest), examples))
        answer = _Model(_trained(data, sample), guesses, random.Random(f"{seed}-{number}"))  # noqa: S311
        plans.append(Plan(name=f"worker {number + 1}", answer=answer, limit=per_worker))
    careful, *jurors = (
        _Model(_trained(data, np.array(rng.sample(list(rest), 900))), 0.0, rng) for _ in range(JURORS + 1)
    )
    right = [n for n, i in enumerate(chosen) if careful.reads(data.data[i]) == data.target[i]]
    return Digits(
        images=[_png(data.images[i]) for i in chosen],
        truth=[int(data.target[i]) for i in chosen],
        plans=plans,
        staged=right[:STAGED_TASKS],
        careful=careful,
        jurors=list(jurors),
    )


def _trained(data: Any, sample: Any) -> KNeighborsClassifier:
    return KNeighborsClassifier(3).fit(data.data[sample], data.target[sample])


class _Model:
    """Looks at the image of a task and says which digit it is, or guesses."""

    def __init__(self, model: KNeighborsClassifier, guesses: float, rng: random.Random) -> None:
        self._model = model
        self._guesses = guesses
        self._rng = rng

    def __call__(self, api: Api, task: Json) -> Any:
        data = api.payload(task["content"]["image"])
        if hashlib.sha256(data).hexdigest() != task["content"]["sha256"]:
            raise ValueError(f"the image of {task['id']} was changed")
        if self._rng.random() < self._guesses:
            return self._rng.randrange(10)
        small = Image.open(io.BytesIO(data)).resize((8, 8), Image.Resampling.BOX)
        return self.reads(np.asarray(small, dtype=float) / 255 * 16)

    def reads(self, pixels: Any) -> int:
        """The digit on 64 pixels from 0 to 16."""
        return int(self._model.predict(pixels.reshape(1, -1))[0])


def batch(digits: Digits) -> Json:
    """The batch as a requester would describe it; images are uploaded by `uploads`."""
    return {
        "title": "Which digit is on the scan?",
        "instructions": "Each image is a scanned handwritten digit, enlarged. Answer with the digit, 0 to 9.",
        "task_type": "choice",
        "answer_schema": {"enum": list(range(10))},
        "answers_per_task": ANSWERS_PER_TASK,
        "tasks": [{"id": task_id(number), "content": {}} for number in range(TASKS)],
        "reward_units": str(REWARD_UNITS),
        "estimated_seconds_per_task": 5,
        "skills": ["image labelling"],
        "languages": ["en"],
        "review": {"policy": "inference", "reject_gold_below": 0.6},
        "gold": digits.gold,
    }


def uploads(digits: Digits, api: Api) -> Json:
    """Pins every image and names it in its task."""
    return {"tasks": [_task(number, image, api) for number, image in enumerate(digits.images)]}


def staged_batch(digits: Digits, api: Api) -> Json:
    """A small batch of its own for the staged appeal, its images pinned."""
    return {
        "title": "Staged: a careless reviewer",
        "instructions": "Each image is a scanned handwritten digit, enlarged. Answer with the digit, 0 to 9.",
        "task_type": "choice",
        "answer_schema": {"enum": list(range(10))},
        "answers_per_task": 1,
        "tasks": [_task(number, digits.images[number], api) for number in digits.staged],
        "reward_units": str(REWARD_UNITS),
        "review": {"policy": "reviewers"},
    }


def _task(number: int, image: bytes, api: Api) -> Json:
    content = {"image": api.upload(image), "sha256": hashlib.sha256(image).hexdigest()}
    return {"id": task_id(number), "content": content}


def _png(image: Any) -> bytes:
    grey = Image.fromarray((image / 16 * 255).astype(np.uint8))
    out = io.BytesIO()
    grey.resize((8 * _SCALE, 8 * _SCALE), Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()
