"""Prints the gateway's OpenAPI without a chain or a database; the web app's types are made from it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from backend.app import assemble  # noqa: E402 - the checkout's, wherever this is run


def description() -> dict[str, Any]:
    """What `/openapi.json` says. Routes are described without their services, so none is built."""
    services = MagicMock()
    services.settings.web_app_dir = None
    services.settings.expose_rpc_url = False
    described: dict[str, Any] = assemble(services, MagicMock(), MagicMock()).openapi()
    return described


if __name__ == "__main__":
    json.dump(description(), sys.stdout, indent=1)
