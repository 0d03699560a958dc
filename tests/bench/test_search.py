"""The search benchmark measures what is there: its market is found as the catalog would write it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.batches import reading
from backend.batches.schemas import BatchItem, BatchPage
from backend.search import rows, service
from backend.search.catalog import Catalog
from backend.search.entry import entry_of
from backend.search.schemas import Asked
from backend.services import Services
from bench.search import bare, run, serving
from bench.search.filling import facts, fill, seq
from bench.search.load import percentile
from bench.search.market import NOW, Market
from bench.search.searches import KINDS, searches

MARKET = Market(batches=300, requesters=20, words=300)


def test_what_is_filled_in_bulk_is_found_as_what_the_catalog_writes(engine: Engine) -> None:
    fill(engine, MARKET)
    catalog = Catalog(engine)
    with Session(engine) as session:
        assert rows.differing(session, NOW) == []
    in_bulk = found(engine, catalog)
    assert {kind for kind, ids in in_bulk if ids} == set(KINDS), "every kind finds something"

    with Session(engine) as session, session.begin():
        catalog.index.write(session.connection(), {seq(drawn): entry_of(facts(drawn)) for drawn in MARKET.rows()})
    assert found(engine, catalog) == in_bulk


def found(engine: Engine, catalog: Catalog) -> list[tuple[str, list[str]]]:
    """What each search finds, with its kind."""
    pages = []
    with engine.connect() as connection:
        for kind, query in searches(MARKET, count=10 * len(KINDS)):
            filters, terms, before = bare.asked(query)
            page = service.found(connection, catalog, terms, filters, before, bare.LIMIT)
            pages.append((kind, [row.batch_id for row in page]))
    return pages


def test_bare_sql_asks_what_the_search_asks(engine: Engine) -> None:
    fill(engine, MARKET)
    queries = [query for _, query in searches(MARKET, count=len(KINDS))]
    statements = bare.statements(engine, queries)
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        for query, (sql, values) in zip(queries, statements, strict=True):
            filters, terms, before = bare.asked(query)
            searched = service.found(connection, Catalog(engine), terms, filters, before, bare.LIMIT)
            assert [row[0] for row in raw.execute(sql, values).fetchall()] == [row.batch_id for row in searched]


@pytest.fixture
def services(engine: Engine) -> Iterator[Services]:
    """Of a process that serves the drawn market."""
    fill(engine, MARKET)
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    found: Services = serving.app(url).state.services
    yield found
    found.engine.dispose()


def test_a_page_is_what_its_model_would_write(services: Services) -> None:
    shown = 0
    for _, query in searches(MARKET, count=3 * len(KINDS)):
        written = service.page(services, Asked(**query))
        page = BatchPage.model_validate_json(written, strict=True)
        assert written == page.model_dump_json().encode()
        shown += len(page.items)
        if page.items:
            one = reading.view(services, page.items[-1].batch_id)
            # The drawn market has no claims to measure, only the figure that came of them.
            alike = {name: getattr(one, name) for name in BatchItem.model_fields if name != "pay_per_hour_units"}
            assert page.items[-1] == BatchItem(**alike, pay_per_hour_units=page.items[-1].pay_per_hour_units)
    assert shown > len(KINDS)


def test_a_page_that_is_not_what_its_model_would_write_is_seen(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = service.fields
    monkeypatch.setattr(service, "fields", lambda *given: whole(*given) | {"free": "3"})

    with pytest.raises(ValidationError):
        test_a_page_is_what_its_model_would_write(services)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(number) for number in range(1, 201)]
    assert (percentile(values, 50), percentile(values, 99), percentile([7.0], 99)) == (100.0, 198.0, 7.0)


def test_the_served_search_answers_every_search_over_http(engine: Engine) -> None:
    fill(engine, MARKET)
    paths = [run.path(query) for _, query in searches(MARKET, count=len(KINDS))]
    with run.serving(engine) as (port, _):
        found = run.load(port, [*paths, "/trivial"], seconds=0.2, connections=2)
    assert found["failed"] == 0
    assert found["per_second"] > 0
