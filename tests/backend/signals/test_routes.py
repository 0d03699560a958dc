"""Who may read signals: reviewers and the requester all of a batch, a worker its own, nobody else anything."""

from __future__ import annotations

from tests.backend.house import House


def test_signals_are_for_the_batchs_people_and_the_worker_reads_its_own(house: House) -> None:
    requester, worker, stranger = house.requester(), house.wallet(), house.wallet()
    batch_id = house.funded(requester, 3)
    house.submitted(worker, batch_id, count=2)
    path = f"/v1/signals/batches/{batch_id}"

    for reader in (requester, house.reviewers()[0]):
        seen = house.get(reader, path)
        assert (seen["answers_looked_at"], seen["workers"], seen["items"]) == (2, 1, [])
        assert "no verdict" in seen["note"]
    for other in (worker, stranger):
        assert house.get(other, path, 403)["code"] == "reviewer_not_in_panel"
    assert house.client.get(path).status_code == 401

    own = house.get(worker, path + "/own")
    assert (own["answers_looked_at"], own["items"]) == (2, [])
    assert "costs you nothing" in own["note"]
    assert "appeal" in own["how_to_contest"]
    assert house.get(stranger, path + "/own")["answers_looked_at"] == 0


def test_a_worker_reads_the_reason_but_not_which_tasks_or_whom_it_rests_on(house: House) -> None:
    """The book is filled by hand: a real crowd large enough would take minutes here."""
    from backend.signals.looking import Found, Looked

    worker = house.wallet()
    batch_id = house.funded(house.requester(), 3)
    house.submitted(worker, batch_id, count=1)
    found = Found(
        worker.address, "copied_answers", 1e-6, "9 are wrong alike.", "Tell us.", ("t1",), ("0x" + "77" * 20,)
    )
    house.services.signals.get(batch_id, 1, lambda: Looked(1, 1, (found,)))
    path = f"/v1/signals/batches/{batch_id}"

    own = house.get(worker, path + "/own")["items"]
    assert own == [{"signal": "copied_answers", "seen": "9 are wrong alike.", "how_to_answer": "Tell us."}]
    everything = house.get(house.reviewers()[1], path)["items"]
    assert [(each["worker"], each["tasks"], each["partners"]) for each in everything] == [
        (worker.address, ["t1"], ["0x" + "77" * 20])
    ]
