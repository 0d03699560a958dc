"""A reviewer's receipt shows that a gateway left it out of a list; nobody's word alone does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from backend.draws import enrolment as lists
from backend.draws import repository
from piecework.domain.enrolment import SLACK_SECONDS
from piecework.domain.messages import signable
from scripts.audit.enrolments import read_receipts
from tests.backend.draws.reviewing import enrol, opened
from tests.backend.house import House, open_house
from tests.scripts.audit.auditing import audited, count_of
from tests.scripts.audit.servers import PinnedFiles, file_server
from tests.scripts.audit.test_draws import StoredFiles

CHECK = "enrolment_receipt"


@dataclass
class Market:
    """Two batches with lists of candidates; from the second's the gateway left `loser` out."""

    house: House
    url: str
    honest: dict[str, Any]
    loser: dict[str, Any]

    def report(self, *receipts: Any) -> dict[str, Any]:
        given = [(f"receipt {number}", receipt) for number, receipt in enumerate(receipts)]
        return audited(self.house.stack.rpc_url, self.house.stack.escrow.address, self.url, receipts=given)


def receipt(house: House, who: Any, batch_id: str) -> Any:
    headers = {"authorization": f"Bearer {house.token(who)}"}
    found = house.client.put(f"/v1/reviews/batches/{batch_id}/candidacy", headers=headers).json()
    return found["receipt"]


def later(house: House) -> None:
    house.stack.travel(SLACK_SECONDS + 30)
    end = house.stack.web3.eth.get_block("latest")["timestamp"]
    house.until(house.services.clock.now, lambda now: now >= end)


@pytest.fixture(scope="module")
def market(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    with open_house(stack, tmp_path_factory.mktemp("house"), proposer_poll_seconds=0.1) as house:
        found = []
        for is_left_out in (False, True):
            people = [house.wallet() for _ in range(3)]
            batch_id = opened(house, house.requester())
            enrol(house, batch_id, *people)
            early = receipt(house, people[0], batch_id)
            later(house)
            with pytest.MonkeyPatch.context() as cheating:
                if is_left_out:
                    own = repository.candidates
                    cheating.setattr(lists.repository, "candidates", lambda *given: _but(own(*given), people[0]))  # noqa: B023
                house.submitted(house.wallet(), batch_id)
            later(house)
            found.append({"early": early, "late": receipt(house, people[0], batch_id), "wallet": people[0]})
        files: Any = StoredFiles(house)
        with file_server(PinnedFiles(files)) as url:
            yield Market(house, url, *found)


def _but(rows: Any, who: Any) -> Any:
    return [row for row in rows if row.reviewer != who.address]


def test_a_receipt_is_signed_by_the_batchs_assigner_and_says_since_when(market: Market) -> None:
    early, late = market.honest["early"], market.honest["late"]

    assert late["typed_data"]["message"] | {"signedAt": 0} == early["typed_data"]["message"] | {"signedAt": 0}
    assert late["typed_data"]["message"]["signedAt"] > early["typed_data"]["message"]["signedAt"] + SLACK_SECONDS
    signer = Account.recover_message(signable(late["typed_data"]), signature=late["signature"])
    assert signer == market.house.services.assigner.address


def test_a_list_that_leaves_out_who_has_a_receipt_is_named(market: Market) -> None:
    clean = market.report(market.honest["late"])
    assert (clean["differs"], count_of(clean, CHECK)) == ([], 1)
    assert CHECK not in {item["check"] for item in clean["unchecked"]}

    report = market.report(market.honest["late"], market.loser["late"])

    (named,) = [item for item in report["differs"] if item["check"] == CHECK]
    assert market.loser["wallet"].address in named["subject"]
    assert "left out, though enrolled since" in named["found"]
    assert report["exit_code"] == 1


def test_what_proves_nothing_is_told_as_not_checked_and_accuses_nobody(market: Market) -> None:
    late = market.loser["late"]

    def changed(**message: Any) -> Any:
        found = deepcopy(late)
        found["typed_data"]["message"].update(message)
        return found

    forged = deepcopy(late)
    key = market.loser["wallet"]
    forged["signature"] = "0x" + bytes(key.sign_message(signable(late["typed_data"])).signature).hex()
    elsewhere = deepcopy(late)
    elsewhere["typed_data"]["domain"]["chainId"] = 1
    given = [
        market.loser["early"],
        forged,
        elsewhere,
        changed(enrolledAt=1),
        changed(reviewer=market.house.wallet().address),
        changed(batchId="0x" + "77" * 32),
        changed(reviewer="nobody"),
        changed(batchId="nowhere"),
        changed(signedAt=2**40),
        changed(signedAt=float("inf")),
        changed(enrolledAt=-1),
        late | {"signature": "0x1234"},
        late | {"signature": "0x" + "00" * 65},
        late | {"signature": "0x" + "00" * 64 + "1b"},
        late | {"signature": "0x" + "ff" * 31 + "00" * 33 + "1b"},
        late | {"signature": 7},
        {},
        [],
        "a receipt",
        None,
    ]

    report = market.report(*given)

    assert report["differs"] == []
    told = {item["subject"]: item["why"] for item in report["unchecked"] if item["check"] == CHECK}
    assert list(told) == [f"receipt {number}" for number in range(len(given))]
    assert "no work was handed out between its times" in told["receipt 0"]
    assert "not by the batch's assigner" in told["receipt 1"]
    assert "another escrow or chain" in told["receipt 2"]


def test_who_left_and_came_back_has_no_receipt_over_the_time_between(market: Market) -> None:
    house, who = market.house, market.house.wallet()
    batch_id = opened(house, house.requester())
    enrol(house, batch_id, who)
    before = receipt(house, who, batch_id)["typed_data"]["message"]
    headers = {"authorization": f"Bearer {house.token(who)}"}
    assert house.client.delete(f"/v1/reviews/batches/{batch_id}/candidacy", headers=headers).status_code == 204
    later(house)

    again = receipt(house, who, batch_id)["typed_data"]["message"]

    assert again["enrolledAt"] >= before["signedAt"] + SLACK_SECONDS


def test_receipts_are_read_a_line_each(tmp_path: Path) -> None:
    path = tmp_path / "receipts"
    path.write_text(json.dumps({"signature": "0x"}) + "\n\n" + json.dumps({}) + "\n")
    assert [(place.split()[1], found) for place, found in read_receipts(path)] == [
        ("1", {"signature": "0x"}),
        ("3", {}),
    ]
    assert read_receipts(None) == []
    for text in ("", "no json\n"):
        path.write_text(text)
        with pytest.raises(ValueError, match="receipt"):
            read_receipts(path)
    with pytest.raises(ValueError, match="cannot be read"):
        read_receipts(tmp_path / "nowhere")
