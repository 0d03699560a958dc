"""Who is who: one-time nonces, sign-in messages, sessions."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import delete, select

from backend.accounts import siwe
from backend.errors import Invalid, NotSignedIn
from piecework.db.gateway import SignInNonce, UserSession
from piecework.domain.ids import parse_address

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as DatabaseSession

    from backend.services import Services

_CLOCK_SKEW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Session:
    """A fresh session; the token is shown once."""

    token: str
    address: str
    expires_at: float


def new_nonce(services: Services) -> tuple[str, float]:
    """A nonce and when it ends (unix seconds)."""
    nonce = secrets.token_hex(16)
    expires_at = time.time() + services.settings.nonce_lifetime_seconds
    with services.writing() as session:
        session.execute(delete(SignInNonce).where(SignInNonce.expires_at < time.time()))
        session.add(SignInNonce(nonce=nonce, expires_at=expires_at))
    return nonce, expires_at


def sign_in(services: Services, message: str, signature: str, *, is_cookie: bool = False) -> Session:
    """Checks a signed EIP-4361 message and opens a session; the nonce is used up only if all holds.

    A token for a cookie is worth nothing as a bearer token, and the other way round.
    """
    try:
        parsed = siwe.parse(message)
        address = parse_address(parsed.address)
    except ValueError as error:
        raise Invalid("sign_in_malformed", f"the sign-in message is not EIP-4361: {error}") from error
    _check_fields(services, parsed)
    if not signed_by(services, address, message, signature):
        raise Invalid("signature_by_another_key", f"the signature of the sign-in message is not by {address}")
    token = secrets.token_urlsafe(32)
    expires_at = time.time() + services.settings.session_lifetime_seconds
    with services.writing() as session:
        used = session.execute(
            delete(SignInNonce).where(SignInNonce.nonce == parsed.nonce, SignInNonce.expires_at >= time.time())
        )
        if used.rowcount != 1:  # type: ignore[attr-defined]
            raise Invalid("nonce_unknown", "the nonce was used, is too old, or is not ours: ask for a new one")
        session.execute(delete(UserSession).where(UserSession.expires_at < time.time()))
        session.add(UserSession(token_hash=_hash(token, is_cookie=is_cookie), address=address, expires_at=expires_at))
    return Session(token, address, expires_at)


def _check_fields(services: Services, parsed: siwe.SiweMessage) -> None:
    settings = services.settings
    if parsed.domain != settings.public_host:
        detail = f"the message is for {parsed.domain}, this gateway is {settings.public_host}"
        raise Invalid("sign_in_wrong_domain", detail)
    if _place(parsed.uri) != _place(settings.public_url):
        raise Invalid("sign_in_wrong_domain", f"the message's URI {parsed.uri} is not of {settings.public_url}")
    if parsed.chain_id != services.escrow.chain_id:
        detail = f"the message names chain {parsed.chain_id}, this gateway works on {services.escrow.chain_id}"
        raise Invalid("wrong_chain", detail)
    now = datetime.now(UTC)
    if parsed.expires_at is not None and parsed.expires_at <= now:
        raise Invalid("signature_expired", "the sign-in message has expired: sign a new one")
    if parsed.not_before is not None and (parsed.not_before - now).total_seconds() > _CLOCK_SKEW_SECONDS:
        raise Invalid("sign_in_not_yet_valid", "the sign-in message is not valid yet: check the clock")
    if (parsed.issued_at - now).total_seconds() > _CLOCK_SKEW_SECONDS:
        raise Invalid("sign_in_not_yet_valid", "the sign-in message was issued in the future: check the clock")


def _place(uri: str) -> tuple[str, str] | None:
    """Scheme and host with port; None for what is no URI."""
    try:
        found = urlsplit(uri)
    except ValueError:
        return None
    return found.scheme, found.netloc


def signed_by(services: Services, address: str, message: str, signature: str) -> bool:
    """Whether `signature` is `address`'s of a personal message (EIP-191), by key or by contract (ERC-1271)."""
    from eth_account.messages import _hash_eip191_message, encode_defunct

    return digest_signed_by(services, address, bytes(_hash_eip191_message(encode_defunct(text=message))), signature)


def digest_signed_by(services: Services, address: str, digest: bytes, signature: str) -> bool:
    """The same for any 32-byte digest."""
    from eth_keys.exceptions import BadSignature, ValidationError

    from backend.accounts.recovery import recover

    raw = bytes.fromhex(signature[2:])
    try:
        if recover(digest, raw) == address:
            return True
    except (BadSignature, ValidationError, ValueError):
        pass  # may still be a contract's signature
    return services.escrow.is_contract_signature(address, digest, raw)


def session_of(services: Services, token: str, *, is_cookie: bool = False) -> tuple[str, float]:
    """Whose token it is, and when it ends (unix seconds). Raises NotSignedIn."""
    with services.reading() as session:
        wanted = UserSession.token_hash == _hash(token, is_cookie=is_cookie)
        found = session.execute(select(UserSession).where(wanted)).scalar_one_or_none()
    if found is None or found.expires_at < time.time():
        raise NotSignedIn("not_signed_in", "the session has ended or never was: sign in again")
    return found.address, found.expires_at


def is_signed_in(session: DatabaseSession, address: str, now: float) -> bool:
    """Whether `address` has a session that has not ended."""
    own = (UserSession.address == address, UserSession.expires_at >= now)
    return session.execute(select(UserSession.address).where(*own).limit(1)).first() is not None


def sign_out(services: Services, address: str) -> None:
    """Ends every session of `address`."""
    with services.writing() as session:
        session.execute(delete(UserSession).where(UserSession.address == address))


def _hash(token: str, *, is_cookie: bool) -> str:
    return hashlib.sha256((f"cookie:{token}" if is_cookie else token).encode()).hexdigest()
