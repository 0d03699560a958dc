"""One whole example of every document format."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

SALT = "0x" + "5a" * 32
BATCH = "0x" + "b1" * 32
WORKER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
DIGEST = "0x" + "d1" * 32
# Shape of a raw block's CID; which block it names is nobody's concern here.
PART = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"

_EXAMPLES: dict[str, dict[str, Any]] = {
    "manifest": {
        "format": "piecework/manifest/1",
        "salt": SALT,
        "title": "Which digit is it?",
        "instructions": "Look at the picture and choose the digit.",
        "task_type": "choice",
        "answer_schema": {"enum": ["0", "1"]},
        "answers_per_task": 3,
        "tasks": [{"id": "t1", "content": {"text": "0"}}, {"id": "t2", "content": {}}],
        "skills": ["reading"],
        "languages": ["en"],
        "estimated_seconds_per_task": 5,
        "review": {"policy": "agreement", "minimum_agreement": 0.6, "reject_gold_below": 0.5},
        "gold": {
            "root": DIGEST,
            "count": 1,
            "max_share": 0.2,
            "sealed": {"document_digest": DIGEST, "key_digest": DIGEST},
        },
    },
    "task-list": {
        "format": "piecework/task-list/1",
        "salt": SALT,
        "batch_id": BATCH,
        "manifest_version": 1,
        "worker": WORKER,
        "tasks": ["t1", "t2"],
        "candidates": DIGEST,
    },
    "candidates": {
        "format": "piecework/candidates/1",
        "salt": SALT,
        "review_batch_id": BATCH,
        "candidates": [WORKER],
    },
    "answers": {
        "format": "piecework/answers/1",
        "salt": SALT,
        "batch_id": BATCH,
        "manifest_version": 1,
        "worker": WORKER,
        "answers": [{"task": "t1", "answer": "0"}, {"task": "t2", "answer": {"box": [1, 2.5]}}],
    },
    "results": {
        "format": "piecework/results/1",
        "salt": SALT,
        "batch_id": BATCH,
        "settlement_nonce": 1,
        "manifest_version": 1,
        "method": {"name": "agreement", "version": 1, "parameters": {"minimum_agreement": 0.6}},
        "decisions": [
            {"task": "t1", "worker": WORKER, "submission": DIGEST, "decision": "accepted", "reason": "agrees"},
            {"task": "t2", "worker": WORKER, "submission": DIGEST, "decision": "rejected", "reason": "known answer"},
        ],
        "labels": [{"task": "t1", "label": "0", "confidence": 1}, {"task": "t2", "label": None, "confidence": None}],
        "gold": {"document_digest": DIGEST},
    },
    "gold": {"format": "piecework/gold/1", "salt": SALT, "answers": {"t1": "0"}},
    "sealed-gold": {
        "format": "piecework/sealed-gold/1",
        "salt": SALT,
        "algorithm": "AES-256-GCM",
        "nonce": "0x" + "5a" * 12,
        "ciphertext": "c2VhbGVk",
    },
    "model-answers": {
        "format": "piecework/model-answers/1",
        "salt": SALT,
        "batch_id": BATCH,
        "name": "a small model",
        "answers_before": 0,
        "answers": [
            {"task": "t1", "answer": "0", "confidence": 0.9},
            {"task": "t2", "answer": "1", "confidence": None},
        ],
    },
    "revision": {
        "format": "piecework/revision/1",
        "salt": SALT,
        "batch_id": BATCH,
        "worker": WORKER,
        "submission": DIGEST,
        "task": "t1",
        "reason": "Look at the stroke on the left.",
        "answer": "1",
    },
    "evidence": {
        "format": "piecework/evidence/1",
        "salt": SALT,
        "batch_id": BATCH,
        "worker": WORKER,
        "statement": "The picture shows a 0, as two others say.",
        "rejections": [{"task": "t2", "results_digest": DIGEST, "submission": DIGEST, "note": ""}],
        "attachments": [{"cid": PART, "title": "the picture, enlarged"}],
    },
    "bonus": {
        "format": "piecework/bonus/1",
        "salt": SALT,
        "batch_id": BATCH,
        "worker": WORKER,
        "reason": "The most careful answers of all.",
    },
    "index": {
        "format": "piecework/index/1",
        "salt": SALT,
        "of": "piecework/manifest/1",
        "size": 262_145,
        "parts": [PART, PART],
    },
}


def example(kind: str, **changes: Any) -> dict[str, Any]:
    """A valid document of `kind` of its own, with some fields replaced."""
    return deepcopy(_EXAMPLES[kind]) | changes
