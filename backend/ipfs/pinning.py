"""A client of the IPFS Pinning Service API 1.0: somebody else keeps a second copy of what our node has pinned.

The service fetches the blocks from the IPFS network, so the node that has them must be reachable: requests name its
addresses, and the node is told to connect to the peers that the service names.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from backend.ipfs.port import PayloadError
from piecework.domain.cid import CidError, parse_cid

_CIDS_A_REQUEST = 10
"""The API's bound on the `cid` filter."""
_PAGE = 1_000
_MAX_ANSWER_BYTES = 16 * 1024 * 1024
STATUSES = ("queued", "pinning", "pinned", "failed")
_RANK = {status: number for number, status in enumerate(("failed", "queued", "pinning", "pinned"))}


class PinningFailed(PayloadError):
    """The service does not answer, refuses, or answers what the API does not know. Never holds the token."""


@dataclass(frozen=True, slots=True)
class PinState:
    """What the service says of a CID. `delegates` are multiaddrs that it wants to be connected from."""

    cid: str
    status: str
    request_id: str
    delegates: tuple[str, ...] = ()
    why: str = ""


class PinningService:
    """One account at one service. The token never leaves the object, but to the service."""

    def __init__(self, url: str, token: SecretStr, *, timeout_seconds: float = 30.0) -> None:
        split = urlsplit(url)
        if split.scheme not in ("http", "https") or not split.hostname or split.username or split.query:
            raise ValueError("PIECEWORK_PINNING_URL must be an http URL of a Pinning Service API, without a password")
        self._url = url.rstrip("/")
        self._token = token
        self._timeout_seconds = timeout_seconds
        self.name = split.hostname

    def __repr__(self) -> str:
        return f"PinningService({self.name})"

    def check(self) -> None:
        """Raises PinningFailed if the service would not take a request of ours."""
        self._ask("GET", "/pins", params={"limit": "1"})

    def states(self, cids: Sequence[str]) -> dict[str, PinState]:
        """The best that the service says of each; CIDs that it knows nothing of are left out."""
        found: dict[str, PinState] = {}
        for start in range(0, len(cids), _CIDS_A_REQUEST):
            some = cids[start : start + _CIDS_A_REQUEST]
            params = {"cid": ",".join(some), "status": ",".join(STATUSES), "limit": str(_PAGE)}
            for state in self._listed(params):
                best = found.get(state.cid)
                if best is None or _RANK[state.status] > _RANK[best.status]:
                    found[state.cid] = state
        return {cid: state for cid, state in found.items() if cid in set(cids)}

    def pin(self, cid: str, *, origins: Iterable[str] = (), name: str = "piecework") -> PinState:
        """Asks for a pin; the service fetches the blocks some time later."""
        body = {"cid": cid, "name": name, "origins": list(origins)[:20]}
        return self._state(self._ask("POST", "/pins", json=body))

    def again(self, state: PinState, *, origins: Iterable[str] = ()) -> PinState:
        """Replaces a request that failed by a new one."""
        body = {"cid": state.cid, "name": "piecework", "origins": list(origins)[:20]}
        return self._state(self._ask("POST", f"/pins/{quote(state.request_id, safe='')}", json=body))

    def _listed(self, params: dict[str, str]) -> Iterator[PinState]:
        """Every page, from the newest to the oldest."""
        before: str | None = None
        while True:
            page = self._ask("GET", "/pins", params=params | ({"before": before} if before else {}))
            results = page.get("results") if isinstance(page, dict) else None
            if not isinstance(results, list) or not isinstance(page.get("count"), int):
                raise PinningFailed(f"{self.name} answers a list without `count` and `results`: is it the API's URL?")
            yield from (self._state(item) for item in results)
            if len(results) >= page["count"] or not results:
                return
            oldest = str(results[-1].get("created"))
            if oldest == before:
                raise PinningFailed(f"{self.name} gives the same page again and again")
            before = oldest

    def _state(self, item: Any) -> PinState:
        try:
            delegates = tuple(str(address) for address in item["delegates"])
            cid, status = str(item["pin"]["cid"]), str(item["status"])
            parse_cid(cid)
            if status not in STATUSES:
                raise ValueError(status)
            why = str((item.get("info") or {}).get("status_details", ""))[:200]
            return PinState(cid, status, str(item["requestid"]), delegates, why)
        except (KeyError, TypeError, ValueError, AttributeError, CidError) as error:
            raise PinningFailed(f"{self.name} answers what is no pin of the API ({type(error).__name__})") from error

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        import httpx2

        headers = {"authorization": f"Bearer {self._token.get_secret_value()}", "accept": "application/json"}
        deadline = time.monotonic() + self._timeout_seconds
        body = bytearray()
        try:
            with (
                httpx2.Client(timeout=self._timeout_seconds, follow_redirects=False, trust_env=False) as client,
                client.stream(method, self._url + path, headers=headers, **options) as answer,
            ):
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > _MAX_ANSWER_BYTES or time.monotonic() > deadline:
                        raise PinningFailed(f"the answer of {self.name} is too long or too slow")
                status = answer.status_code
        except httpx2.HTTPError as error:
            # Its text may hold the request with its header.
            raise PinningFailed(f"no answer from {self.name} ({type(error).__name__}): try again later") from None
        if status >= 300:
            raise self._refusal(status, bytes(body))
        try:
            return json.loads(body)
        except ValueError:
            raise PinningFailed(f"{self.name} answers no JSON: is it the API's URL?") from None

    def _refusal(self, status: int, body: bytes) -> PinningFailed:
        if status in (401, 403):
            advice = "set PIECEWORK_PINNING_TOKEN_FILE to a file with a valid one"
            return PinningFailed(f"{self.name} refuses the token ({status}): {advice}")
        if status == 409:
            return PinningFailed(f"{self.name} takes no more pins for this account (409): raise its quota")
        try:
            error = json.loads(body)["error"]
            said = f"{error['reason']} {error.get('details', '')}".strip()[:200]
        except (ValueError, KeyError, TypeError, AttributeError):
            said = "without a reason of the API"
        said = said.replace(self._token.get_secret_value(), "...")
        return PinningFailed(f"{self.name} refuses ({status}): {said}")


def open_service(url: str | None, token: SecretStr | None, token_file: str | None) -> PinningService | None:
    """The service of the settings, if there is one. Raises ValueError with what to set."""
    if not url:
        return None
    if token is None and token_file:
        try:
            token = SecretStr(Path(token_file).read_text(encoding="utf-8").strip())
        except OSError as error:
            raise ValueError(f"PIECEWORK_PINNING_TOKEN_FILE cannot be read: {error.strerror}") from error
    if token is None or not token.get_secret_value() or not token.get_secret_value().isascii():
        raise ValueError(
            "PIECEWORK_PINNING_URL needs a token: set PIECEWORK_PINNING_TOKEN_FILE to a file that holds it"
        )
    return PinningService(url, token)
