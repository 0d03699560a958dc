"""`piecework serve`."""

from __future__ import annotations

import uvicorn
from pydantic import ValidationError

from backend.app import create_app
from backend.ipfs.port import PayloadError
from backend.settings import GatewaySettings
from piecework.chain.errors import ChainError
from scripts.terminal import fail, log_to_stderr


def run_serve(host: str, port: int) -> int:
    """Serves until SIGTERM; 1 if the settings, the node or the contract are wrong."""
    log_to_stderr()
    try:
        settings = GatewaySettings.model_validate({})
    except ValidationError as error:
        # The values stay out of the text: one of them may be a key.
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors())
        return fail(f"the gateway's settings are not right ({wrong}): set the PIECEWORK_… variables")
    try:
        app = create_app(settings)
    except (ChainError, PayloadError, ValueError) as error:
        return fail(str(error))
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)
    return 0
