"""The API's description as a page at /docs: plain HTML without a script, so that it can run nobody's code."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.responses import HTMLResponse

_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}
@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}a{color:#9cf}}
code,pre{font:14px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
article{border-top:1px solid #8886;padding:.5rem 0}h3{font-size:1rem;margin:.3rem 0}p{margin:.3rem 0}"""
_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def install(app: FastAPI) -> None:
    """Serves the page at /docs."""

    @lru_cache(maxsize=1)
    def page() -> str:
        return "".join(_page(app.openapi()))

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(page(), headers={"content-security-policy": _POLICY})


def _page(described: dict[str, Any]) -> Iterator[str]:
    title = escape(described["info"]["title"])
    yield '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    yield f"<title>{title}</title><style>{_STYLE}</style><main><h1>{title}</h1>"
    yield f"<p>{escape(described['info'].get('description', ''))}</p>"
    yield '<p>For programs: <a href="/openapi.json">/openapi.json</a></p>'
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield f"<article><h3><code>{method.upper()} {escape(path)}</code></h3>"
            yield f"<p>{escape(operation.get('description', ''))}</p>"
            names = [f"{item['name']} ({item['in']})" for item in operation.get("parameters", ())]
            if names:
                yield f"<p>Takes <code>{escape(', '.join(names))}</code></p>"
            yield from _models("Body", operation.get("requestBody", {}))
            for status, answer in operation.get("responses", {}).items():
                yield from _models(f"Answer {status}", answer)
            yield "</article>"
    yield "<h2>Models</h2>"
    for name, schema in described.get("components", {}).get("schemas", {}).items():
        yield f'<article id="{escape(name)}"><h3>{escape(name)}</h3><p>{escape(schema.get("description", ""))}</p><ul>'
        for field, inner in schema.get("properties", {}).items():
            wanted = "" if field in schema.get("required", ()) else ", optional"
            yield f"<li><code>{escape(field)}</code>: {_kind(inner)}{wanted}</li>"
        yield "</ul></article>"
    yield "</main></html>"


def _models(label: str, content: dict[str, Any]) -> Iterator[str]:
    for kind, inner in content.get("content", {}).items():
        yield f"<p>{label}: {escape(kind)}, {_kind(inner.get('schema', {}))}</p>"


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    for joint in ("anyOf", "oneOf", "allOf"):
        if joint in schema:
            return " or ".join(_kind(inner) for inner in schema[joint])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "enum" in schema or "const" in schema:
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in schema.get("enum", [schema.get("const")]))
    return escape(str(schema.get("type", "anything")))
