"""Free text: how like the reference is the chosen answer, a random worker's, the longest-common choice's?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from piecework.quality.ngrams import chrf
from piecework.quality.texts import choose_texts
from scripts.answers_file import read_answers, read_truth


def is_text(path: Path) -> bool:
    """Whether a folder's answers look like sentences."""
    return read_answers(path / "answers.csv").kind() == "text"


def measure(path: Path) -> dict[str, Any]:
    """Mean chrF and GLEU to the reference over all tasks with one; the best answer of each task is the ceiling."""
    file = read_answers(path / "answers.csv")
    task, worker = np.array(file.task), np.array(file.worker)
    chosen = choose_texts(task, worker, file.answer, tasks=len(file.task_names), workers=len(file.worker_names)).chosen
    groups = [np.flatnonzero(task == number) for number in range(len(file.task_names))]
    common = np.array([group[longest_common([file.answer[place] for place in group])] for group in groups])
    truth = read_truth(path / "truth.csv")
    known = np.array([name in truth for name in file.task_names])
    asked = [group for group, is_known in zip(groups, known, strict=True) if is_known]
    results: dict[str, Any] = {"tasks": int(known.sum()), "answers": len(file.answer)}
    for name, likeness in LIKENESS.items():
        score = np.array(
            [
                likeness(text, truth.get(file.task_names[number], ""))
                for text, number in zip(file.answer, task, strict=True)
            ]
        )
        results[name] = {
            "chosen": float(score[chosen][known].mean()),
            "longest_common": float(score[common][known].mean()),
            "random_worker": float(np.mean([score[group].mean() for group in asked])),
            "best_possible": float(np.mean([score[group].max() for group in asked])),
        }
    return results


def gleu(hypothesis: str, reference: str) -> float:
    """Shared word n-grams, n from 1 to 4, over those of the longer text: Y. Wu and others, "Google's Neural Machine
    Translation System" (2016)."""
    left, right = _word_grams(hypothesis), _word_grams(reference)
    return (left & right).total() / max(left.total(), right.total(), 1)


LIKENESS = {"chrF": chrf, "GLEU": gleu}


def _word_grams(text: str) -> Counter[tuple[str, ...]]:
    words = text.lower().split()
    return Counter(tuple(words[i : i + n]) for n in range(1, 5) for i in range(len(words) - n + 1))


def longest_common(texts: list[str]) -> int:
    """The answer with the longest common subsequence of words with the others, summed; the first among equals."""
    words = [text.lower().split() for text in texts]
    shared = [sum(_common_words(one, other) for other in words if other is not one) for one in words]
    return int(np.argmax(shared))


def _common_words(left: list[str], right: list[str]) -> int:
    row = [0] * (len(right) + 1)
    for word in left:
        before = 0
        for place, other in enumerate(right, start=1):
            kept = row[place]
            row[place] = before + 1 if word == other else max(row[place], row[place - 1])
            before = kept
    return row[-1]
