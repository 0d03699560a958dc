"""Labels, skills and verdicts of the policy `inference`, computed anew from results, answer files and logs alone.

What a results file says of itself (which answers, which parameters) is compared with what the logs, the manifest and
the batch's id say, then everything that follows from it is computed and compared: one difference is named per label,
confidence, skill, verdict, reason or parameter. What cannot be computed because a file is sealed or missing is
named too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from backend.reviews import inference
from backend.reviews.beside import ModelSaid, model_said
from backend.reviews.judging import by_people_method
from backend.reviews.policy import Answer
from backend.reviews.preferences import Pairs, pairs_of
from backend.reviews.stops import Asked
from scripts.audit.books import BatchBooks, Submission
from scripts.audit.last_files import Finality, finality, why_unsaid
from scripts.audit.report import Report

CONFIDENCE_TOLERANCE = 2e-6
"""Figures are written with six digits; another machine's logarithms may round the last one otherwise."""

Json = dict[str, Any]
_OF_LAST: Mapping[str, Callable[[inference.Rules, Pairs | None], bool]] = {
    "how its tasks stopped": lambda rules, _: rules.policy is not None,
    "how what was compared ranks": lambda _, pairs: pairs is not None,
}
"""What the last file of a batch tells beside its labels, and when."""


class LabelAuditor:
    """One batch. `manifests` and `answers` hold what could be fetched; `known`: None while known answers are sealed.

    `fetch`: a document by digest and kind, None if it could not be had."""

    def __init__(
        self,
        report: Report,
        batch_id: str,
        b: BatchBooks,
        manifests: Sequence[Json | None],
        answers: Mapping[str, Json],
        fetch: Callable[[str, str], Json | None] = lambda _digest, _kind: None,
    ) -> None:
        self._report = report
        self._batch_id = batch_id
        self._submissions = b.submissions
        self._settlements = b.settlements
        self._manifest = manifests[0] if manifests else None
        self._versions = len(manifests)
        self._answers = answers
        self._fetch = fetch

    def concerns(self, results: Sequence[Json | None]) -> bool:
        """Whether the manifest asks for this policy, or a results file says that it followed it."""
        asked = self._manifest is not None and self._manifest["review"]["policy"] == inference.NAME
        return asked or any(_label_method(found) is not None for found in results if found)

    def check(self, results: Sequence[Json | None], known: Mapping[str, Any] | None) -> None:
        """Every results file of the batch that could be fetched."""
        for found in results:
            if found is None:
                continue  # noted when it was fetched
            subject = f"settlement {found['settlement_nonce']} of {self._batch_id}"
            method = _label_method(found)
            asked = inference.NAME if self._manifest is None else self._manifest["review"]["policy"]
            names = (asked, asked if method else found["method"]["name"])
            if not self._report.equal("method_of_manifest", subject, *names) or method is None:
                continue
            why = self._obstacle(known)
            if why is None:
                why = self._recompute(subject, found, method, known or {})
            if why is not None:
                self._report.skip("labels_recomputed", subject, why)

    def _obstacle(self, known: Mapping[str, Any] | None) -> str | None:
        if self._manifest is None:
            return "the manifest could not be had"
        return "the known answers are sealed, or could not be had" if known is None else None

    def _recompute(self, subject: str, found: Json, method: Json, known: Mapping[str, Any]) -> str | None:
        """Compares; returns why it could not."""
        said = method["parameters"].get("submissions", {})
        if not isinstance(said, dict):
            said = {}
        chain = self._up_to(said.get("last"))
        if not self._report.holds(
            "answers_of_labels", subject, bool(chain), f"submission {said.get('last')} is not in the logs"
        ):
            return None
        seen = [item for item in chain if item.work_digest in self._answers]
        digests = [item.work_digest for item in seen]
        together = "0x" + hashlib.sha256(b"".join(bytes.fromhex(digest[2:]) for digest in digests)).hexdigest()
        if (len(digests), together) != (said.get("count"), said.get("sha256")):
            hidden = [item.work_digest for item in chain if item.work_digest not in self._answers]
            if hidden:
                return f"{len(hidden)} answer files are not published, {hidden[0]} first"
            self._report.equal("answers_of_labels", subject, (len(digests), together), said)
            return None
        assert self._manifest is not None  # noqa: S101 - an obstacle otherwise
        answers = [
            Answer(item["task"], submission.worker, item["answer"])
            for submission in seen
            for item in self._answers[submission.work_digest]["answers"]
        ]
        rules = inference.rules_of(self._batch_id, self._manifest["review"], self._manifest["answer_schema"])
        asked = Asked(tuple(task["id"] for task in self._manifest["tasks"]), self._manifest["answers_per_task"])
        revealed, stops = found["gold"] is not None, _findings(method).get("stops")
        ranking = _findings(method).get("ranking")
        # Whoever reveals the known answers, or ranks what was compared, says that nothing more is asked.
        final = stops is not None or revealed or ranking is not None
        pairs = pairs_of(self._manifest["task_type"], ((t["id"], t["content"]) for t in self._manifest["tasks"]))
        if not final:
            unsaid = [name for name, is_due in _OF_LAST.items() if is_due(rules, pairs)]
            which = self._finality(found, answers, chain[-1], asked)
            final = which == "last"
            if which == "maybe" and unsaid:
                self._report.skip("last_file_complete", subject, why_unsaid(unsaid))
        model, obstacle = self._model(subject, method)
        if obstacle is not None:
            return obstacle
        expected = inference.decide(
            answers, digests, known, rules, revealed=revealed, asked=asked, final=final, model=model, pairs=pairs
        )
        self._compare(subject, found, method, expected, final=final)
        if rules.policy is not None and final:
            self._compare_stops(subject, found["settlement_nonce"], stops, expected)
        return None

    def _finality(self, found: Json, answers: Sequence[Answer], newest: Submission, asked: Asked) -> Finality:
        """Whether a file that does not say so is the batch's last one."""
        nonce = found["settlement_nonce"]
        settled = next((item for item in self._settlements if item.nonce == nonce), None)
        assert self._manifest is not None  # noqa: S101 - an obstacle otherwise
        if settled is None:
            return "not"  # a difference that is named elsewhere
        which = finality(answers, newest, settled, asked, self._versions)
        if which == "last" and self._manifest["gold"] is not None:
            which = "maybe"  # a gateway whose known answers were changed reveals nothing and has no last word
        return "not" if which == "maybe" and any(item.nonce > nonce for item in self._settlements) else which

    def _model(self, subject: str, method: Json) -> tuple[ModelSaid | None, str | None]:
        """The model's answers that a file names, or why they could not be had; neither if it names none."""
        said = method["parameters"].get("model_answers")
        if said is None:
            return None, None
        digest = said.get("digest") if isinstance(said, dict) else None
        if not isinstance(digest, str) or re.fullmatch(r"0x[0-9a-f]{64}", digest) is None:
            self._report.equal("model_answers_named", subject, "a digest", digest)
            return None, "the model's answers are not named"
        document = self._fetch(digest, "model-answers")
        if document is None:
            return None, f"the model's answers {digest} could not be had"
        self._report.equal("model_answers_batch", subject, self._batch_id, document["batch_id"])
        return model_said(digest, document), None

    def _compare_stops(self, subject: str, nonce: int, said: Any, expected: inference.Inferred) -> None:
        """How the tasks stopped is as computed; and no task stopped early while its requester still paid for more."""
        stops: dict[str, int] = expected.method["parameters"]["found"]["stops"]
        if not self._report.equal("stops_recomputed", subject, stops, said):
            return
        if any(settlement.was_over for settlement in self._settlements if settlement.nonce == nonce):
            return  # the requester, or time, ended the batch: that needs no confidence
        short = stops["short"]
        found = f"{short} tasks were given up below the target and below their cap, in a batch that was open"
        self._report.holds("stops_justified", subject, short == 0, found)

    def _up_to(self, last: str | None) -> list[Submission]:
        """Submissions in the chain's order, to the last one that the file counts; none if it is not there."""
        places = [place for place, item in enumerate(self._submissions) if item.work_digest == last]
        return list(self._submissions[: places[-1] + 1]) if places else []

    def _compare(self, subject: str, found: Json, method: Json, expected: inference.Inferred, *, final: bool) -> None:
        report = self._report
        for name, value, said in _pairs(_without_findings(expected.method), _without_findings(method)):
            report.equal("parameters_recomputed", f"{name} of {subject}", json.dumps(value), json.dumps(said))
        for item in found["labels"]:
            label, confidence = expected.labels.get(item["task"], (None, None))
            where = f"{item['task']} in {subject}"
            said = label if _near(label, item["label"], expected.tolerance) else item["label"]
            report.equal("labels_recomputed", where, json.dumps(label), json.dumps(said))
            close = _close(confidence, item["confidence"])
            report.equal("confidences_recomputed", where, confidence, confidence if close else item["confidence"])
        if final:
            listed = {item["task"] for item in found["labels"]}
            left_out = sorted(set(expected.labels) - listed)
            report.holds("labels_recomputed", f"all tasks in {subject}", not left_out, f"{left_out[:3]} have no label")
        if found["gold"] is not None:
            self._compare_flags(subject, _findings(method).get("flagged_gold"), expected)
        self._compare_skills(subject, _findings(method).get("skills"), expected)
        self._compare_ranking(subject, _findings(method).get("ranking"), expected)
        model = expected.method["parameters"]["found"].get("model")
        for name, value, said in _pairs(model, _findings(method).get("model")):
            close = _close(value, said)
            report.equal("model_trust_recomputed", f"{name} of {subject}", value, value if close else said)
        if found["method"]["name"] != inference.NAME:
            return  # people decided, the labels alone are computed
        for item in found["decisions"]:
            decision = expected.decisions.get((item["task"], item["worker"]), ("no answer", ""))
            where = f"{item['task']} by {item['worker']} in {subject}"
            report.equal("decisions_recomputed", where, decision, (item["decision"], item["reason"]))

    def _compare_flags(self, subject: str, found: Any, expected: inference.Inferred) -> None:
        """Known answers that the crowd contradicts: each is named with what speaks against it, and no other."""
        said = found if isinstance(found, list) else []
        listed = {item["task"]: item for item in said if isinstance(item, dict) and isinstance(item.get("task"), str)}
        complete = isinstance(found, list) and len(found) == len(listed) == len(expected.flagged)
        want = expected.flagged
        if not self._report.equal("gold_flags_recomputed", subject, want, want if complete else found):
            return
        for item in expected.flagged:
            given = listed.get(item["task"], {})
            same = _same(item, given)
            self._report.equal("gold_flags_recomputed", f"{item['task']} in {subject}", item, item if same else given)

    def _compare_ranking(self, subject: str, found: Any, expected: inference.Inferred) -> None:
        """Every thing with its score, and every worker with its reliability; the order follows from the scores."""
        want = expected.method["parameters"]["found"].get("ranking")
        parts = [_ranked(want), _ranked(found)]
        for name in sorted({*parts[0], *parts[1]}):
            value, said = parts[0].get(name), parts[1].get(name)
            same = isinstance(value, dict) and isinstance(said, dict) and _same(value, said)
            self._report.equal("ranking_recomputed", f"{name} in {subject}", value, value if same else said)

    def _compare_skills(self, subject: str, found: Any, expected: inference.Inferred) -> None:
        listed = found if isinstance(found, list) else []
        said = {item.get("worker"): item for item in listed if isinstance(item, dict)}
        for item in expected.skills:
            worker = item["worker"]
            given = said.pop(worker, {})
            same = _same(item, given)
            self._report.equal("skills_recomputed", f"{worker} in {subject}", item, item if same else given)
        self._report.holds("skills_recomputed", subject, not said, f"{sorted(map(str, said))[:3]} gave no answer")


def _label_method(found: Json) -> Json | None:
    """What a results file says of how its labels were found, if it was by this policy."""
    method: Json = found["method"]
    if method["name"] == inference.NAME:
        return method
    nested = by_people_method(method)
    return nested if nested is not None and nested.get("name") == inference.NAME else None


def _ranked(ranking: Any) -> Json:
    """A ranking's entries by what they are of, and all else that it says."""
    if not isinstance(ranking, dict):
        return {} if ranking is None else {"the ranking": ranking}
    parts: Json = {f"its {name}": value for name, value in ranking.items() if name not in ("things", "reliability")}
    for kind, keys in (("things", ("task", "side")), ("reliability", ("worker",))):
        listed = ranking.get(kind)
        for at, item in enumerate(listed if isinstance(listed, list) else [listed]):
            named = isinstance(item, dict) and all(key in item for key in keys)
            name = " ".join(str(item[key]) for key in keys) if named else f"entry {at} of {kind}"
            # Who is listed twice is a difference.
            parts[name if name not in parts else f"{name} again"] = item
    return parts


def _findings(method: Json) -> Json:
    found = method["parameters"].get("found")
    return found if isinstance(found, dict) else {}


def _without_findings(method: Json) -> Json:
    parameters = {name: value for name, value in method["parameters"].items() if name != "found"}
    return method | {"parameters": parameters}


def _pairs(expected: Any, found: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every leaf of two trees with its name."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}):
            yield from _pairs(expected.get(key), found.get(key), f"{name}.{key}" if name else key)
    else:
        yield name, expected, found


def _same(one: Json, other: Json) -> bool:
    return one.keys() == other.keys() and all(_close(value, other[name]) for name, value in one.items())


def _near(one: Any, other: Any, tolerance: float) -> bool:
    """Two labels that differ in numbers alone, by no more than `tolerance`."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_near(one[name], other[name], tolerance) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_near(*pair, tolerance) for pair in zip(one, other, strict=True))
    numbers = [isinstance(each, (int, float)) and not isinstance(each, bool) for each in (one, other)]
    return abs(one - other) <= tolerance if all(numbers) else json.dumps(one) == json.dumps(other)


def _close(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, (int, float)):
        return abs(one - other) <= CONFIDENCE_TOLERANCE
    return bool(one == other)
