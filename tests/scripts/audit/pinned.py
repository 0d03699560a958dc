"""A small market whose files are all pinned: one batch, three workers, known answers, one settlement."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.reviews import inference, policy
from backend.reviews.beside import ModelSaid, model_said
from backend.reviews.preferences import pairs_of
from backend.reviews.stops import Asked
from piecework.domain import documents
from piecework.domain.canonical import new_salt
from piecework.domain.disclosure import key_digest, seal
from piecework.domain.messages import BatchKey, PacketKind, Verdict
from tests.backend.relay.market import Market
from tests.scripts.audit.servers import PinnedFiles

TASKS = [f"task-{number}" for number in range(6)]
GOLD = dict.fromkeys(TASKS[:3], "yes")
SCHEMA = {"enum": ["yes", "no"]}
Edit = Callable[[dict[str, Any]], None]


@dataclass
class PinnedMarket:
    """Workers 0 and 1 answer well; worker 2 always says no, fails the known answers and is rejected in part."""

    market: Market
    files: PinnedFiles = field(default_factory=PinnedFiles)
    policy: str = policy.NAME
    schema: dict[str, Any] = field(default_factory=lambda: SCHEMA)
    gold: dict[str, Any] = field(default_factory=lambda: GOLD)
    says: Callable[[int, str], Any] = lambda worker, _task: "no" if worker == 2 else "yes"
    """By the worker's number and the task."""
    task_type: str = "choice"
    contents: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By task; a task that is not there shows nothing."""
    max_share: float | None = None
    target: float | None = None
    disclosure_key: str | None = None
    """None makes a manifest without sealed known answers, as older ones are."""
    sealed: Callable[[dict[str, Any], str, str], dict[str, Any]] = seal
    """Makes the sealed file; a test may put another thing there."""
    model: dict[str, str] | None = None
    """What a model says, by task."""
    is_revealed: bool = True
    is_last: bool | None = None
    """Whether the results are made as the last file; None: if known answers are revealed."""
    workers: list[Any] = field(default_factory=list)
    key: BatchKey | None = None
    submissions: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    results_digest: str = ""

    @property
    def batch_id(self) -> str:
        assert self.key is not None
        return self.market.batch_id(self.key)

    def pin(self, kind: str, **values: Any) -> str:
        """Salts, packs and stores a document; returns its digest."""
        packed = documents.pack({"format": f"piecework/{kind}/1", "salt": new_salt()} | values, kind)
        self.files.blocks.update({block.cid: block.data for block in packed.blocks})
        return packed.digest

    def cid(self, digest: str) -> str:
        from piecework.domain.cid import cid_of_digest

        return str(cid_of_digest(digest))

    def run(self, edit: Edit = lambda _: None) -> None:
        """From opening to settlement. `edit` changes the results file before it is pinned and signed."""
        self.open()
        self.work()
        self.settle(edit)

    def open(self) -> None:
        self.gold_digest = self.pin("gold", answers=self.gold) if self.gold else ""
        manifest = self.pin(
            "manifest",
            title="Yes or no?",
            instructions="Say yes.",
            task_type=self.task_type,
            answer_schema=self.schema,
            answers_per_task=3,
            tasks=self._tasks(),
            skills=[],
            languages=["en"],
            estimated_seconds_per_task=5,
            review={"policy": self.policy} | self._review(),
            gold=({"root": self.gold_digest, "count": len(self.gold)} | self._promise() | self._seal())
            if self.gold
            else None,
        )
        self.key = self.market.open_batch(20, manifest=manifest)

    def _tasks(self) -> list[dict[str, Any]]:
        return [{"id": task, "content": self.contents.get(task, {})} for task in TASKS]

    def _review(self) -> dict[str, float]:
        return {"reject_gold_below": 0.6} | ({} if self.target is None else {"target_confidence": self.target})

    def _promise(self) -> dict[str, float]:
        return {} if self.max_share is None else {"max_share": self.max_share}

    def _seal(self) -> dict[str, Any]:
        """The known answers are under seal, and public as well if the results reveal them."""
        if self.disclosure_key is None:
            return {}
        block = self.files.blocks[self.cid(self.gold_digest)]
        if not self.is_revealed:
            del self.files.blocks[self.cid(self.gold_digest)]
        gold = json.loads(block)
        document = self.sealed(gold, self.gold_digest, self.disclosure_key)
        digest = self.pin("sealed-gold", **document)
        return {"sealed": {"document_digest": digest, "key_digest": key_digest(self.disclosure_key)}}

    def work(self) -> None:
        for number in range(3):
            worker = self.market.worker()
            self.workers.append(worker)
            self.submit(worker, {task: self.says(number, task) for task in TASKS})

    def submit(self, worker: Any, answers: Mapping[str, Any]) -> None:
        assert self.key is not None
        common = {"batch_id": self.batch_id, "manifest_version": 1, "worker": worker.address}
        tasks = self.pin("task-list", **common, tasks=list(answers))
        given = [{"task": task, "answer": answer} for task, answer in answers.items()]
        work = self.pin("answers", **common, answers=given)
        packet = self.market.packet(
            self.key,
            worker,
            PacketKind.CLAIM_AND_SUBMIT,
            count=len(answers),
            submitted=len(answers),
            manifest_version=1,
            tasks_digest=tasks,
            work_digest=work,
        )
        self.market.relayed_by_hand(self.key, packet)
        self.submissions[worker.address] = (work, dict(answers))

    def settle(self, edit: Edit = lambda _: None) -> None:
        answers = [
            policy.Answer(task, worker, answer)
            for worker, (_, given) in self.submissions.items()
            for task, answer in given.items()
        ]
        outcome, fields = self._outcome(answers)
        verdicts = [
            Verdict(worker, 0, *(sum(outcome.decisions[(t, worker)][0] == how for t in given) for how in _DECISIONS))
            for worker, (_, given) in self.submissions.items()
        ]
        judges = self.gold and self.schema.get("type") != "string"
        assert sum(verdict.rejected for verdict in verdicts) > 0 or not judges
        results: dict[str, Any] = {
            "batch_id": self.batch_id,
            "settlement_nonce": 1,
            "manifest_version": 1,
            **fields,
            "decisions": [
                {
                    "task": task,
                    "worker": worker,
                    "submission": self.submissions[worker][0],
                    "decision": decision,
                    "reason": reason,
                }
                for (task, worker), (decision, reason) in outcome.decisions.items()
            ],
            "labels": [{"task": t, "label": v, "confidence": c} for t, (v, c) in outcome.labels.items()],
            "gold": {"document_digest": self.gold_digest} if self.is_revealed and self.gold else None,
        }
        edit(results)
        self.results_digest = self.pin("results", **results)
        stack = self.market.stack
        call = stack.escrow.settle(self.key, 1, self.results_digest, verdicts)
        stack.send(stack.accounts["reviewer1"], call)

    def _outcome(self, answers: list[policy.Answer]) -> tuple[Any, dict[str, Any]]:
        """What the batch's policy says, and the fields of the results file that are its own."""
        if self.policy == policy.NAME:
            method = {"name": policy.NAME, "version": policy.VERSION, "parameters": {"reject_gold_below": 0.6}}
            return policy.decide(answers, self.gold, 0.6, revealed=self.is_revealed), {"method": method}
        rules = inference.rules_of(self.batch_id, self._review(), self.schema)
        digests = [digest for digest, _ in self.submissions.values()]
        asked, final = Asked(tuple(TASKS), 3), self.is_revealed if self.is_last is None else self.is_last
        found = inference.decide(
            answers,
            digests,
            self.gold,
            rules,
            revealed=final and bool(self.gold),
            asked=asked,
            final=final,
            model=self._model_said(),
            pairs=pairs_of(self.task_type, ((task["id"], task["content"]) for task in self._tasks())),
        )
        return found, {"method": found.method}

    def _model_said(self) -> ModelSaid | None:
        if self.model is None:
            return None
        said = [{"task": task, "answer": answer, "confidence": None} for task, answer in self.model.items()]
        document = {"batch_id": self.batch_id, "name": "small", "answers_before": 0, "answers": said}
        return model_said(self.pin("model-answers", **document), document)


_DECISIONS = ("accepted", "rejected")
