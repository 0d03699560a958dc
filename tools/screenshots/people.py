"""Who did what before the pictures are taken: real wallets on a running stack, each with money, work and words."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.crowd.api import Api, Json
from scripts.crowd.requester import fund, fund_draft, get_tokens
from scripts.crowd.wallet import Node, Wallet
from scripts.crowd.worker import work_listed
from tests.e2e.running import until

_BUDGET_UNITS = 400_000_000
_LETTERS = (
    ("Could you send the invoice for March again?", "a question"),
    ("The lamp arrived with a cracked shade.", "a complaint"),
    ("Your shop assistant was kind and quick. Thank you!", "praise"),
    ("Do you ship to the islands in winter?", "a question"),
    ("I have waited three weeks for a reply.", "a complaint"),
    ("The new catalogue is a joy to read.", "praise"),
    ("May I bring the chair back without its box?", "a question"),
    ("Twice now the parcel went to my neighbour.", "a complaint"),
    ("Best repair service that I know of.", "praise"),
)
_LETTER_KINDS = ["a question", "a complaint", "praise"]
_HARD = {"letter-2": "praise", "letter-8": "a question"}
"""What one worker gets wrong."""
_PLACES = (
    ("Great view, but we waited an hour for soup.", "mixed"),
    ("We came for the cake and stayed for the music.", "happy"),
    ("The room smelled of paint and nobody came to help.", "unhappy"),
)


@dataclass
class Person:
    """A wallet that is signed in."""

    key: str
    api: Api

    @property
    def address(self) -> str:
        assert self.api.wallet is not None  # noqa: S101
        return self.api.wallet.address


@dataclass(frozen=True)
class Stage:
    """What the pictures need to know of it."""

    requester: Person
    worker: Person
    judge: Person
    """Was drawn for answers of a batch whose reviewers are drawn, and holds them."""
    done: str
    """A batch that is decided: paid but for three rejections."""
    waiting: str
    """A batch whose answers wait for its requester."""
    drawn: str
    review_batch: str
    pool: str
    revision: str
    """A better answer that the worker was asked for."""


class People:
    """Makes them, and lets them act."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._facts = facts
        self._node = Node(facts["rpc_url"])
        self._all: list[Person] = []
        self._requester = self._person()
        get_tokens(self._requester.api, _BUDGET_UNITS, native=True)
        self._workers = [self._person() for _ in range(4)]

    def close(self) -> None:
        self._node.close()
        for person in self._all:
            person.api.close()

    def _person(self) -> Person:
        key = f"0x{secrets.token_hex(32)}"
        person = Person(key, Api(self._facts["gateway_url"], Wallet(key)))
        person.api.sign_in(person.api.get("/v1/chain"))
        self._all.append(person)
        return person

    def fund(self, batch: Json) -> str:
        """The batch's id."""
        draft, _ = fund(self._requester.api, self._node, batch)
        return str(draft["batch_id"])

    def upload(self, data: bytes) -> str:
        return self._requester.api.upload(data)

    def stage(self) -> Stage:
        """Everything, in the order in which it would happen."""
        done = self._decided()
        waiting, revision = self._waiting()
        drawn, review_batch = self._drawn()
        return Stage(
            self._requester, self._workers[0], self._workers[1], done, waiting, drawn, review_batch,
            self._pool(), revision,
        )  # fmt: skip

    def _decided(self) -> str:
        fee = int(self._requester.api.get("/v1/chain")["arbitration"]["fee_units"])
        answers = {f"letter-{place}": kind for place, (_, kind) in enumerate(_LETTERS, 1)}
        batch_id = self.fund(
            _choices("What does the letter want?", _LETTER_KINDS, "letter", _LETTERS)
            | {
                "instructions": "Read the letter to a furniture shop and say what it mainly is. Where a letter "
                "thanks and asks, choose what it asks. Irony counts as what it means, not as what it says.",
                "answers_per_task": 3,
                "reward_units": "80000",
                "estimated_seconds_per_task": 20,
                "reserve_units": str(4 * fee),
            }
        )
        for place, person in enumerate(self._workers):
            mine = [task for at, task in enumerate(answers) if at % 4 != place]
            wrong = _HARD if place in (0, 3) else {}
            self._works(person, batch_id, mine, lambda task, wrong=wrong: wrong.get(task, answers[task]))  # type: ignore[misc]
        self._decide(batch_id, answers)
        self._talk(batch_id)
        return batch_id

    def _works(self, person: Person, batch_id: str, tasks: list[str], answer: Callable[[str], Any]) -> None:
        """The chain's clock goes on while a person reads, so that what an hour paid is what it may be."""

        def answered(_: Api, task: Json) -> Any:
            self._node.call("evm_increaseTime", 12 + len(task["content"]["text"]) % 9)
            return answer(task["id"])

        work_listed(person.api, batch_id, tasks, answered, lambda _: None)

    def _decide(self, batch_id: str, answers: dict[str, str]) -> None:
        api, path = self._requester.api, f"/v1/reviews/batches/{batch_id}"
        verdicts = []
        for item in api.items(f"{path}/submissions"):
            for task in item["tasks"]:
                right = task["answer"] == answers[task["task"]]
                reason = "" if right else f"It is wrong: read as a whole, the letter is {answers[task['task']]}."
                decision = "accepted" if right else "rejected"
                verdicts.append(
                    {"task": task["task"], "worker": item["worker"], "decision": decision, "reason": reason}
                )
        proposal = api.post(f"{path}/proposals", {"verdicts": verdicts})
        assert api.wallet is not None  # noqa: S101
        signed = {"signature": api.wallet.sign_typed(proposal["typed_data"])}
        api.wait_for_intent(
            api.post(f"/v1/reviews/proposals/{proposal['proposal_id']}/signatures", signed)["intent_id"]
        )
        until(lambda: api.get(f"/v1/batches/{batch_id}")["submitted"] == 0, "the decision is indexed")

    def _talk(self, batch_id: str) -> None:
        requester, worker = self._requester, self._workers[0]
        path = f"/v1/batches/{batch_id}"
        to = {"worker": worker.address}
        worker.api.post(f"{path}/messages", {"text": "Letter 8 asks nothing and praises nothing. Is it a complaint?"})
        requester.api.post(
            f"{path}/messages",
            to | {"text": "Yes: the parcel went wrong twice. I added that case to the instructions."},
        )
        worker.api.post(f"{path}/messages", {"text": "Thank you, that helps.\nWill there be more letters next week?"})
        requester.api.post(f"{path}/messages", to | {"text": "About two hundred. You are on my list for them."})
        requester.api.put(f"{path}/ratings/{worker.address}", {"stars": 5, "text": "Careful, and asks when in doubt."})
        worker.api.put(
            f"{path}/ratings/{requester.address}", {"stars": 4, "text": "Clear instructions, quick replies."}
        )

    def _pool(self) -> str:
        api = self._requester.api
        pool = api.post("/v1/lists", {"name": "Careful letter readers", "kind": "pool"})["list_id"]
        api.post(f"/v1/lists/{pool}/members", {"workers": [person.address for person in self._workers[:3]]})
        block = api.post("/v1/lists", {"name": "Answered without reading", "kind": "block"})["list_id"]
        api.post(f"/v1/lists/{block}/members", {"workers": [self._person().address]})
        return str(pool)

    def _waiting(self) -> tuple[str, str]:
        answers = {f"note-{place}": mood for place, (_, mood) in enumerate(_PLACES, 1)}
        batch_id = self.fund(
            _choices("How does the guest feel?", ["happy", "mixed", "unhappy"], "note", _PLACES)
            | {
                "instructions": "Read what a guest wrote about a café or hotel. Choose mixed if something good and "
                "something bad is named.",
                "answers_per_task": 3,
                "reward_units": "60000",
                "estimated_seconds_per_task": 15,
            }
        )
        for place, person in enumerate(self._workers[:3]):
            moods = {**answers, "note-1": "happy"} if place == 0 else answers
            self._works(person, batch_id, list(answers), lambda task, moods=moods: moods[task])  # type: ignore[misc]
        worker, asked = self._workers[0].address, f"/v1/reviews/batches/{batch_id}/revisions"
        reasons = {
            "note-1": "The guest liked the view but not the waiting. Please read it once more.",
            "note-2": "Is it the cake or the music that decides here?",
        }
        ids = [
            self._requester.api.post(asked, {"task": task, "worker": worker, "reason": reason})["revision_id"]
            for task, reason in reasons.items()
        ]
        self._workers[0].api.post(f"/v1/work/revisions/{ids[1]}/refusal")
        return batch_id, str(ids[0])

    def _drawn(self) -> tuple[str, str]:
        """Reviewers are drawn among those whom the requester paid; one enrols, and takes what it was drawn for."""
        api, judge = self._requester.api, self._workers[1].api
        batch_id = self.fund(
            _choices("Is the notice easy to understand?", ["easy", "hard"], "notice", _NOTICES)
            | {
                "instructions": "Imagine that you read the notice while walking by. Choose easy if you would know "
                "at once what to do.",
                "reward_units": "70000",
                "review": {"policy": "drawn", "draw": {"reviewers": 1, "quorum": 1, "most": 1}},
            }
        )
        drafted = api.post(f"/v1/batches/{batch_id}/review-batch", {"reward_units": "50000", "candidates": "paid"})
        review_batch = str(fund_draft(api, self._node, drafted)[0]["batch_id"])
        judge.put(f"/v1/reviews/batches/{batch_id}/candidacy")
        notices = {f"notice-{place}": answer for place, (_, answer) in enumerate(_NOTICES, 1)}
        self._works(self._workers[2], batch_id, list(notices), notices.__getitem__)
        return batch_id, review_batch


_NOTICES = (
    ("Please ring twice. We are in the garden.", "easy"),
    ("Parking is permitted except where it is not permitted by other notices.", "hard"),
    ("Wet paint until Friday.", "easy"),
)


def _choices(title: str, choices: list[str], name: str, texts: tuple[tuple[str, str], ...]) -> Json:
    """A batch of texts with one right answer each, that its requester looks at."""
    return {
        "title": title,
        "task_type": "choice",
        "options": {"choices": choices},
        "tasks": [{"id": f"{name}-{place}", "content": {"text": text}} for place, (text, _) in enumerate(texts, 1)],
        "answers_per_task": 1,
        "estimated_seconds_per_task": 20,
        "review": {"policy": "requester"},
    }
