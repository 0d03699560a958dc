"""The thread that proposes remembers what is in the way, as long as it is in the way."""

from __future__ import annotations

from typing import Any

import pytest

from backend.errors import Conflict
from backend.reviews import repository
from backend.reviews.proposer import Proposer
from tests.backend.house import House


def test_obstacles_of_batches_that_wait_no_more_are_forgotten(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a gateway would hold one for each batch that silence paid."""
    proposer, batch_id = Proposer(house.services), house.funded(tasks=1)
    house.submitted(house.wallet(), batch_id)

    def refuse(*_: Any, **__: Any) -> bool:
        raise Conflict("in_the_way", "something is in the way")

    monkeypatch.setattr(proposer, "_turn", lambda *_: (True, True))
    monkeypatch.setattr(proposer, "_propose", refuse)
    proposer.run_once()
    proposer.run_once()
    assert proposer._obstacles[batch_id] == "in_the_way"

    monkeypatch.setattr(repository, "candidates", lambda _: [])
    proposer.run_once()
    assert proposer._obstacles == {}
