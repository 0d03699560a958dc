"""Shapes of the matching feature. Languages are BCP 47 codes with CEFR levels, countries ISO 3166-1 alpha-2 codes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from backend.qualifications.schemas import SkillIn
from backend.schemas import AddressText, HourlyUnits, RequestModel, UnitsText
from piecework.domain.credentials import MAX_LEVEL

LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2", "native")
MAX_MEMBERS = 10_000

LanguageLevel = Literal["A1", "A2", "B1", "B2", "C1", "C2", "native"]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
SkillWord = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True, to_lower=True)]
ListId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Language(RequestModel):
    code: LanguageCode
    level: LanguageLevel = "B1"


class ProfileIn(RequestModel):
    """What a worker says of itself; every field may be left out, and nobody checks it."""

    languages: list[Language] = Field(default=[], max_length=30)
    country: Country | None = None
    skills: list[SkillWord] = Field(default=[], max_length=50)
    hours_per_week: int | None = Field(default=None, ge=1, le=168)
    wished_units_per_hour: UnitsText | None = None
    """Work that pays less is not offered."""


class CredentialHeld(BaseModel):
    """From the registry on chain, not from the profile."""

    issuer: str
    skill_id: str
    level: int


class Profile(ProfileIn):
    address: str
    updated_at: float | None
    credentials: list[CredentialHeld]
    accepted: int
    rejected: int


class CredentialNeed(SkillIn):
    issuer: AddressText
    minimum_level: int = Field(default=0, ge=0, le=MAX_LEVEL)


class KeptNeeds(RequestModel):
    """Whom a batch is for; all that is asked must hold. Languages, country and skills are the worker's own words."""

    languages: list[Language] = Field(default=[], max_length=10)
    countries: list[Country] = Field(default=[], max_length=250)
    """Only from these; any if empty."""
    excluded_countries: list[Country] = Field(default=[], max_length=250)
    skills: list[SkillWord] = Field(default=[], max_length=20)
    credentials: list[CredentialNeed] = Field(default=[], max_length=10)
    minimum_accepted: int = Field(default=0, ge=0, lt=2**32)
    """Assignments accepted on chain, of any requester."""
    minimum_accepted_percent: int = Field(default=0, ge=0, le=100)
    """Of those decided; who has no decision yet passes."""
    pools: list[ListId] = Field(default=[], max_length=20)
    """The requester's own pools: only for their workers, and those of the allow list."""
    only_named: bool = False
    """Only for workers of `pools` and of the allow list; true by itself when either is given."""


class Needs(KeptNeeds):
    """The same as a draft says it, with names."""

    allow: list[AddressText] = Field(default=[], max_length=MAX_MEMBERS)
    block: list[AddressText] = Field(default=[], max_length=MAX_MEMBERS)
    """Wins over `allow` and `pools`."""

    def kept(self) -> KeptNeeds:
        """Without the names, which have rows of their own."""
        only_named = self.only_named or bool(self.allow or self.pools)
        return KeptNeeds(**self.model_dump(exclude={"allow", "block", "only_named"}), only_named=only_named)


class PublicNeeds(BaseModel):
    """Needs as everybody may read them: no names."""

    languages: list[Language]
    countries: list[str]
    excluded_countries: list[str]
    skills: list[str]
    credentials: list[CredentialNeed]
    minimum_accepted: int
    minimum_accepted_percent: int
    private: bool
    """Only for workers that the requester named."""


class ListIn(RequestModel):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
    kind: Literal["pool", "block"] = "pool"


class MembersIn(RequestModel):
    workers: list[AddressText] = Field(min_length=1, max_length=MAX_MEMBERS)


class ListView(BaseModel):
    list_id: str
    name: str
    kind: Literal["pool", "block"]
    members: int
    created_at: float


class ListPage(BaseModel):
    items: list[ListView]


class MemberPage(BaseModel):
    items: list[str]
    next_cursor: str | None


class Reason(BaseModel):
    """`code` is stable."""

    code: str
    text: str


class NextItem(BaseModel):
    """Post `assign` to /v1/work/assignments to take it."""

    batch_id: str
    title: str | None
    task_type: str | None
    requester: str
    reward_units: UnitsText
    assign: dict[str, Any]
    seconds_per_task: float
    pay_per_hour_units: HourlyUnits
    basis: Literal["measured", "stated"]
    """Whether the seconds were measured in this batch, or are its requester's, corrected by its earlier batches."""
    measured_assignments: int
    claim_by: int
    score: int
    """Pay per hour, times fit and urgency; what the list is ordered by."""
    reasons: list[Reason]


class NotOffered(BaseModel):
    batch_id: str
    title: str | None
    reasons: list[Reason]


class NextPage(BaseModel):
    items: list[NextItem]
    not_offered: list[NotOffered] | None
    """Asked for with `explain`: open batches that were looked at and are not for this worker, and why."""
    looked_at: int
    """Open batches, the best paid first; at most a thousand."""
