"""The web app's session in real Chromium: a cookie that scripts cannot read and other pages cannot use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from backend.accounts.presented import COOKIE
from tests.frontend.browser import Visitor

pytestmark = pytest.mark.slow

ATTACK = """async gateway => {
  const send = (body, type) => fetch(gateway + '/v1/lists', {
    method: 'POST', mode: 'no-cors', credentials: 'include', body, headers: type ? { 'content-type': type } : {},
  }).catch(() => undefined)
  await send('{"name": "forged"}', 'text/plain')
  await send(new Blob(['{"name": "forged"}'], { type: 'application/json' }), null)
  await fetch(gateway + '/v1/auth/logout', { method: 'POST', mode: 'no-cors', credentials: 'include' })
    .catch(() => undefined)
  return await fetch(gateway + '/v1/lists', { credentials: 'include' }).then(a => a.text()).catch(() => 'unread')
}"""
OWN_LISTS = "fetch('/v1/lists').then(answer => answer.json()).then(page => page.items.map(item => item.name))"
MAKE_LIST = """fetch('/v1/lists', {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'own' }),
}).then(answer => answer.status)"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>A stranger's page</title>")

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def stranger() -> Iterator[str]:
    """A page at another port of this machine: another origin, and to a browser the same site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def sign_in(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.page.locator(".signin .primary").click()
    visitor.page.locator(".offer .primary").wait_for()


def test_the_session_is_a_cookie_that_scripts_cannot_read_and_it_outlives_a_reload(
    visit: Callable[..., Visitor],
) -> None:
    worker = visit()
    sign_in(worker)

    cookies = {cookie["name"]: cookie for cookie in worker.context.cookies()}
    kept = cookies[COOKIE]
    assert (kept["httpOnly"], kept["secure"], kept["sameSite"], kept["path"]) == (True, True, "Strict", "/")
    readable = worker.page.evaluate("document.cookie + JSON.stringify({...localStorage, ...sessionStorage})")
    assert kept["value"] not in readable
    worker.open("/")
    worker.page.locator(".offer .primary").wait_for()


def test_a_strangers_page_in_the_same_browser_changes_and_reads_nothing(
    visit: Callable[..., Visitor], stranger: str, stack_up: dict[str, Any]
) -> None:
    worker = visit()
    sign_in(worker)
    assert worker.page.evaluate(MAKE_LIST) == 201
    page = worker.context.new_page()
    page.goto(stranger)

    assert page.evaluate(ATTACK, stack_up["gateway_url"]) == "unread"
    assert worker.page.evaluate(OWN_LISTS) == ["own"], "and nobody was signed out"
