"""Who may work on what: one list of refusals, empty if the worker fits. Facts in, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.matching.schemas import LEVELS, KeptNeeds, ProfileIn, Reason

BY_LIST = ("blocked", "not_in_pool")
"""Reasons that rest on lists, which a requester changes whenever it likes."""
BY_RECORD = ("record_short", "record_low")
"""Reasons that requesters who reject bring about."""
CREDENTIAL = "credential_missing"
"""What an issuer that revokes brings about."""


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """A worker as the gateway and the chain know it."""

    address: str
    profile: ProfileIn = field(default_factory=ProfileIn)
    accepted: int = 0
    rejected: int = 0
    credentials: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Level by issuer and skill id, of those that count now."""
    lists: frozenset[str] = frozenset()
    """Ids of requesters' lists that name it."""
    blocked_by: frozenset[str] = frozenset()
    """Requesters with a block list that names it."""
    allowed_in: frozenset[str] = frozenset()
    blocked_in: frozenset[str] = frozenset()
    """Batches that name it on their own lists."""


@dataclass(frozen=True, slots=True)
class BatchRules:
    """Whom a batch is for."""

    batch_id: str
    requester: str
    needs: KeptNeeds


def refusals(worker: WorkerFacts, batch: BatchRules) -> list[Reason]:
    """Every reason why this batch is not for this worker."""
    needs = batch.needs
    found = [*_named(worker, batch), *_said(worker.profile, needs), *_proved(worker, needs)]
    return [Reason(code=code, text=text) for code, text in found]


def _named(worker: WorkerFacts, batch: BatchRules) -> list[tuple[str, str]]:
    found = []
    if worker.address == batch.requester:
        found.append(("own_batch", "a requester cannot work on its own batch"))
    if batch.requester in worker.blocked_by or batch.batch_id in worker.blocked_in:
        found.append(("blocked", "the requester does not give work to this address"))
    if batch.needs.only_named:
        is_named = batch.batch_id in worker.allowed_in or not worker.lists.isdisjoint(batch.needs.pools)
        if not is_named:
            found.append(("not_in_pool", "the batch is kept for workers that its requester named"))
    return found


def _said(profile: ProfileIn, needs: KeptNeeds) -> list[tuple[str, str]]:
    found = []
    levels = {language.code: LEVELS.index(language.level) for language in profile.languages}
    for wanted in needs.languages:
        if levels.get(wanted.code, -1) < LEVELS.index(wanted.level):
            text = f"{wanted.code} at {wanted.level} or above is asked for: if you have it, say so in your profile"
            found.append(("language_missing", text))
    country = profile.country
    if needs.countries and country not in needs.countries:
        found.append(("country_not_asked", f"only workers in {', '.join(needs.countries)} are asked for"))
    if needs.excluded_countries and (country is None or country in needs.excluded_countries):
        text = f"workers in {', '.join(needs.excluded_countries)} are not asked for: your profile must name a country"
        found.append(("country_excluded", text))
    found += [
        ("skill_missing", f"the skill {skill!r} is asked for: if you have it, say so in your profile")
        for skill in needs.skills
        if skill not in profile.skills
    ]
    return found


def _proved(worker: WorkerFacts, needs: KeptNeeds) -> list[tuple[str, str]]:
    found = []
    for wanted in needs.credentials:
        level = worker.credentials.get((wanted.issuer, wanted.on_chain))
        if level is None or level < wanted.minimum_level:
            name = wanted.skill or wanted.on_chain
            text = f"a credential for {name} by {wanted.issuer} at level {wanted.minimum_level} or above is asked for"
            found.append((CREDENTIAL, text))
    if worker.accepted < needs.minimum_accepted:
        text = f"{needs.minimum_accepted} accepted assignments are asked for, your record has {worker.accepted}"
        found.append(("record_short", text))
    decided = worker.accepted + worker.rejected
    if worker.accepted * 100 < needs.minimum_accepted_percent * decided:
        text = f"{needs.minimum_accepted_percent} % accepted are asked for, you have {worker.accepted} of {decided}"
        found.append(("record_low", text))
    return found
