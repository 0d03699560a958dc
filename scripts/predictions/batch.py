"""`piecework model label`: a model speaks of the tasks of a batch at a gateway, and its answers are brought there."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from piecework.domain.ids import parse_digest
from piecework.quality.answers import Answers, answers_of
from piecework.quality.vote import NO_LABEL
from scripts.answers_file import FileInvalid
from scripts.crowd.api import Api, ApiError
from scripts.crowd.wallet import Wallet
from scripts.predictions.opening import KEY_VARIABLE
from scripts.predictions.said import Said
from scripts.terminal import err, fail, out, progress_bars

REQUESTER_VARIABLE = "PIECEWORK_REQUESTER_KEY"
GROWTH = 1.5
"""The classifier speaks anew when people's answers have grown by half: each time its worth is measured from new."""
MOST_KEY_BYTES = 10_000


@dataclass(frozen=True)
class Wanted:
    """As typed. `model`: openai:NAME or sklearn. `every`: seconds between two looks for new answers, None for one."""

    batch_id: str
    gateway_url: str
    model: str
    model_url: str | None = None
    key_file: Path | None = None
    cache: Path | None = None
    instructions: str = ""
    most_requests: int = 10_000
    parallel: int = 4
    every: float | None = None


@dataclass(frozen=True)
class Asked:
    """What a batch asks. `tasks`: what each shows, as texts by name. `values`: possible answers by how they are
    written."""

    batch_id: str
    title: str
    instructions: str
    tasks: dict[str, dict[str, str]]
    values: dict[str, Any]


def run_model_label(wanted: Wanted, pause: Callable[[float], object] = time.sleep) -> int:
    """0 once the model's answers are at the gateway; else 1, with what to do."""
    try:
        kind, _, name = wanted.model.partition(":")
        if wanted.model != "sklearn" and (kind != "openai" or not name):
            raise FileInvalid(f"no model {wanted.model!r}: give openai:NAME or sklearn")
        with closing(Api(wanted.gateway_url, _requester())) as api:
            api.sign_in(api.get("/v1/chain"))
            asked = _asked(api, parse_digest(wanted.batch_id))
            if kind == "openai":
                return _by_endpoint(api, asked, name, wanted)
            return _by_classifier(api, asked, wanted, pause)
    except (ApiError, FileInvalid, ValueError) as error:
        return fail(str(error))


def _requester() -> Wallet:
    secret = os.environ.get(REQUESTER_VARIABLE)
    if not secret:
        raise FileInvalid(f"set {REQUESTER_VARIABLE} to the key of the batch's requester, who brings the answers")
    try:
        return Wallet(secret)
    except ValueError as error:
        # The error's own words may hold the key.
        raise FileInvalid(f"{REQUESTER_VARIABLE} is no private key: it has 64 hex digits") from error


def _key(path: Path | None) -> str | None:
    """The endpoint's key; no message holds it. Raises FileInvalid."""
    if path is None:
        return os.environ.get(KEY_VARIABLE) or None
    try:
        with path.open(encoding="utf-8") as file:
            key = file.read(MOST_KEY_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise FileInvalid(f"{path} cannot be read as a key: {type(error).__name__}") from error
    if not key:
        raise FileInvalid(f"{path} holds no key")
    return key


def _asked(api: Api, batch_id: str) -> Asked:
    """Raises FileInvalid for a batch whose answers are no labels."""
    manifest = api.get(f"/v1/batches/{batch_id}/manifest")
    schema = manifest["answer_schema"]
    values = [False, True] if schema.get("type") == "boolean" else schema.get("enum", [])
    if len(values) < 2:
        raise FileInvalid(f"the answers of batch {batch_id} are no choice among labels: no model counts beside them")
    tasks = {task["id"]: {name: _text(value) for name, value in task["content"].items()} for task in manifest["tasks"]}
    return Asked(
        batch_id, manifest["title"], manifest["instructions"], tasks, {_text(value): value for value in values}
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _by_endpoint(api: Api, asked: Asked, name: str, wanted: Wanted) -> int:
    from scripts.predictions.cache import Cache
    from scripts.predictions.endpoint import Endpoint, ask_all

    if wanted.model_url is None:
        raise FileInvalid("an endpoint needs an address: give --model-url URL, as far as /v1")
    endpoint = Endpoint(
        wanted.model_url, name, _key(wanted.key_file), parallel=wanted.parallel, most_requests=wanted.most_requests
    )
    path = wanted.cache or Path(f"model-{asked.batch_id[2:14]}.jsonl")
    told = "\n\n".join(part for part in (asked.title, asked.instructions, wanted.instructions) if part)
    with progress_bars() as bars:
        bar = bars.add_task(f"asking {name}"[:28], total=len(asked.tasks))
        found = ask_all(
            endpoint, asked.tasks, list(asked.values), instructions=told, cache=Cache(path),
            advance=lambda: bars.advance(bar),
        )  # fmt: skip
    err.print(
        f"{found.requests:,} requests, {found.from_cache:,} answers from {path}, {found.refused:,} replies that are no "
        f"label, {found.unasked:,} tasks not asked",
        highlight=False,
    )
    if not found.said:
        raise FileInvalid(f"{name} gave no label to any task: nothing is brought")
    if found.requests == 0 and _is_there(api, asked.batch_id, name, len(found.said)):
        err.print("the same answers are with the gateway already: brought again they would be measured from new")
    else:
        _bring(api, asked, name, found.said)
    if found.unasked:
        return fail(f"{found.unasked:,} tasks were not asked: run it again with more --model-requests to go on")
    return 0


def _by_classifier(api: Api, asked: Asked, wanted: Wanted, pause: Callable[[float], object]) -> int:
    """Learns from people's answers so far, and again as they grow; says of a task what other tasks taught it."""
    from scripts.predictions.classifier import LEAST_TASKS, Classifier, check_installed
    from scripts.predictions.features import features_of, table_of

    check_installed()
    names = list(asked.tasks)
    classifier = Classifier(features_of(table_of(asked.tasks)), np.arange(len(names)), int(asked.batch_id[2:10], 16))
    brought = 0
    while True:
        answers = _answers(api, asked)
        if answers.size >= max(1.0, GROWTH * brought):
            predictions = classifier(answers)
            given = predictions.label != NO_LABEL
            if given.any():
                labels = list(asked.values)
                said = {
                    names[at]: Said(labels[predictions.label[at]], float(predictions.confidence[at]))
                    for at in np.flatnonzero(given).tolist()
                }
                try:
                    _bring(api, asked, "TF-IDF and logistic regression", said)
                except ApiError as error:
                    if error.code == "model_too_late" and brought:
                        err.print("decisions were proposed: the answers brought before stand")
                        return 0
                    raise
                brought = answers.size
        if wanted.every is None:
            if not brought:
                raise FileInvalid(
                    f"people answered too little to learn from: it needs {LEAST_TASKS} tasks with answers, and two "
                    "labels among them. Run it again later, or with --every SECONDS"
                )
            return 0
        if _is_over(api, asked.batch_id):
            return 0 if brought else fail("the batch is over, and people answered too little to learn from")
        pause(wanted.every)


def _answers(api: Api, asked: Asked) -> Answers:
    """People's answers that are on chain, in its order."""
    task_of = {name: number for number, name in enumerate(asked.tasks)}
    label_of = {text: number for number, text in enumerate(asked.values)}
    worker_of: dict[str, int] = {}
    rows: dict[tuple[int, int], int] = {}
    for item in api.items(f"/v1/reviews/batches/{asked.batch_id}/submissions"):
        worker = worker_of.setdefault(item["worker"], len(worker_of))
        for each in item["tasks"]:
            rows.setdefault((task_of[each["task"]], worker), label_of[_text(each["answer"])])
    columns = np.array([(*key, label) for key, label in rows.items()], dtype=np.int64).reshape(-1, 3)
    return answers_of(*columns.T, tasks=len(task_of), workers=len(worker_of), labels=len(label_of))


def _is_over(api: Api, batch_id: str) -> bool:
    """Whether something was decided: no model's answers are taken any more."""
    return _found(api, f"/v1/batches/{batch_id}/results", "results_not_ready") is not None


def _is_there(api: Api, batch_id: str, name: str, count: int) -> bool:
    found = _found(api, f"/v1/batches/{batch_id}/model-answers", "no_model_answers")
    return found is not None and (found["name"], found["answers"]) == (name[:100], count)


def _found(api: Api, path: str, absent: str) -> Mapping[str, Any] | None:
    """None if the gateway says that there is none, by the code `absent`."""
    try:
        found: Mapping[str, Any] = api.get(path)
    except ApiError as error:
        if error.code == absent:
            return None
        raise
    return found


def _bring(api: Api, asked: Asked, name: str, said: Mapping[str, Said]) -> None:
    answers = [
        {"task": task, "answer": asked.values[word.label], "confidence": word.confidence} for task, word in said.items()
    ]
    made = api.post(f"/v1/batches/{asked.batch_id}/model-answers", {"name": name[:100], "answers": answers})
    out.print(
        f"{made['answers']:,} answers of {name} are with the gateway, after {made['answers_before']:,} of people: "
        f"{made['digest']}",
        highlight=False, markup=False,
    )  # fmt: skip
