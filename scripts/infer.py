"""`piecework infer`: the truth that a file of answers points to, and how far to trust it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from piecework.quality.adaptive import Policy, has_ended, infer_bought
from piecework.quality.agreement import Agreement, krippendorff_alpha
from piecework.quality.answers import Answers, Floats
from piecework.quality.calibration import expected_calibration_error
from piecework.quality.infer import Labelling, Parameters, infer_labels
from piecework.quality.ngrams import chrf
from piecework.quality.numbers import settle_numbers
from piecework.quality.texts import choose_texts
from scripts.answers_file import AnswersFile, FileInvalid, columns_of, read_answers, read_truth
from scripts.infer_boxes import infer_boxes, score_boxes
from scripts.infer_pairs import PairsFile, has_pairs, infer_pairs, read_pairs, score_order
from scripts.predictions.beside import VERDICTS, Source, infer_beside, report_of
from scripts.purchase import purchased
from scripts.terminal import err, fail, out

_SKILL_FIELDS = ("worker", "answers", "accuracy", "low", "high")
Report = dict[str, Any]


def run_infer(
    path: Path,
    *,
    truth_path: Path | None,
    kind: str,
    model: str,
    seed: int,
    labels_path: Path | None,
    adaptive: tuple[float, float] | None,
    as_json: bool,
    least_people: int = 2,
    report_path: Path | None = None,
    source: Callable[[AnswersFile], Source] | None = None,
    answer_cost: float | None = None,
) -> int:
    """`adaptive`: confidence at which a task stops and share of all answers that may be bought; None buys all.
    `source`: opens the model that answers beside the people, once their answers are read.

    Reads, infers, and only then reads the truth, to score. Returns the exit code."""
    try:
        kind = _ALIASES.get(kind, kind)
        if kind not in ("auto", *_KINDS):
            return fail(f"no kind {kind!r}: choose auto, choice, number, text, pairs or boxes")
        pairs = kind == "pairs" or (kind == "auto" and has_pairs(columns_of(path)))
        answers = read_pairs(path) if pairs else read_answers(path)
        kind = "pairs" if pairs else answers.kind() if kind == "auto" else kind
        if adaptive and kind != "labels":
            return fail(f"--adaptive buys labels; these answers are {kind}")
        if source and kind != "labels":
            return fail(f"--with-model joins labels; these answers are {kind}")
        policy = (
            Policy(confidence=adaptive[0], budget=adaptive[1], least_people=least_people, seed=seed)
            if adaptive
            else None
        )
        parameters = Parameters(model=model, seed=seed)
        if source:
            beside = source(answers)
            answers = answers.with_tasks(beside.tasks)
            outcome = _infer_with_model(answers, parameters, policy, beside, answer_cost)
        else:
            outcome = _KINDS[kind](answers, parameters, policy)
        values, confidence = outcome.values, outcome.confidence
        truth = read_truth(truth_path) if truth_path else None
        report = _head(answers, kind) | outcome.report
        if truth is not None:
            report |= _score(kind, dict(zip(outcome.tasks, values, strict=True)), confidence, truth)
            report |= _score_model(outcome, truth)
    except (FileInvalid, ValueError) as error:
        return fail(str(error))
    try:
        if labels_path:
            labels_path.write_text(_labels_csv(outcome.tasks, values, confidence), encoding="utf-8")
        if report_path:
            from scripts.infer_report import page_of

            report_path.write_text(page_of(path.name, answers, outcome, report, truth), encoding="utf-8")
    except OSError as error:
        return fail(f"cannot write {error.filename}: {error.strerror}")
    if answers.repeated:
        err.print(f"{answers.repeated} rows left out: a worker's second answer to the same task")
    if answers.composed:
        err.print(f"{answers.composed} texts were brought into Unicode's form NFC, so that equal ones count as one")
    if as_json:
        out.print_json(json.dumps(report))
    else:
        _print(report)
    return 0


def _head(answers: AnswersFile, kind: str) -> Report:
    return {
        "kind": kind,
        "tasks": len(answers.task_names),
        "workers": len(answers.worker_names),
        "answers": len(answers.answer),
        "repeated_answers_left_out": answers.repeated,
        "texts_brought_into_nfc": answers.composed,
        "accuracy": None,
        "answers_used": len(answers.answer),
    }


@dataclass(frozen=True)
class Outcome:
    """`values` and `confidence`: of each of `tasks`. `answers`, `found`: what labels rest on; None elsewhere.

    `likeness`: (answers,), how like what was found each is, where answers are no labels, and `sure`: of each task.
    `alone`: what people alone and the model alone say of the tasks, by name, where a model was asked.
    """

    report: Report
    tasks: list[str]
    values: list[str]
    confidence: list[float | None]
    answers: Answers | None = None
    found: Labelling | None = None
    likeness: Floats | None = None
    sure: list[float | None] = field(default_factory=list)
    alone: dict[str, dict[str, str]] = field(default_factory=dict)


def _infer_labels(file: AnswersFile, parameters: Parameters, policy: Policy | None) -> Outcome:
    names, answers = file.labels()
    started = time.perf_counter()
    if policy:
        pool, answers = answers, answers.take(purchased(answers, policy))
        result = infer_bought(answers, policy, parameters, ended=has_ended(answers, pool, policy))
    else:
        result = infer_labels(answers, parameters)
    seconds = time.perf_counter() - started
    values = _guessed(result, names)
    report = _label_report(file, result, seconds)
    report["alpha"] = _alpha(krippendorff_alpha(answers.task, answers.label))
    if policy:
        report |= {"answers_used": answers.size, "policy": asdict(policy)}
    return Outcome(report, file.task_names, values, result.confidence.tolist(), answers, result)


def _guessed(result: Labelling, names: list[str]) -> list[str]:
    """A task on which nothing was bought gets the most common label."""
    usual = int(np.bincount(result.label[result.label >= 0], minlength=1).argmax())
    guessed = np.where(result.label < 0, usual, result.label)
    return [names[label] if label < len(names) else "" for label in guessed]


def _infer_with_model(
    file: AnswersFile, parameters: Parameters, policy: Policy | None, source: Source, answer_cost: float | None
) -> Outcome:
    names, answers = file.labels()
    started = time.perf_counter()
    found = infer_beside(answers, source.predictor(file.task_names, names, answers.labels), parameters, policy)
    seconds = time.perf_counter() - started
    result, people = found.joined.labelling, found.joined.people
    report = _label_report(file, result, seconds)
    report |= {"method": found.joined.method(), "answers_used": found.answers.size}
    report["alpha"] = _alpha(krippendorff_alpha(found.answers.task, found.answers.label))
    report["model"] = report_of(source, found, answer_cost=answer_cost)
    if policy:
        report["policy"] = asdict(policy)
    # Tasks that nobody may ever have been asked about are left out where the model is not trusted to label them.
    shown = [at for at in range(answers.tasks) if result.label[at] >= 0 or answers.per_task()[at] > 0]
    values = _guessed(result, names)
    said = found.predictions.label.tolist()
    alone = {
        "people": dict(zip(file.task_names, _guessed(people, names), strict=True)),
        "model": {file.task_names[at]: names[label] for at, label in enumerate(said) if 0 <= label < len(names)},
    }
    return Outcome(
        report, [file.task_names[at] for at in shown], [values[at] for at in shown],
        result.confidence[shown].tolist(), found.answers, result, alone=alone,
    )  # fmt: skip


def _label_report(file: AnswersFile, result: Labelling, seconds: float) -> Report:
    skill = result.skill
    columns = [each.tolist() for each in (skill.answers, skill.accuracy, *skill.interval())]
    return {
        "seconds": round(seconds, 6),
        "labels": len(set(file.answer)),
        "method": result.method(),
        "evidence": {each.model: each.best for each in result.evidence},
        "correlation": round(result.correlation, 4),
        "estimated_accuracy": float(result.confidence.mean()),
        "skills": [
            dict(zip(_SKILL_FIELDS, (name, *figures), strict=True))
            for name, *figures in zip(file.worker_names, *columns, strict=True)
        ],
    }


def _alpha(found: Agreement) -> Report:
    """For JSON, which has no NaN."""
    figures = asdict(found)
    return figures | {name: None for name in ("alpha", "low", "high") if math.isnan(figures[name])}


def _infer_numbers(file: AnswersFile, _: Parameters, __: Policy | None) -> Outcome:
    numbers = np.array(file.numbers())
    task, worker = np.array(file.task), np.array(file.worker)
    started = time.perf_counter()
    settled = settle_numbers(task, worker, numbers, tasks=len(file.task_names), workers=len(file.worker_names))
    seconds = time.perf_counter() - started
    likeness = settled.near.astype(np.float64)
    share = np.bincount(task, weights=likeness) / np.maximum(np.bincount(task), 1)
    report = {
        "seconds": round(seconds, 6),
        "alpha": _alpha(krippendorff_alpha(task, numbers, level="interval")),
        "method": {"name": "piecework-numbers", "version": 2, "parameters": {}},
        "skills": [
            {"worker": name, "typical_error": scale}
            for name, scale in zip(file.worker_names, settled.estimate.scale.tolist(), strict=True)
        ],
    }
    return Outcome(
        report, file.task_names, [repr(value) for value in settled.value.tolist()], [None] * len(file.task_names),
        likeness=likeness, sure=share.tolist(),
    )  # fmt: skip


def _infer_text(file: AnswersFile, _: Parameters, __: Policy | None) -> Outcome:
    task, worker = np.array(file.task), np.array(file.worker)
    started = time.perf_counter()
    choice = choose_texts(task, worker, file.answer, tasks=len(file.task_names), workers=len(file.worker_names))
    seconds = time.perf_counter() - started
    report = {
        "seconds": round(seconds, 6),
        "method": {"name": "piecework-texts", "version": 2, "parameters": {}},
        "skills": [
            {"worker": name, "agreement": round(skill, 4)}
            for name, skill in zip(file.worker_names, choice.skill.tolist(), strict=True)
        ],
    }
    return Outcome(
        report, file.task_names, [file.answer[position] for position in choice.chosen], [None] * len(file.task_names),
        likeness=np.minimum(choice.agreement, 1.0), sure=choice.agreement[choice.chosen].tolist(),
    )  # fmt: skip


def _infer_pairs(file: AnswersFile, _: Parameters, __: Policy | None) -> Outcome:
    if not isinstance(file, PairsFile):
        raise FileInvalid("comparisons need the columns left, right, worker, answer")
    report, values, confidence, likeness = infer_pairs(file)
    return Outcome(report, file.task_names, values, confidence, likeness=likeness)


def _infer_boxes(file: AnswersFile, parameters: Parameters, _: Policy | None) -> Outcome:
    report, values, confidence, likeness = infer_boxes(file, parameters)
    return Outcome(report, file.task_names, values, confidence, likeness=likeness, sure=confidence)


_ALIASES = {"choice": "labels", "choices": "labels", "number": "numbers"}
_KINDS: dict[str, Callable[[AnswersFile, Parameters, Policy | None], Outcome]] = {
    "labels": _infer_labels,
    "numbers": _infer_numbers,
    "text": _infer_text,
    "pairs": _infer_pairs,
    "boxes": _infer_boxes,
}


def _score(kind: str, values: dict[str, str], confidence: list[float | None], truth: dict[str, str]) -> Report:
    """The truth meets the labels here and nowhere else."""
    scored = [task for task in values if task in truth]
    report: Report = {"scored_tasks": len(scored), "truth_without_answers": len(truth.keys() - values.keys())}
    if not scored:
        return report
    if kind == "numbers":
        try:
            error = np.array([float(values[task]) - float(truth[task]) for task in scored])
        except ValueError as fault:
            raise FileInvalid("the truth of a numeric task is not a number: use --kind labels") from fault
        report["mean_absolute_error"] = float(np.abs(error).mean())
        report["root_mean_square_error"] = float(np.sqrt((error**2).mean()))
        report["accuracy"] = float((np.abs(error) < 1e-9).mean())
        return report
    if kind == "pairs":
        return report | score_order({task: values[task] for task in scored}, truth)
    if kind == "boxes":
        return report | score_boxes({task: values[task] for task in scored}, truth)
    right = np.array([values[task] == truth[task] for task in scored])
    report["accuracy"] = float(right.mean())
    if kind == "text":
        report["similarity"] = float(np.mean([chrf(values[task], truth[task]) for task in scored]))
    else:
        trust = dict(zip(values, confidence, strict=True))
        report["calibration_error"] = expected_calibration_error(np.array([trust[task] for task in scored]), right)
    return report


def _score_model(outcome: Outcome, truth: dict[str, str]) -> Report:
    """What people alone and the model alone come to, on the tasks that each speaks of."""
    if not outcome.alone:
        return {}
    shares = {
        f"accuracy_{who}_alone": float(
            np.mean([label == truth[task] for task, label in labels.items() if task in truth])
        )
        for who, labels in outcome.alone.items()
        if any(task in truth for task in labels)
    }
    return {"model": outcome.report["model"] | shares}


def _labels_csv(tasks: list[str], values: list[str], confidence: list[float | None]) -> str:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("task", "label", "confidence"))
    for task, value, trust in zip(tasks, values, confidence, strict=True):
        writer.writerow((task, value, "" if trust is None else f"{trust:.6f}"))
    return text.getvalue()


def _shown(alpha: Report) -> str:
    if alpha["alpha"] is None:
        return "nothing to compare: no two answers to one task differ"
    between = "" if alpha["low"] is None else f" ({alpha['low']:.4f} to {alpha['high']:.4f})"
    return f"{alpha['alpha']:.4f}{between}, {alpha['level']}"


def _print_model(table: Table, model: Report) -> None:
    measured = model["accuracy"]
    table.add_row("model", f"{model['source']} {model['name']}")
    table.add_row("model's verdict", VERDICTS[model["verdict"]])
    if measured:
        between = f"{measured['low']:.4f} to {measured['high']:.4f}"
        table.add_row("model's measured accuracy", f"{measured['value']:.4f} ({between}), {measured['count']} tasks")
    for name in ("accuracy_people_alone", "accuracy_model_alone"):
        if name in model:
            table.add_row(name.replace("_", " "), f"{model[name]:.4f}")
    cost = "" if model["saved_cost"] is None else f", {model['saved_cost']:,} in cost"
    of = model["answers_without_model"]
    table.add_row("answers saved at equal confidence", f"{model['answers_saved']:,} of {of:,}{cost}")
    table.add_row("labelled by the model alone", f"{model['labelled_alone']:,}")


def _print(report: Report) -> None:
    table = Table(show_header=False, box=None)
    for name, value in report.items():
        if isinstance(value, (int, float, str)):
            shown = f"{value:.4f}" if isinstance(value, float) else str(value)
            table.add_row(name.replace("_", " "), shown)
    if report.get("alpha"):
        table.add_row("Krippendorff's alpha", _shown(report["alpha"]))
    if report.get("model"):
        _print_model(table, report["model"])
    table.add_row("method", str(report["method"]["name"]) + " " + str(report["method"].get("model", "")))
    out.print(table)
    if report["accuracy"] is None:
        out.print("Give --truth TRUTH.csv (task,truth) to score the labels, --labels FILE to keep them.")
