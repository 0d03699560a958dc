"""HTTP to a gateway: signed in by a wallet, asked again when it is busy, never twice for what creates."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from piecework.client.errors import GatewayRefused, GatewayUnreachable

TRIES = 6
FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 8.0
_BUSY = (429, 502, 503, 504)


class Transport:
    """One gateway, and the wallet that asks it; without a wallet it only reads."""

    def __init__(self, url: str, account: LocalAccount | None) -> None:
        self.url = url.rstrip("/")
        self.account = account
        self._http = httpx2.AsyncClient(timeout=httpx2.Timeout(60.0, connect=10.0))
        self._token: str | None = None
        self._signing_in = asyncio.Lock()

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: Any) -> Any:
        wanted = {name: value for name, value in query.items() if value is not None}
        return (await self._send("GET", path, params=wanted)).json()

    async def post(self, path: str, body: Any) -> Any:
        """With a key of its own, so that a repeated request is not done twice."""
        headers = {"idempotency-key": secrets.token_hex(16)}
        return (await self._send("POST", path, json=body, headers=headers)).json()

    async def put(self, path: str, body: Any) -> Any:
        """What may be done again without harm."""
        return (await self._send("PUT", path, json=body)).json()

    async def upload(self, data: bytes) -> str:
        """Pins a file; returns its CID."""
        headers = {"content-type": "application/octet-stream"}
        return str((await self._send("POST", "/v1/payloads", content=data, headers=headers)).json()["cid"])

    async def download(self, path: str, into: Path, **query: Any) -> None:
        """The answer's bytes in a file, whole or not at all; asked anew if it breaks off."""
        wanted = {name: value for name, value in query.items() if value is not None}
        part = into.with_name(into.name + ".part")
        try:
            answer = await self._send("GET", path, params=wanted, into=part)
            if answer.is_success:
                part.replace(into)
        finally:
            part.unlink(missing_ok=True)

    @asynccontextmanager
    async def streamed(self, path: str, **query: Any) -> AsyncIterator[httpx2.Response]:
        """One try of a GET whose body is read as it comes. Raises GatewayRefused, and httpx2's TransportError."""
        wanted = {name: value for name, value in query.items() if value is not None}
        async with self._http.stream("GET", self.url + path, params=wanted, headers=self._authorization()) as answer:
            if answer.status_code in _BUSY:
                raise httpx2.RemoteProtocolError(f"the gateway is busy: {answer.status_code}")
            if not answer.is_success:
                await answer.aread()
            yield _checked(answer)

    def _authorization(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token}"} if self._token else {}

    async def block(self, cid: str) -> bytes:
        return bytes((await self._send("GET", f"/v1/payloads/{cid}")).content)

    async def sign_in(self, chain_id: int) -> None:
        """Sign-in with Ethereum (EIP-4361), once."""
        async with self._signing_in:
            if self._token is None and self.account is not None:
                self._token = await self._new_token(self.account, chain_id)

    async def _new_token(self, account: LocalAccount, chain_id: int) -> str:
        nonce = (await self.post("/v1/auth/nonce", {}))["nonce"]
        now = datetime.now(UTC)
        until = now + timedelta(minutes=10)
        message = "\n".join(
            (
                f"{self.url.partition('://')[2].partition('/')[0]} wants you to sign in with your Ethereum account:",
                account.address,
                "",
                "Request work on Piecework.",
                "",
                f"URI: {self.url}",
                "Version: 1",
                f"Chain ID: {chain_id}",
                f"Nonce: {nonce}",
                f"Issued At: {now:%Y-%m-%dT%H:%M:%SZ}",
                f"Expiration Time: {until:%Y-%m-%dT%H:%M:%SZ}",
            )
        )
        signature = account.sign_message(encode_defunct(text=message)).signature
        body = {"message": message, "signature": "0x" + bytes(signature).hex()}
        return str((await self.post("/v1/auth/login", body))["token"])

    async def _send(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, into: Path | None = None, **rest: Any
    ) -> Any:
        sent = (headers or {}) | self._authorization()
        for attempt in range(TRIES):
            is_last = attempt == TRIES - 1
            pause = min(_LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
            try:
                answer = await self._asked(method, path, into, headers=sent, **rest)
            except httpx2.TransportError as error:
                if is_last or isinstance(error, httpx2.UnsupportedProtocol):
                    raise GatewayUnreachable(
                        f"no gateway answers at {self.url}: {error or type(error).__name__}"
                    ) from None
            except httpx2.InvalidURL:
                raise GatewayUnreachable(f"{self.url} is no address of a gateway: write http://host:port") from None
            else:
                if answer.status_code not in _BUSY or is_last:
                    return _checked(answer)
                pause = max(pause, _asked_pause(answer))
            await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    async def _asked(self, method: str, path: str, into: Path | None, **rest: Any) -> httpx2.Response:
        """One try. A good answer's body goes into a file, if one is named."""
        if into is None:
            return await self._http.request(method, self.url + path, **rest)
        async with self._http.stream(method, self.url + path, **rest) as answer:
            if not answer.is_success:
                await answer.aread()
                return answer
            with into.open("wb") as file:
                async for piece in answer.aiter_bytes():
                    file.write(piece)
            return answer


def _asked_pause(answer: httpx2.Response) -> float:
    asked = answer.headers.get("retry-after", "")
    return min(60.0, float(asked)) if asked.isdigit() else 0.0


def _checked(answer: httpx2.Response) -> httpx2.Response:
    if answer.status_code < 400:
        return answer
    try:
        problem = answer.json()
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "no_problem", f"{answer.request.url} answered {answer.status_code}: is a gateway there?"
    raise GatewayRefused(answer.status_code, code, detail)
