"""What a requester wants of a batch, and whether a draft is that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from piecework.client.errors import NotWhatWasAsked
from piecework.client.tasks import TaskList
from piecework.domain import documents
from piecework.domain.documents import DocumentError
from piecework.domain.ids import ZERO_ADDRESS
from piecework.domain.messages import BatchKey, Domain, Terms

_SECONDS = {
    "lease_seconds": "lease",
    "review_window_seconds": "reviewWindow",
    "dispute_window_seconds": "disputeWindow",
    "ruling_window_seconds": "rulingWindow",
    "max_claim": "maxClaim",
}
"""Fields of a draft that stand in the terms as they are."""
_SHOWN = ("title", "instructions", "task_type", "answers_per_task")
FEE_SHARE = 20
"""An operator's fee is at most the reward divided by this; the contract refuses more."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A batch as it goes to the gateway. `more`: further fields of a draft, by their names in its description."""

    tasks: TaskList
    title: str
    instructions: str
    task_type: str
    options: Mapping[str, Any] | None
    reward_units: int
    answers_per_task: int
    review: Mapping[str, Any]
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def assignments(self) -> int:
        return len(self.tasks.tasks) * self.answers_per_task

    def body(self, upload_id: str | None = None) -> dict[str, Any]:
        """Of `POST /v1/batches`; without the tasks and known answers that an upload holds."""
        body: dict[str, Any] = {
            "title": self.title,
            "instructions": self.instructions,
            "task_type": self.task_type,
            "reward_units": str(self.reward_units),
            "answers_per_task": self.answers_per_task,
            "review": dict(self.review),
        }
        if self.options is not None:
            body["options"] = dict(self.options)
        if upload_id is not None:
            body["tasks_upload"] = upload_id
        else:
            body["tasks"] = self.tasks.tasks
            if self.tasks.known:
                body["gold"] = self.tasks.known
        return body | dict(self.more)

    def check(self, draft: Mapping[str, Any], requester: str, domain: Domain, manifest: Mapping[str, Any]) -> BatchKey:
        """The key of the batch that was drafted. Raises NotWhatWasAsked if it is another than this one."""
        terms = _terms(draft)
        key = BatchKey(requester, str(draft["salt"]), terms)
        _same("the batch id", key.batch_id(domain), draft["batch_id"])
        _same("assignments", draft["assignments"], self.assignments)
        _same("the reward", terms.reward, self.reward_units)
        _same("flags", terms.flags, 0)
        _same("the gate", terms.gate, ZERO_ADDRESS)
        if terms.operatorFee > terms.reward // FEE_SHARE:
            raise NotWhatWasAsked(f"the operator fee of {terms.operatorFee} units is above one twentieth of the reward")
        for name, term in _SECONDS.items():
            if name in self.more:
                _same(name, getattr(terms, term), self.more[name])
        for name, term in (("dispute_fee_units", "disputeFee"), ("operator_fee_units", "operatorFee")):
            if self.more.get(name) is not None:
                _same(name, getattr(terms, term), int(self.more[name]))
        if self.more.get("reviewer") is not None:
            _same("the reviewer", terms.reviewer.lower(), str(self.more["reviewer"]).lower())
        elif self.review.get("policy") == "requester":
            _same("the reviewer", terms.reviewer, requester)
        self._check_manifest(manifest, terms)
        return key

    def _check_manifest(self, manifest: Mapping[str, Any], terms: Terms) -> None:
        """The pinned words and tasks are those that were given, and their digest stands in the terms."""
        try:
            digest = documents.pack(manifest, "manifest").digest
        except (DocumentError, ValueError) as error:
            raise NotWhatWasAsked(f"the manifest is none: {error}") from error
        _same("the manifest's digest", digest, terms.manifest)
        for name in _SHOWN:
            _same(f"the manifest's {name}", manifest[name], getattr(self, name))
        pinned = {task["id"]: task["content"] for task in manifest["tasks"]}
        given = {task["id"]: task["content"] for task in self.tasks.tasks}
        if pinned != given:
            odd = next(name for name in {**given, **pinned} if pinned.get(name) != given.get(name))
            raise NotWhatWasAsked(f"the gateway pinned another task {odd!r} than the one given")


def _terms(draft: Mapping[str, Any]) -> Terms:
    try:
        return Terms.from_json(draft["terms"])
    except (KeyError, TypeError, ValueError) as error:
        raise NotWhatWasAsked(f"the draft's terms are none: {error}") from error


def _same(what: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        raise NotWhatWasAsked(f"{what}: {wanted} was asked for, the gateway drafted {found}; nothing was signed")
