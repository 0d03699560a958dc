"""The pinned files that digests on chain name: fetched, hashed, and held against the logs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2

from backend.reviews import policy
from piecework.domain import documents
from piecework.domain.cid import CidMismatch, cid_of_digest
from piecework.domain.documents import DocumentError
from piecework.domain.ids import Cid
from piecework.domain.messages import Domain
from scripts.audit.books import BatchBooks, BonusBooks, Claim, DisputeBooks, Settlement
from scripts.audit.disclosure import Disclosures
from scripts.audit.draws import DrawAuditor
from scripts.audit.enrolments import check_receipts
from scripts.audit.exposure import check_exposure
from scripts.audit.labels import LabelAuditor
from scripts.audit.report import Report
from scripts.audit.revisions import check_revisions

Tick = Callable[[int, int], None]

_THREADS = 8
_ZERO = "0x" + "00" * 32


class PayloadSource:
    """A gateway's public files. Bytes are never believed: `unpack` hashes them."""

    def __init__(self, base_url: str) -> None:
        self._url = base_url.rstrip("/")
        self._http = httpx2.Client(timeout=30.0)

    def close(self) -> None:
        self._http.close()

    def block(self, cid: Cid) -> bytes:
        """Raises httpx2.HTTPError if it cannot be had."""
        answer = self._http.get(f"{self._url}/v1/payloads/{cid}")
        answer.raise_for_status()
        return bytes(answer.content)

    def check_chain(self, chain_id: int, escrow: str, report: Report) -> None:
        """A gateway says which escrow it serves, and must serve this one; a plain file server says nothing."""
        try:
            answer = self._http.get(f"{self._url}/v1/chain")
            if answer.status_code == 404:
                return
            answer.raise_for_status()
            found = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            report.skip("payload_server", self._url, f"it does not answer ({type(error).__name__}: {error})")
            return
        expected = (chain_id, escrow.lower())
        given = (found.get("chain_id"), str(found.get("escrow")).lower())
        report.equal("payload_server_chain", self._url, expected, given)


class FileAuditor:
    """Checks the files of every batch."""

    def __init__(self, source: PayloadSource, report: Report, keys: Sequence[tuple[str, str]] = ()) -> None:
        self._source = source
        self._report = report
        self._disclosures = Disclosures(report, list(keys))

    def check_receipts(
        self, domain: Domain, batches: Mapping[str, BatchBooks], receipts: Sequence[tuple[str, Any]]
    ) -> None:
        """Of enrolments, against the lists that claims committed to."""
        fetch = lambda digest, kind: self._fetch(digest, kind, "a receipt")  # noqa: E731
        check_receipts(self._report, domain, batches, receipts, fetch)

    def check(self, batches: dict[str, BatchBooks], tick: Tick) -> None:
        done, total = 0, sum(2 * len(b.claims) + len(b.settlements) + 1 for b in batches.values())
        for batch_id, b in batches.items():
            manifests = [self._fetch(digest, "manifest", batch_id) for digest in b.manifests]
            with ThreadPoolExecutor(_THREADS) as pool:
                taken = []
                for tasks in pool.map(lambda claim: self._check_claim(batch_id, claim, manifests), b.claims):  # noqa: B023
                    taken.append(tasks)
                    done += 1
                    tick(done, total)
                results = [self._fetch_results(batch_id, settlement) for settlement in b.settlements]
                wanted = {d["submission"] for found in results if found for d in found["decisions"]}
                fetched = pool.map(lambda digest: (digest, self._fetch(digest, "answers", batch_id)), sorted(wanted))  # noqa: B023
                answers = {digest: found for digest, found in fetched if found is not None}
            self._note_missing_digests(batch_id, b)
            self._check_answer_files(batch_id, b, answers)
            for settlement, found in zip(b.settlements, results, strict=True):
                if found is not None:
                    self._check_results(batch_id, settlement, found, answers)
            draws = DrawAuditor(
                self._report, batch_id, batches, manifests[0] if manifests else None,
                lambda digest, kind: self._fetch(digest, kind, batch_id),  # noqa: B023 - called in this round
            )  # fmt: skip
            for found in filter(None, results):
                draws.check(found)
            self._check_decided_once(batch_id, b, results)
            known = self._gold(batch_id, [item for item in results if item], manifests)
            self._recompute(batch_id, b, results, answers, known)
            labels = LabelAuditor(
                self._report, batch_id, b, manifests, answers,
                lambda digest, kind: self._fetch(digest, kind, batch_id),  # noqa: B023 - called in this round
            )  # fmt: skip
            if labels.concerns(results):
                labels.check(results, known)
            self._check_exposure(batch_id, b, manifests, taken, known)
            done += len(b.claims) + len(b.settlements) + 1
            tick(min(done, total), total)
        self._disclosures.finish()

    def check_evidence(self, disputes: Mapping[int, DisputeBooks]) -> None:
        """Evidence is the worker's own affair, but a file that a digest names must be of that dispute."""
        for number, dispute in disputes.items():
            if dispute.evidence_digest == _ZERO:
                continue
            found = self._fetch(dispute.evidence_digest, "evidence", f"dispute {number:#x}")
            if found is not None:
                expected, given = (dispute.batch_id, dispute.worker), (found["batch_id"], found["worker"])
                self._report.equal("evidence_of_dispute", f"dispute {number:#x}", expected, given)

    def check_bonuses(self, bonuses: Sequence[BonusBooks]) -> None:
        """What a bonus is for is the requester's affair, but a file that a digest names must be of that bonus."""
        for bonus in bonuses:
            found = self._fetch(bonus.reason_digest, "bonus", bonus.name) if bonus.reason_digest != _ZERO else None
            if found is not None:
                expected, given = (bonus.batch_id, bonus.worker), (found["batch_id"], found["worker"])
                self._report.equal("reason_of_bonus", bonus.name, expected, given)

    # ---------------------------------------------------------------- fetching

    def _fetch(self, digest: str, kind: str, subject: str) -> dict[str, Any] | None:
        """The document, or None with a finding: wrong bytes differ, missing ones cannot be checked."""
        name = f"{kind} {cid_of_digest(digest)} of {subject}"
        try:
            found = documents.unpack(digest, kind, self._source.block)
        except (CidMismatch, DocumentError) as error:
            self._report.equal(f"{kind}_file", name, "the bytes that the digest names", str(error))
            return None
        except httpx2.HTTPError as error:
            self._report.skip(f"{kind}_file", name, f"it could not be fetched ({error})")
            return None
        self._report.checked[f"{kind}_file"] += 1
        return found

    def _fetch_results(self, batch_id: str, settlement: Settlement) -> dict[str, Any] | None:
        if settlement.results_digest == _ZERO:
            return None
        return self._fetch(settlement.results_digest, "results", f"settlement {settlement.nonce} of {batch_id}")

    # ---------------------------------------------------------------- checking

    def _check_claim(self, batch_id: str, claim: Claim, manifests: Sequence[dict[str, Any] | None]) -> list[str] | None:
        """The tasks that were claimed, if their list can be had."""
        if claim.tasks_digest == _ZERO:
            return None
        found = self._fetch(claim.tasks_digest, "task-list", f"{claim.worker} in {batch_id}")
        if found is None:
            return None
        subject = f"task list {claim.tasks_digest}"
        expected = (batch_id, claim.worker, claim.version, claim.count)
        given = (found["batch_id"], found["worker"], found["manifest_version"], len(found["tasks"]))
        self._report.equal("task_list_of_claim", subject, expected, given)
        manifest = manifests[claim.version - 1] if claim.version <= len(manifests) else None
        if manifest is not None:
            known = {task["id"] for task in manifest["tasks"]}
            stray = sorted(set(found["tasks"]) - known)
            self._report.holds("task_list_in_manifest", subject, not stray, f"{stray[:3]} are not in the manifest")
        return list(found["tasks"])

    def _note_missing_digests(self, batch_id: str, b: BatchBooks) -> None:
        """The escrow lets claims and acceptances name no file; nobody can see then what they were about."""
        claims = sum(claim.tasks_digest == _ZERO for claim in b.claims)
        if claims:
            self._report.skip("task-list_file", f"{claims} claims of {batch_id}", "they name no task list")
        for settlement in b.settlements:
            if settlement.results_digest == _ZERO:
                subject = f"settlement {settlement.nonce} of {batch_id}"
                self._report.skip("results_file", subject, "it names no results file")

    def _check_answer_files(self, batch_id: str, b: BatchBooks, answers: dict[str, dict[str, Any]]) -> None:
        submitted = {(item.work_digest, item.worker): item.count for item in b.submissions}
        for digest, found in answers.items():
            expected = (batch_id, submitted.get((digest, found["worker"])))
            given = (found["batch_id"], len(found["answers"]))
            self._report.equal("answers_of_submission", f"answer file {digest}", expected, given)

    def _check_results(
        self, batch_id: str, settlement: Settlement, found: dict[str, Any], answers: dict[str, dict[str, Any]]
    ) -> None:
        subject = f"settlement {settlement.nonce} of {batch_id}"
        expected = (batch_id, settlement.nonce)
        self._report.equal("results_of_settlement", subject, expected, (found["batch_id"], found["settlement_nonce"]))
        decided = Counter((item["worker"], item["decision"]) for item in found["decisions"])
        named = {name for name, _ in decided} - settlement.skipped
        for worker in sorted(named | set(settlement.accepted) | set(settlement.rejected)):
            paid = (settlement.accepted.get(worker, 0), settlement.rejected.get(worker, 0))
            said = (decided[(worker, "accepted")], decided[(worker, "rejected")])
            self._report.equal("decisions_of_results", f"{worker} in {subject}", said, paid)
        for item in found["decisions"]:
            document = answers.get(item["submission"])
            if document is None:
                continue  # noted when it was fetched
            tasks = {answer["task"] for answer in document["answers"]}
            ok = document["worker"] == item["worker"] and item["task"] in tasks
            where = f"{item['task']} by {item['worker']} in {subject}"
            self._report.holds("decision_in_submission", where, ok, "the submission named holds no such answer")
        check_revisions(self._report, subject, found, lambda digest: self._fetch(digest, "revision", batch_id))

    def _check_decided_once(self, batch_id: str, b: BatchBooks, results: Sequence[dict[str, Any] | None]) -> None:
        counts = Counter(
            (d["task"], d["worker"])
            for settlement, found in zip(b.settlements, results, strict=True)
            if found
            for d in found["decisions"]
            if d["worker"] not in settlement.skipped
        )
        twice = [key for key, count in counts.items() if count > 1]
        self._report.holds("decided_once", batch_id, not twice, f"{twice[:3]} are decided more than once")

    def _recompute(
        self,
        batch_id: str,
        b: BatchBooks,
        results: Sequence[dict[str, Any] | None],
        answers: dict[str, dict[str, Any]],
        gold: dict[str, Any] | None,
    ) -> None:
        """Labels and decisions of the policy `agreement`, computed anew.

        It needs every answer that the policy saw: where answers came after the first settlement, or known answers
        are sealed, that cannot be told. Decisions by other methods make no claim that could be computed.
        """
        found = [item for item in results if item is not None]
        if not any(r["method"]["name"] == policy.NAME for r in found):
            return
        published = {(document["worker"], digest) for digest, document in answers.items()}
        early = {(s.worker, s.work_digest) for s in b.submissions}
        first = min((s.block_number for s in b.settlements), default=0)
        why = None
        if any(r["method"]["name"] != policy.NAME for r in found):
            why = "some settlements follow another method"
        elif any(s.block_number > first for s in b.submissions):
            why = "answers came after the first settlement"
        elif published != early:
            why = "not every answer file is published"
        elif gold is None:
            why = "the known answers are sealed, or could not be had"
        if why is not None or gold is None:
            self._report.skip("decisions_recomputed", batch_id, str(why))
            return
        threshold = found[-1]["method"]["parameters"].get("reject_gold_below")
        everything = [
            policy.Answer(item["task"], document["worker"], item["answer"])
            for document in answers.values()
            for item in document["answers"]
        ]
        for document in found:
            outcome = policy.decide(everything, gold, threshold, revealed=document["gold"] is not None or not gold)
            for item in document["labels"]:
                expected = json.dumps(outcome.labels[item["task"]][0])
                self._report.equal(
                    "labels_recomputed", f"{item['task']} of {batch_id}", expected, json.dumps(item["label"])
                )
            for item in document["decisions"]:
                decision = outcome.decisions[(item["task"], item["worker"])][0]
                subject = f"{item['task']} by {item['worker']} of {batch_id}"
                self._report.equal("decisions_recomputed", subject, decision, item["decision"])

    def _check_exposure(
        self,
        batch_id: str,
        b: BatchBooks,
        manifests: Sequence[dict[str, Any] | None],
        taken: Sequence[list[str] | None],
        known: dict[str, Any] | None,
    ) -> None:
        """Where the manifest promises how many known answers a worker is given."""
        gold = manifests[0]["gold"] if manifests and manifests[0] else None
        if gold is None or "max_share" not in gold:
            return
        if known is not None:
            check_exposure(self._report, batch_id, b.claims, taken, known, gold["max_share"])
        elif b.settlements:
            self._report.skip("gold_exposure", batch_id, "the known answers are sealed, or could not be had")

    def _gold(
        self, batch_id: str, found: Sequence[dict[str, Any]], manifests: Sequence[dict[str, Any] | None]
    ) -> dict[str, Any] | None:
        """Known answers as revealed, which must be those that the manifest committed to; while they are sealed, those
        that a disclosure key opens, else None."""
        if None in manifests:
            self._disclosures.manifest_missing()
            return None  # it may have committed to some
        commitments = [manifest["gold"] for manifest in manifests if manifest and manifest["gold"]]
        if not commitments:
            return {}
        disclosed = self._disclosures.known(batch_id, commitments[0], self._fetch)
        revealed = [item["gold"]["document_digest"] for item in found if item["gold"]]
        if not revealed:
            return disclosed
        self._report.equal("gold_commitment", batch_id, commitments[0]["root"], revealed[-1])
        document = self._fetch(revealed[-1], "gold", batch_id)
        return document["answers"] if document else None
