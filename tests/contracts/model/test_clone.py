"""A clone of the model is its deep copy: equal at first, and nothing done to one is seen in the other."""

from __future__ import annotations

import copy
from dataclasses import fields, is_dataclass
from typing import Any

from tests.contracts.model.escrow_model import Batch, Model, Rules

DAY = 86_400
RULES = Rules(1000, 50, 900, claim_by=9 * DAY, lease=DAY, review=DAY, dispute=DAY, ruling=DAY, max_claim=5)


def lived() -> Model:
    """A model in which each kind of record is there: a worker's tally, an open dispute, a lock, a bond."""
    model = Model()
    for account in ("requester", "sponsor"):
        model.deposit(account, 50_000)
    batch = Batch(RULES, "requester", "operator", "arbitrator", 10)
    model.open("b", batch)
    model.claim(batch, "worker", 3)
    model.submit(batch, "worker", 2)
    model.verdict(batch, "worker", 0, 0, 1)
    model.contest(batch, "worker", 1, "sponsor")
    return model


def changeable(value: Any) -> dict[int, Any]:
    """Every object within `value` that can change, by identity."""
    if isinstance(value, Rules):
        return {}
    if is_dataclass(value):
        inner = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, dict):
        inner = list(value.values())
    else:
        return {}
    found = {id(value): value}
    for one in inner:
        found |= changeable(one)
    return found


def test_a_clone_is_what_a_deep_copy_is() -> None:
    model = lived()
    assert model.clone() == copy.deepcopy(model) == model
    assert type(model.clone().accounts) is type(copy.deepcopy(model).accounts)
    assert model.clone().accounts["new"] == copy.deepcopy(model).accounts["new"]


def test_a_clone_shares_nothing_that_can_change() -> None:
    model = lived()
    assert len(changeable(model)) >= 8, "the model that is cloned here holds too little"
    assert not set(changeable(model)) & set(changeable(model.clone()))
