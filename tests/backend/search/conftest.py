"""A catalog on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.backend.search.shelf import Shelf


@pytest.fixture
def shelf(engine: Engine) -> Shelf:
    return Shelf(engine)
