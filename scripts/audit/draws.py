"""Draws of reviewers computed again: who the chain picked, what they said on chain, and what that comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from piecework.domain.draw import CandidateRules, DrawRules, decided, ranked
from scripts.audit.books import BatchBooks, Submission
from scripts.audit.report import Report
from scripts.audit.standing import paid_before

Json = dict[str, Any]
NAME = "drawn"
_SAID = {"accept": "accepted", "reject": "rejected"}


class DrawAuditor:
    """One batch. `batches`: all of the escrow, its review batch among them. `fetch`: a file by its digest and kind."""

    def __init__(
        self,
        report: Report,
        batch_id: str,
        batches: Mapping[str, BatchBooks],
        manifest: Json | None,
        fetch: Callable[[str, str], Json | None],
    ) -> None:
        self._report = report
        self._batch_id = batch_id
        self._batches = batches
        self._manifest = manifest
        self._fetch = fetch
        self._files: dict[str, Json | None] = {}
        self._paid: dict[CandidateRules, Mapping[str, int] | None] = {}

    def check(self, found: Json) -> None:
        """One results file, if it or the manifest says that reviewers were drawn."""
        subject = f"settlement {found['settlement_nonce']} of {self._batch_id}"
        asked = self._manifest["review"]["policy"] if self._manifest else None
        said = found["method"]["name"]
        if NAME not in (asked, said):
            return
        if self._manifest is None:
            self._report.skip("draws_recomputed", subject, "the manifest could not be had")
            return
        if not self._report.equal("method_of_manifest", subject, asked, said):
            return
        parameters, rules = found["method"]["parameters"], DrawRules.of(self._manifest["review"])
        try:
            given = (parameters["reviewers"], parameters["quorum"], parameters["most"])
            self._report.equal("draw_rules", subject, (rules.reviewers, rules.quorum, rules.most), given)
            draws = {(each["task"], each["worker"], each["submission"]): each for each in parameters["draws"]}
            for decision in found["decisions"]:
                self._decision(subject, decision, draws, rules, parameters["review_batch"])
            self._standing(subject, parameters["draws"], parameters["review_batch"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self._report.equal("draws_told", subject, "whole draws", f"{type(error).__name__}: {error}")

    def _decision(
        self, subject: str, decision: Json, draws: Mapping[Any, Json], rules: DrawRules, review_batch: str
    ) -> None:
        where = f"{decision['task']} by {decision['worker']} in {subject}"
        draw = draws.get((decision["task"], decision["worker"], decision["submission"]))
        if not self._report.holds("draw_of_decision", where, draw is not None, "the file tells no draw for it"):
            return
        assert draw is not None  # noqa: S101 - held
        self._ranking(where, draw, rules, review_batch)
        verdicts = [each["verdict"] for each in draw["verdicts"]]
        outcome = decided(verdicts, rules)
        self._report.equal("verdicts_decide", where, _SAID.get(outcome or ""), decision["decision"])
        self._verdicts(where, draw, review_batch)

    def _ranking(self, where: str, draw: Json, rules: DrawRules, review_batch: str) -> None:
        """The drawn are the first of the ranking by the block's hash, without those who were passed over."""
        own = self._batches[self._batch_id]
        submitted = next((s for s in own.submissions if s.work_digest == draw["submission"]), None)
        if submitted is None:
            self._report.holds("draw_seed", where, False, f"no submission {draw['submission']} is on chain")
            return
        if not self._report.equal("draw_seed", where, submitted.block_hash, draw["block_hash"]):
            return
        told = draw.get("weights")  # files of version 1 tell none
        weights = {name: int(told[name]) if told else 1 for name in draw["candidates"]}
        self._enrolment(where, draw, review_batch, submitted.claims_before)
        order = ranked(draw["block_hash"], draw["submission"], draw["task"], weights)
        first = [name for name in order if name not in draw["excluded"]][: len(draw["drawn"])]
        self._report.equal("draws_recomputed", where, first, draw["drawn"])
        never = {draw["worker"], own.key.requester} & set(draw["drawn"])
        self._report.holds("draw_of_others", where, not never, f"{sorted(never)} may judge nothing here")
        count = len(draw["drawn"])
        self._report.holds("draw_at_most", where, count <= rules.most, f"{count} were drawn, {rules.most} may be")

    def _enrolment(self, where: str, draw: Json, review_batch: str, before: int) -> None:
        """The candidates are those of the list that the claim named: it stood before the block that draws. Of several
        claims of the task the last one before the submission counts, so that nobody chooses between their lists."""
        own = self._batches[self._batch_id]
        listed = None
        for claim in own.claims[:before]:
            if claim.worker == draw["worker"]:
                tasks = self._file(claim.tasks_digest, "task-list")
                if tasks is None:
                    listed = None  # it may be the one
                elif draw["task"] in tasks["tasks"]:
                    digest = tasks.get("candidates")
                    listed = self._file(digest, "candidates") if digest is not None else None
        if listed is None:
            self._report.skip("enrolment_committed", where, "the claim names no list of candidates that could be had")
            return
        ok = (listed["candidates"], listed["review_batch_id"]) == (draw["candidates"], review_batch)
        self._report.holds("enrolment_committed", where, ok, "the candidates are not those that the claim committed to")

    def _file(self, digest: str, kind: str) -> Json | None:
        if digest not in self._files:
            self._files[digest] = self._fetch(digest, kind)
        return self._files[digest]

    def _standing(self, subject: str, draws: list[Json], review_batch: str) -> None:
        """Candidates weigh what the logs say that they were paid before, if the review batch's manifest asks for it."""
        review = self._batches.get(review_batch)
        manifest = self._fetch(review.manifests[0], "manifest") if review else None
        if manifest is None:
            self._report.skip("standing_recomputed", subject, "the review batch's manifest could not be had")
            return
        rules = CandidateRules.of(manifest["review"])
        weighs = rules is not None and rules.kind == "paid"
        paid = self._paid_before(rules) if rules is not None and weighs else {}
        if paid is None:
            self._report.skip("standing_recomputed", subject, "a manifest of a batch that paid could not be had")
            return
        for draw in draws:
            where = f"{draw['task']} by {draw['worker']} in {subject}"
            expected = {name: str(paid.get(name, 0)) for name in draw["candidates"]} if weighs else {}
            self._report.equal("standing_recomputed", where, expected, draw.get("weights", {}))

    def _paid_before(self, rules: CandidateRules) -> Mapping[str, int] | None:
        if rules not in self._paid:
            before = self._batches[self._batch_id].opened_block
            self._paid[rules] = paid_before(self._batches, rules.paid_by, before, self._fetch)
        return self._paid[rules]

    def _verdicts(self, where: str, draw: Json, review_batch: str) -> None:
        """Each verdict is a drawn reviewer's, of this answer, and no earlier one of theirs is left out."""
        review = self._batches.get(review_batch)
        requester = review.key.requester if review else None
        if not self._report.equal(
            "review_batch_of_requester", where, self._batches[self._batch_id].key.requester, requester
        ):
            return
        assert review is not None  # noqa: S101 - equal to a requester
        listed = {(each["reviewer"], each["submission"]): each["verdict"] for each in draw["verdicts"]}
        name = f"{draw['submission']}/{draw['task']}"
        places = {(item.worker, item.work_digest): place for place, item in enumerate(review.submissions)}
        order = [places.get(key, -1) for key in listed]
        ok = -1 not in order and order == sorted(order) and {key[0] for key in listed} <= set(draw["drawn"])
        self._report.holds("verdicts_on_chain", where, ok, "a verdict is not on chain, out of order, or nobody drawn")
        last = max(order, default=-1)
        for item in review.submissions[: last + 1]:
            if item.worker in draw["drawn"]:
                self._review(where, item, name, listed)

    def _review(self, where: str, item: Submission, name: str, listed: Mapping[tuple[str, str], str]) -> None:
        document = self._file(item.work_digest, "answers")
        if document is None:
            return  # noted when it was fetched
        said = [answer["answer"]["verdict"] for answer in document["answers"] if answer["answer"].get("of") == name]
        told = listed.get((item.worker, item.work_digest))
        self._report.equal("verdict_of_review", f"{item.worker} on {where}", said, [] if told is None else [told])
