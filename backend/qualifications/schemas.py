"""Shapes of the qualifications feature. A skill is named, or given by its id on chain, the keccak-256 of its name."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, Field, model_validator

from backend.schemas import AddressText, DigestText, RequestModel, SignatureText, Transaction
from piecework.domain.credentials import MAX_LEVEL, skill_id

SkillText = Field(default=None, min_length=1, max_length=100)


class SkillIn(RequestModel):
    """`skill` is a name; `skill_id` the 32 bytes on chain. One of both, or both if they belong together."""

    skill: str | None = SkillText
    skill_id: DigestText | None = None

    @model_validator(mode="after")
    def _one_skill(self) -> Self:
        if self.skill is None and self.skill_id is None:
            raise ValueError("name a skill, or give its id")
        if self.skill is not None:
            found = skill_id(self.skill)
            if self.skill_id not in (None, found):
                raise ValueError(f"skill {self.skill!r} has the id {found}, not {self.skill_id}")
            self.skill_id = found
        return self

    @property
    def on_chain(self) -> str:
        assert self.skill_id is not None  # noqa: S101 - the validator set it
        return self.skill_id


class GrantIn(SkillIn):
    holder: AddressText
    level: int = Field(ge=0, le=MAX_LEVEL)
    expiry: int = Field(default=0, ge=0, lt=2**40)
    """Unix seconds until which it counts; zero for ever."""


class GrantToSign(BaseModel):
    """`version` is the credential's present one: the signature works once, and never after a revocation."""

    typed_data: dict[str, Any]
    issuer: str
    holder: str
    skill_id: str
    level: int
    expiry: int
    version: int
    deadline: int


class SignedGrant(RequestModel):
    issuer: AddressText
    holder: AddressText
    skill_id: DigestText
    level: int = Field(ge=0, le=MAX_LEVEL)
    expiry: int = Field(ge=0, lt=2**40)
    deadline: int = Field(ge=0, lt=2**63)
    signature: SignatureText


class RevocationIn(SkillIn):
    holder: AddressText


class RevocationView(BaseModel):
    """For the issuer's own wallet."""

    transaction: Transaction


class RefusalIn(SkillIn):
    issuer: AddressText
    refused: bool = True


class RefusalToSign(BaseModel):
    typed_data: dict[str, Any]
    holder: str
    issuer: str
    skill_id: str
    refused: bool
    version: int
    deadline: int


class SignedRefusal(RequestModel):
    holder: AddressText
    issuer: AddressText
    skill_id: DigestText
    refused: bool
    deadline: int = Field(ge=0, lt=2**63)
    signature: SignatureText


class CredentialView(BaseModel):
    holder: str
    issuer: str
    skill_id: str
    skill: str | None
    """Its name, if it was named at this gateway."""
    level: int
    expiry: int
    granted_at: int
    version: int
    refused: bool
    held: bool
    """Whether it counts now: granted, not revoked, not expired."""
    transaction_hash: str
    explorer_url: str | None


class CredentialPage(BaseModel):
    items: list[CredentialView]
    next_cursor: str | None
