"""A drawn market: 200,000 batches of five tasks, their words and facts, the same for the same seed.

Words are drawn as in natural text (a few are everywhere, most are rare), rewards over three powers of ten, and most
requesters have few batches while some have thousands.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

NOW = 1_700_000_000
TASKS_A_BATCH = 5
_BATCHES_A_BLOCK = 4
_SYLLABLES = [consonant + vowel for consonant in "bdklmnrstv" for vowel in "aeiou"]
_COMMON = ["the", "image", "label", "picture", "choose", "text", "find", "write", "read", "name", "price", "word",
           "audio", "product", "item", "street", "check", "short", "describe", "compare", "translate", "sentence",
           "photo", "question", "answer"]  # fmt: skip
"""The most frequent words, most frequent first."""
TYPES = ("choice", "boxes", "text", "translation", "transcription", "survey", "match")
LANGUAGES = ("en", "de", "fr", "es", "pt-BR", "hi", "ja", "sw", "de-AT", "ar")
COUNTRIES = ("US", "IN", "DE", "AT", "BR", "KE", "PH", "JP")
SKILLS = tuple(f"skill {name}" for name in _SYLLABLES[:40])


@dataclass(frozen=True)
class Market:
    """`batches` of them; everything follows from `seed`."""

    batches: int = 200_000
    seed: int = 7
    requesters: int = 5_000
    words: int = 30_000

    @cached_property
    def vocabulary(self) -> list[str]:
        """Commonest first."""
        rng = random.Random(self.seed)  # noqa: S311
        made = dict.fromkeys(_COMMON)
        while len(made) < self.words:
            made["".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4)))] = None
        return list(made)

    @cached_property
    def _weights(self) -> list[float]:
        return list(accumulate(1 / (rank + 3) for rank in range(self.words)))

    @cached_property
    def _requester_weights(self) -> list[float]:
        return list(accumulate(1 / (rank + 20) for rank in range(self.requesters)))

    def drawn(self, rng: random.Random, count: int) -> list[str]:
        """Words as often as they stand in texts."""
        return rng.choices(self.vocabulary, cum_weights=self._weights, k=count)

    def requester(self, rank: int) -> str:
        return f"0x{rank + 1:040x}"

    def rows(self) -> Iterator[Drawn]:
        """Every batch, oldest first."""
        rng = random.Random(self.seed + 1)  # noqa: S311
        records = [(rng.randint(0, 4_000), rng.randint(60, 100)) for _ in range(self.requesters)]
        for number in range(self.batches):
            rank = rng.choices(range(self.requesters), cum_weights=self._requester_weights)[0]
            yield self._drawn(rng, number, rank, records[rank])

    def _drawn(self, rng: random.Random, number: int, rank: int, record: tuple[int, int]) -> Drawn:
        reward = int(10 ** rng.uniform(3.5, 6.5))
        return Drawn(
            number=number,
            requester=self.requester(rank),
            title=" ".join(self.drawn(rng, rng.randint(3, 8))),
            instructions=" ".join(self.drawn(rng, rng.randint(12, 40))),
            task_type=rng.choice(TYPES),
            skills=rng.sample(SKILLS, rng.choice((0, 0, 1, 2))),
            languages=rng.sample(LANGUAGES, rng.choice((0, 1, 1, 2))),
            countries=rng.sample(COUNTRIES, rng.choice((0, 0, 1, 3))),
            reward_units=reward,
            pay_units_per_hour=reward * 3_600 // rng.randint(10, 600),
            requester_paid=record[0],
            requester_approval_percent=record[1] if record[0] else None,
            closed_at=NOW - 5 if rng.random() < 0.2 else None,
            claim_by=NOW + rng.choice((-1_000, 10**6, 10**6, 10**6)),
        )


@dataclass(frozen=True, slots=True)
class Drawn:
    """One batch. Amounts are token units."""

    number: int
    requester: str
    title: str
    instructions: str
    task_type: str
    skills: list[str]
    languages: list[str]
    countries: list[str]
    reward_units: int
    pay_units_per_hour: int
    requester_paid: int
    requester_approval_percent: int | None
    closed_at: int | None
    claim_by: int

    @property
    def batch_id(self) -> str:
        return f"0x{self.number + 1:064x}"

    @property
    def block(self) -> int:
        return 100 + self.number // _BATCHES_A_BLOCK

    @property
    def log_index(self) -> int:
        return self.number % _BATCHES_A_BLOCK

    @property
    def is_live(self) -> bool:
        return self.closed_at is None and self.claim_by >= NOW
