"""Queries of the qualifications feature; the mirror is only read, skill names are kept here."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from piecework.db.gateway import SkillName
from piecework.db.mirror import MirrorCredential


def listed(
    session: Session,
    *,
    holder: str | None,
    issuer: str | None,
    skill: str | None,
    after: Sequence[int | str] | None,
    limit: int,
) -> Sequence[MirrorCredential]:
    """By holder, issuer and skill, from above that key; revoked ones too."""
    place = (MirrorCredential.holder, MirrorCredential.issuer, MirrorCredential.skill)
    query = select(MirrorCredential).order_by(*place)
    for column, value in zip(place, (holder, issuer, skill), strict=True):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(tuple_(*place) > tuple(after))
    return session.execute(query.limit(limit)).scalars().all()


def names(session: Session, skills: Sequence[str]) -> dict[str, str]:
    """Names by skill id, of those that were named here."""
    query = select(SkillName).where(SkillName.skill.in_(skills))
    return {row.skill: row.name for row in session.execute(query).scalars()}


def remember_name(session: Session, skill: str, name: str) -> None:
    if session.get(SkillName, skill) is None:
        session.add(SkillName(skill=skill, name=name))
