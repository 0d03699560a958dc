"""The public HTTP API as these clients use it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from scripts.crowd.times import Times
from scripts.crowd.wallet import Wallet

Json = dict[str, Any]

_TRIES_BEFORE_FIRST_ANSWER = 6
_TRIES = 14
_LONGEST_PAUSE_SECONDS = 5.0


class ApiError(Exception):
    """The gateway refused; `code` is its stable name."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code


class Api:
    """One wallet's session with a gateway. A wallet of None only reads. `times` counts each request as a whole, with
    what was sent again and the pauses between."""

    def __init__(self, gateway_url: str, wallet: Wallet | None = None, times: Times | None = None) -> None:
        self._url = gateway_url.rstrip("/")
        self._http = httpx2.Client(timeout=60.0)
        self._token: str | None = None
        self._tries = _TRIES_BEFORE_FIRST_ANSWER
        self._times = times or Times()
        self.wallet = wallet

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._json("GET", path, params=query)

    def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> Any:
        headers = {"idempotency-key": key} if key else {}
        return self._json("POST", path, json=body if body is not None else {}, headers=headers)

    def put(self, path: str, body: Json | None = None) -> Any:
        return self._json("PUT", path, json=body if body is not None else {})

    def upload(self, data: bytes) -> str:
        """Pins a file and returns its CID."""
        headers = {"content-type": "application/octet-stream"}
        return str(self._json("POST", "/v1/payloads", content=data, headers=headers)["cid"])

    def payload(self, cid: str) -> bytes:
        return bytes(self._send("GET", f"/v1/payloads/{cid}").content)

    def items(self, path: str, **query: Any) -> Iterator[Json]:
        """Every item of a list, page by page."""
        cursor = None
        while True:
            page = self.get(path, limit=100, **query, **({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def sign_in(self, chain: Json) -> None:
        """Sign-in with Ethereum (EIP-4361)."""
        assert self.wallet is not None  # noqa: S101 - only wallets sign in
        nonce = self.post("/v1/auth/nonce")["nonce"]
        now = datetime.now(UTC)
        host = self._url.partition("://")[2]
        message = "\n".join(
            (
                f"{host} wants you to sign in with your Ethereum account:",
                self.wallet.address,
                "",
                "Work, review or request on Piecework.",
                "",
                f"URI: {self._url}",
                "Version: 1",
                f"Chain ID: {chain['chain_id']}",
                f"Nonce: {nonce}",
                f"Issued At: {now.strftime('%Y-%m-%dT%H:%M:%SZ')}",
                f"Expiration Time: {(now + timedelta(minutes=10)).strftime('%Y-%m-%dT%H:%M:%SZ')}",
            )
        )
        body = {"message": message, "signature": self.wallet.sign_text(message)}
        self._token = self.post("/v1/auth/login", body)["token"]

    def wait_for_intent(self, intent_id: str, *, seconds: float = 60.0) -> Json:
        """Until the relay brought it on chain; raises ApiError if it could not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found: Json = self.get(f"/v1/intents/{intent_id}")
            if found["status"] == "confirmed":
                return found
            if found["status"] in ("failed", "skipped"):
                raise ApiError(409, found["error"]["code"], found["error"]["detail"])
            time.sleep(0.1)
        raise ApiError(504, "too_slow", f"intent {intent_id} did not reach the chain in {seconds:.0f} s")

    def _json(self, method: str, path: str, **options: Any) -> Any:
        with self._times.counted(method, path):
            return self._send(method, path, **options).json()

    def _send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = dict(options.pop("headers", {}))
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        for attempt in itertools.count(1):
            pause = min(_LONGEST_PAUSE_SECONDS, 0.15 * 2**attempt)
            try:
                answer = self._http.request(method, self._url + path, headers=headers, **options)
            except httpx2.TransportError as error:
                if attempt >= self._tries:
                    raise ApiError(503, "unreachable", f"no answer from {self._url}: {error}") from error
                time.sleep(pause)
                continue
            # A gateway that answered before is one that comes back, so it is worth a longer wait.
            self._tries = _TRIES
            if answer.status_code != 503 or attempt >= self._tries:
                break
            time.sleep(pause)
        if answer.status_code >= 400:
            raise _refusal(answer)
        return answer


def _refusal(answer: httpx2.Response) -> ApiError:
    try:
        problem = answer.json()
    except ValueError:
        return ApiError(answer.status_code, "no_problem", answer.text[:200])
    return ApiError(answer.status_code, str(problem.get("code")), str(problem.get("detail")))
