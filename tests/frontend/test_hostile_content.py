"""Task content is a stranger's: in real Chromium it reaches neither the page around it nor the network."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from backend.web import routes
from backend.web.site import BUILT
from tests.frontend.browser import PATIENCE_MILLISECONDS
from tests.frontend.payloads import HOME, PAYLOADS

APP = "http://piecework.example"
SHOW = """async ({ payloads, sandbox }) => {
  const frame = document.createElement('iframe')
  if (sandbox) frame.setAttribute('sandbox', sandbox)
  const heard = new Promise(done => addEventListener('message', event => event.data.ready && done()))
  frame.src = '/frame.html'
  document.body.append(frame)
  await heard
  const parts = payloads.flatMap(text => [{ kind: 'text', name: null, text }, { kind: 'text', name: text, text }])
  const shown = new Promise(done => addEventListener('message', event => event.data.height > 100 && done()))
  frame.contentWindow.postMessage({ parts, theme: 'light', direction: 'ltr', alt: '' }, '*')
  await shown
}"""
PLAIN, MARKUP = "element.textContent = text", "element.innerHTML = text"
"""The planted bug: the frame reads what it is given as markup."""


@pytest.fixture(scope="module")
def site() -> TestClient:
    app = FastAPI()
    settings = SimpleNamespace(web_app_dir=str(BUILT), expose_rpc_url=False, rpc_url="")
    routes.install(app, SimpleNamespace(settings=settings))  # type: ignore[arg-type]
    return TestClient(app)


class Attacked:
    """A page with the app's origin and policy that shows hostile content; what is asked of other hosts is noted."""

    def __init__(self, browser: Any, site: TestClient) -> None:
        self.site = site
        self.asked: list[str] = []
        self.markup = False
        self.policy = True
        self.context = browser.new_context()
        self.context.route("**/*", self._answer)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MILLISECONDS)

    def _answer(self, route: Any) -> None:
        url = route.request.url
        if not url.startswith(APP):
            self.asked.append(url)
            route.abort()
            return
        if url == f"{APP}/":
            headers = {"content-type": "text/html"}
            if self.policy:
                headers["content-security-policy"] = self.site.get("/").headers["content-security-policy"]
            route.fulfill(status=200, headers=headers, body="<!doctype html><title>safe</title>")
            return
        answer = self.site.get(url.removeprefix(APP), headers={"accept-encoding": "identity"})
        headers, body = dict(answer.headers), answer.text
        headers.pop("content-length", None)
        if self.markup:
            assert body.count(PLAIN) == 1
            body = body.replace(PLAIN, MARKUP)
        if not self.policy:
            headers.pop("content-security-policy")
        elif self.markup:
            headers["content-security-policy"] = _policy_of(body)
        route.fulfill(status=answer.status_code, headers=headers, body=body)

    def show(self, sandbox: str = "allow-scripts") -> dict[str, Any]:
        """What the page around it looks like when everything had its chance."""
        self.page.goto(f"{APP}/")
        self.page.evaluate(SHOW, {"payloads": list(PAYLOADS), "sandbox": sandbox})
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 300)))")
        found: dict[str, Any] = self.page.evaluate("({ title: document.title, owned: window.owned ?? null })")
        return found


def _policy_of(body: str) -> str:
    from backend.web.policies import frame_policy

    return frame_policy(body)


@pytest.fixture
def attacked(browser: Any, site: TestClient) -> Iterator[Attacked]:
    found = Attacked(browser, site)
    yield found
    found.context.close()


def test_twenty_payloads_reach_neither_the_page_nor_the_network(attacked: Attacked) -> None:
    assert len(PAYLOADS) == 20
    assert attacked.show() == {"title": "safe", "owned": None}
    assert attacked.asked == []
    frame = attacked.page.frames[1]
    assert frame.evaluate("content.querySelectorAll('script, img, iframe, svg, form, style, a').length") == 0
    assert frame.evaluate("[...document.querySelectorAll('main > p')].map(p => p.textContent)") == list(PAYLOADS)
    assert frame.evaluate("window.origin") == "null"


def test_with_markup_planted_the_sandbox_and_the_policy_still_hold(attacked: Attacked) -> None:
    attacked.markup = True

    assert attacked.show() == {"title": "safe", "owned": None}
    assert attacked.asked == []


def test_without_policy_and_sandbox_the_same_payloads_do_reach_out(attacked: Attacked) -> None:
    """The planted bug that shows that the test above would see it."""
    attacked.markup, attacked.policy = True, False

    attacked.show(sandbox="")
    attacked.page.wait_for_function("window.owned === 1")
    assert any(url.startswith(HOME) for url in attacked.asked)
