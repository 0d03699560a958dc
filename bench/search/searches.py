"""What is searched for: words, phrases, beginnings, exclusions, every filter, and deep pages."""

from __future__ import annotations

import random
from typing import Any

from backend.paging import encode_cursor
from bench.search.market import COUNTRIES, LANGUAGES, SKILLS, TYPES, Market

KINDS = ("newest", "word", "rare word", "two words", "phrase", "beginning", "without", "filters", "word and filters",
         "skill", "requester", "record", "ended", "deep page")  # fmt: skip


def searches(market: Market, count: int = 2_800, seed: int = 11) -> list[tuple[str, dict[str, Any]]]:
    """`(kind, query parameters)`, equally many of each kind."""
    rng = random.Random(seed)  # noqa: S311
    return [(kind := KINDS[number % len(KINDS)], _one(kind, market, rng)) for number in range(count)]


def _one(kind: str, market: Market, rng: random.Random) -> dict[str, Any]:
    word = market.drawn(rng, 1)[0]
    filters = {
        "language": rng.choice(LANGUAGES),
        "country": rng.choice(COUNTRIES),
        "min_reward_units": int(10 ** rng.uniform(4, 6)),
        "min_pay_units_per_hour": int(10 ** rng.uniform(5.5, 7.5)),
    }
    some = dict(rng.sample(sorted(filters.items()), rng.randint(1, 3)))
    made: dict[str, dict[str, Any]] = {
        "newest": {},
        "word": {"q": word},
        "rare word": {"q": rng.choice(market.vocabulary[-20_000:])},
        "two words": {"q": " ".join(market.drawn(rng, 2))},
        "phrase": {"q": f'"{" ".join(market.drawn(rng, 2))}"'},
        "beginning": {"q": rng.choice(market.vocabulary)[: rng.randint(3, 6)] + "*"},
        "without": {"q": f"{word} -{market.drawn(rng, 1)[0]}"},
        "filters": some,
        "word and filters": {"q": word, **some},
        "skill": {"skill": rng.choice(SKILLS), "task_type": rng.choice(TYPES)},
        "requester": {"requester": market.requester(rng.randrange(market.requesters)), "status": "all"},
        "record": {"min_requester_paid": rng.randint(1, 3_900), "min_requester_approval_percent": rng.randint(60, 99)},
        "ended": {"q": word, "status": "ended"},
        "deep page": {
            "q": word,
            "cursor": encode_cursor((rng.randint(100 + market.batches // 8, 100 + market.batches // 4), 0)),
        },
    }
    return made[kind]
