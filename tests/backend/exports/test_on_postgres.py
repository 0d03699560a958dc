"""Tasks in, results out and receipts on PostgreSQL, where cursors and JSON are of another kind."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.backend.house import REWARD_UNITS, open_house, verdict


def test_files_come_and_go_on_postgresql_as_on_sqlite(
    stack: Any, tmp_path: Path, new_database: Callable[[str], str]
) -> None:
    with open_house(stack, tmp_path, database_url=new_database("postgres")) as house:
        requester, worker = house.requester(), house.wallet()
        headers = {"authorization": f"Bearer {house.token(requester)}"}
        for number in range(2):
            tasks = [{"id": f"t{number}", "content": {"text": f"=text {number}"}}]
            path = f"/v1/task-uploads/an-upload-in-parts/parts/{number}"
            for _ in range(2):
                assert house.client.put(path, json={"tasks": tasks}, headers=headers).status_code == 200
        words = house.draft_body(1)
        draft = house.post(
            requester,
            "/v1/batches",
            {name: value for name, value in words.items() if name != "tasks"} | {"tasks_upload": "an-upload-in-parts"},
            201,
        )
        batch_id = draft["batch_id"]
        body = {"permit": house.permit(requester, draft)}
        house.send(requester, house.post(requester, f"/v1/batches/{batch_id}/transaction", body)["transaction"])
        house.until(lambda: house.client.get(f"/v1/batches/{batch_id}").status_code, lambda status: status == 200)
        house.submitted(worker, batch_id, count=2)
        house.settled(house.proposed(batch_id, [verdict(worker, "t0"), verdict(worker, "t1", "rejected", "careless")]))

        found = {
            form: house.client.get(f"/v1/batches/{batch_id}/export", params={"format": form}).text for form in FORMS
        }
        lines = [json.loads(line) for line in found["jsonl"].splitlines()]
        assert [(item["task"], item["answers"][0]["decision"]) for item in lines] == [
            ("t0", "accepted"),
            ("t1", "rejected"),
        ]
        assert [row["content.text"] for row in rows(found["csv"])] == ["'=text 0", "'=text 1"]
        assert [row["reason"] for row in rows(found["answers-csv"])][1] == "careless"
        assert [task["data"]["piecework_task"] for task in json.loads(found["label-studio"])] == ["t0", "t1"]
        paid = rows(house.client.get(f"/v1/accounts/{worker.address}/receipts.csv").text)
        assert [(row["what"], row["amount_units"]) for row in paid] == [("work paid", str(REWARD_UNITS))]
        own = rows(house.client.get(f"/v1/accounts/{requester.address}/receipts.csv").text)
        assert own[-1]["balance_units"] == house.get(None, f"/v1/accounts/{requester.address}")["owed_units"]


FORMS = ("jsonl", "csv", "answers-csv", "label-studio")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))
