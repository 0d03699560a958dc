"""Batches as anybody reads them: lists, pages, search, what the chain names, and what it names wrongly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.backend.house import House, verdict
from tests.backend.relay.market import digest_of


@pytest.fixture(scope="module")
def shelf(house: House) -> list[str]:
    """Five funded batches of one requester, oldest first."""
    requester = house.requester()
    titles = ["Bees and birds", "BEES only", "50% of birds_x", "Ünïcödé söngs", "Last"]
    rewards = ["10", "20", "30", "40", "50"]
    return [
        house.funded(requester, 1, title=title, reward_units=reward, task_type="choice" if i % 2 else "text")
        for i, (title, reward) in enumerate(zip(titles, rewards, strict=True))
    ]


def ids(house: House, **query: Any) -> list[str]:
    return [item["batch_id"] for item in house.get(None, "/v1/batches", **query)["items"]]


def test_the_newest_come_first_and_pages_give_each_once(house: House, shelf: list[str]) -> None:
    seen, cursor = [], None
    for _ in range(10):
        page = house.get(None, "/v1/batches", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [item["batch_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert [batch_id for batch_id in seen if batch_id in shelf] == shelf[::-1]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"q": "bees"}, [1, 0]),
        ({"q": "BIRDS bees"}, [0]),
        ({"q": "50%"}, [2]),
        ({"q": "birds_x"}, [2]),
        ({"q": "b_rds"}, []),
        ({"q": "ÜNÏCÖDÉ"}, [3]),
        ({"q": "'; DROP TABLE batches; --"}, []),
        ({"min_reward_units": 40}, [4, 3]),
        ({"min_reward_units": 2**95}, []),
        ({"task_type": "text", "min_reward_units": 25}, [4, 2]),
        ({"status": "ended"}, []),
    ],
    ids=lambda value: f"{value}",
)
def test_a_search_finds_what_it_says_and_no_more(
    house: House, shelf: list[str], query: dict[str, Any], places: list[int]
) -> None:
    found = [batch_id for batch_id in ids(house, limit=100, **query) if batch_id in shelf]

    assert found == [shelf[place] for place in places]


def test_a_closed_batch_is_ended_and_its_money_is_back(house: House) -> None:
    requester = house.requester()
    batch_id = house.funded(requester, 2)
    path = f"/v1/batches/{batch_id}"
    assert batch_id in ids(house, requester=requester.address)

    house.send(requester, house.post(requester, path + "/close/draft")["transaction"])
    found = house.until(lambda: house.get(None, path), lambda view: view["status"] == "ended")

    assert (found["free"], found["refunded"]) == (0, 2)
    assert ids(house, requester=requester.address) == []
    assert ids(house, requester=requester.address, status="ended") == [batch_id]
    worker = house.wallet()
    house.refused(worker, "/v1/work/assignments", {"batch_id": batch_id}, 409, "batch_not_open")


@pytest.mark.parametrize("path", ["", "/manifest", "/results", "/close/draft", "/refund/draft"])
def test_an_unknown_batch_is_named(house: House, path: str) -> None:
    nowhere = f"/v1/batches/0x{'ab' * 32}{path}"
    method = "POST" if path.endswith("draft") else "GET"
    status, code = (409, "results_not_ready") if path == "/results" else (404, "batch_unknown")

    house.refused(None, nowhere, None, status, code, method=method)


def test_a_batch_that_names_a_manifest_which_is_none_is_shown_and_its_manifest_refused(house: House) -> None:
    """Whoever funds by hand can name anything: nothing, or bytes that are no document."""
    market, uploader = house.gateway.market, house.wallet()
    headers = {"authorization": f"Bearer {house.token(uploader)}"}
    stored = house.client.post("/v1/payloads", content=b"\x89PNG no manifest", headers=headers).json()
    from piecework.domain.cid import digest_of_cid

    for digest, status, code in (
        (digest_of(99), 404, "payload_missing"),
        (digest_of_cid(stored["cid"]), 409, "document_unreadable"),
    ):
        batch_id = market.batch_id(market.open_batch(1, manifest=digest))
        path = f"/v1/batches/{batch_id}"
        house.until(lambda path=path: house.client.get(path).status_code, lambda status: status == 200)
        view = house.get(None, path)
        assert (view["title"], view["progress"]["tasks"]) == (None, None)
        house.refused(None, path + "/manifest", None, status, code, method="GET")
        house.refused(house.wallet(), "/v1/work/assignments", {"batch_id": batch_id}, 409, "other_assigner")


def test_results_of_a_settlement_made_elsewhere_that_names_no_file_are_refused_by_name(house: House) -> None:
    market, worker = house.gateway.market, house.wallet()
    from piecework.domain.messages import Verdict

    key = market.open_batch(1)
    batch_id = market.batch_id(key)
    market.relayed_by_hand(key, market.claim_and_submit(key, worker, 1))
    settlement = market.settlement(key, 1, [Verdict(worker.address, 0, 1, 0)])
    market.stack.send(market.stack.accounts["stranger"], market.stack.escrow.settle(key, **settlement))
    path = f"/v1/batches/{batch_id}"
    house.until(lambda: house.client.get(path).status_code, lambda status: status == 200)
    house.until(lambda: house.get(None, path)["settlements"], bool)

    house.refused(None, path + "/results", None, 404, "payload_missing", method="GET")


def test_events_page_in_the_order_of_the_chain(house: House) -> None:
    worker = house.wallet()
    batch_id = house.funded(tasks=1)
    house.submitted(worker, batch_id)
    house.settled(house.proposed(batch_id, [verdict(worker, "t0")]))
    path, seen, cursor = f"/v1/batches/{batch_id}/events", [], None
    while True:
        page = house.get(None, path, limit=1, **({"cursor": cursor} if cursor else {}))
        seen += [(item["block_number"], item["log_index"]) for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert len(seen) >= 5
    assert seen == sorted(set(seen))


def test_a_live_stream_tells_what_the_list_of_events_tells(house: House, shelf: list[str]) -> None:
    listed = house.get(None, f"/v1/batches/{shelf[0]}/events")["items"]
    text = house.client.get(f"/v1/live/batches/{shelf[0]}", headers={"last-event-id": "0-0-"}).text
    messages = [
        dict(line.split(": ", 1) for line in part.splitlines()) for part in text.split("\n\n") if "event:" in part
    ]

    assert [message["event"] for message in messages] == ["hello", *["chain"] * len(listed)]
    told = [json.loads(message["data"]) for message in messages[1:]]
    assert [(one["name"], one["args"]) for one in told] == [(one["name"], one["args"]) for one in listed]
    assert listed
