"""Reports of batches of boxes and of preferences over HTTP, for the requester and for each worker."""

from __future__ import annotations

from tests.backend.house import House
from tests.backend.reports.reading import Page
from tests.backend.reviews.test_measured_batch import boxes_batch, results_of
from tests.backend.reviews.test_preference_batch import POEMS, preference_batch


def page(house: House, who: object, path: str) -> Page:
    headers = {"authorization": f"Bearer {house.token(who)}"}
    found = Page(house.client.get(path, params={"format": "html"}, headers=headers).text)
    assert found.problems() == []
    return found


def test_boxes_are_reported_by_overlap_to_the_requester_and_to_workers(house: House) -> None:
    requester = house.requester()
    batch_id, workers = boxes_batch(house, requester)
    path = f"/v1/batches/{batch_id}/report"
    before = house.get(requester, path)
    assert (before["kind"], before["agreement"]["measure"]) == ("boxes", "overlap")
    assert (before["confusion"], before["labels"], before["accuracy"]["estimate"]) == (None, [], None)
    assert 0.6 < before["agreement"]["likeness"]["value"] < 0.7
    assert before["accuracy"]["known_answers"]["value"] == 1.0
    assert "Confusion" not in page(house, requester, path).words

    results_of(house, batch_id)

    def own(at: int) -> dict[str, object]:
        found = house.get(workers[at], "/v1/workers/me/report")["batches"]
        return next(row for row in found if row["batch_id"] == batch_id)

    good, bad = house.until(lambda: own(0), lambda row: row["agreement"]), own(2)
    assert (good["agreement"]["measure"], good["agreement"]["count"]) == ("f1", 5)
    assert good["agreement"]["value"] > 0.8
    assert bad["agreement"]["value"] < 0.3
    assert good["skill"] is None, "boxes are hardly ever equal: a share of right ones would be zero"
    assert (good["known_answers"]["value"], bad["known_answers"]["value"]) == (1.0, 0.0)
    assert "boxes on what the others see (F1)" in page(house, workers[0], "/v1/workers/me/report").words
    after = {row["worker"]: row for row in house.get(requester, path)["people"]}
    assert (after[workers[0].address]["accepted"], after[workers[2].address]["rejected"]) == (5, 5)


def test_preferences_are_reported_as_labels_with_a_ranking_of_what_was_compared(house: House) -> None:
    requester, batch_id, _ = preference_batch(house)
    path = f"/v1/batches/{batch_id}/report"
    found = house.get(requester, path)
    assert found["kind"] == "labels"
    assert [row["thing"] for row in found["ranking"]] == list(POEMS)
    assert [row["compared"] for row in found["ranking"]] == [6, 6, 6]
    words = page(house, requester, path).words
    assert "Ranking" in words
    assert words.index(POEMS[0]) < words.index(POEMS[2])
