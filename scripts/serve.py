"""`piecework serve`."""

from __future__ import annotations

from types import FrameType

import uvicorn
from pydantic import ValidationError

from backend.app import create_app
from backend.ipfs.port import PayloadError
from backend.live.hub import Hub
from backend.operator_log import started
from backend.settings import GatewaySettings
from piecework.chain.errors import ChainError
from scripts.terminal import fail, log_to_stderr

KEEP_ALIVE_SECONDS = 65
"""Longer than clients and proxies keep an unused connection (5 to 60 s): no request meets one as it is closed."""


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
        started(app.state.services.engine, settings)
    except (ChainError, PayloadError, ValueError) as error:
        return fail(str(error))
    # Whose word is taken for a client's address is a setting of ours (PIECEWORK_TRUSTED_PROXIES), no default of the
    # server, which believes everybody on this machine.
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    Server(config).run()
    return 0


class Server(uvicorn.Server):
    """Ends live streams when it is asked to stop; otherwise it would wait for them until their clients go."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        hub: Hub = self.config.app.state.hub  # type: ignore[union-attr]
        hub.close()
        super().handle_exit(sig, frame)
