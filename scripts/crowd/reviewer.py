"""A reviewer: a process of its own with one key. It checks what it is asked to sign, and signs.

Run as `python -m scripts.crowd.reviewer GATEWAY_URL` with the key in PIECEWORK_REVIEWER_KEY; ends on SIGTERM.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections import Counter

from scripts.crowd.api import Api, ApiError, Json
from scripts.crowd.wallet import Wallet

_POLL_SECONDS = 0.3


class Refused(Exception):
    """A proposal that this reviewer will not sign, and why."""


def check_proposal(api: Api, proposal: Json) -> int:
    """Fetches the results file and compares it with what is to be signed; returns how many decisions it holds.

    Raises Refused if a count, a digest or a reason does not fit.
    """
    message = proposal["typed_data"]["message"]
    results = fetch_document(api, proposal["results_cid"])
    if message["resultsDigest"] != proposal["results_digest"] or results["batch_id"] != message["batchId"]:
        raise Refused("the message names another results file or batch")
    if results["settlement_nonce"] != message["nonce"]:
        raise Refused("the results file is of another settlement")
    decided = Counter((item["worker"], item["decision"]) for item in results["decisions"])
    for verdict in message["verdicts"]:
        worker = verdict["worker"]
        expected = (decided.pop((worker, "accepted"), 0), decided.pop((worker, "rejected"), 0))
        if expected != (verdict["accepted"], verdict["rejected"]):
            raise Refused(f"the results file decides {expected} of {worker}, the message says otherwise")
    if decided:
        raise Refused("the results file decides answers of workers whom the message leaves out")
    _check_decisions(api, results)
    return len(results["decisions"])


def _check_decisions(api: Api, results: Json) -> None:
    """Each decision's answer must stand in the file it names, and a rejected one must differ from its label."""
    labels = {item["task"]: item["label"] for item in results["labels"]}
    answers: dict[str, dict[str, object]] = {}
    for decision in results["decisions"]:
        digest = decision["submission"]
        if digest not in answers:
            document = json.loads(by_digest(api, digest))
            if document["worker"] != decision["worker"] or document["batch_id"] != results["batch_id"]:
                raise Refused(f"answer file {digest} is of another worker or batch")
            answers[digest] = {item["task"]: item["answer"] for item in document["answers"]}
        if decision["task"] not in answers[digest]:
            raise Refused(f"answer file {digest} has no answer to {decision['task']}")
        if decision["decision"] == "rejected" and answers[digest][decision["task"]] == labels[decision["task"]]:
            raise Refused(f"an answer that agrees with the label of {decision['task']} is rejected")


def fetch_document(api: Api, cid: str) -> Json:
    """A document, whole or in parts."""
    document: Json = json.loads(api.payload(cid))
    if document["format"] == "piecework/index/1":
        document = json.loads(b"".join(api.payload(part) for part in document["parts"]))
    return document


def by_digest(api: Api, digest: str) -> bytes:
    """A file of one block by its digest on chain, hashed again."""
    import base64

    raw = bytes([1, 0x55, 0x12, 0x20]) + bytes.fromhex(digest[2:])
    data = api.payload("b" + base64.b32encode(raw).decode().lower().rstrip("="))
    if hashlib.sha256(data).hexdigest() != digest[2:]:
        raise Refused(f"the gateway gave other bytes for {digest}")
    return data


def review_once(api: Api) -> int:
    """Signs every proposal in the queue that holds; returns how many."""
    assert api.wallet is not None  # noqa: S101 - reviewers have wallets
    count = 0
    for item in api.get("/v1/reviews/queue")["items"]:
        for summary in item["proposals"]:
            if summary["status"] != "open" or api.wallet.address in summary["signatures"]:
                continue
            proposal = api.get(f"/v1/reviews/proposals/{summary['proposal_id']}")
            decisions = check_proposal(api, proposal)
            signature = api.wallet.sign_typed(proposal["typed_data"])
            try:
                api.post(f"/v1/reviews/proposals/{summary['proposal_id']}/signatures", {"signature": signature})
            except ApiError as error:
                if error.status == 409:  # the others were quicker
                    continue
                raise
            print(f"signed settlement {proposal['nonce']}: {decisions} decisions", flush=True)  # noqa: T201
            count += 1
    return count


def main() -> int:
    """Reviews until told to stop."""
    api = Api(sys.argv[1], Wallet(os.environ["PIECEWORK_REVIEWER_KEY"]))
    api.sign_in(api.get("/v1/chain"))
    while True:
        try:
            review_once(api)
        except Refused as refusal:
            print(f"refused to sign: {refusal}", flush=True)  # noqa: T201
            return 1
        except ApiError as error:
            if error.status < 500:
                raise
            print(f"the gateway is away: {error}", flush=True)  # noqa: T201
        time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
