"""`piecework serve`."""

from __future__ import annotations

import resource
from types import FrameType

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from backend.app import create_app
from backend.clients import networks
from backend.connections import Connections
from backend.ipfs.port import PayloadError
from backend.live.hub import Hub
from backend.operator_log import started
from backend.serving import Patience, held_to
from backend.settings import GatewaySettings
from piecework.chain.errors import ChainError
from scripts.terminal import fail, log_to_stderr

KEEP_ALIVE_SECONDS = 65
"""Longer than clients and proxies keep an unused connection (5 to 60 s): no request meets one as it is closed."""

OTHER_FILES = 500
"""That are open beside clients' connections: of the database, the node, webhooks, the program itself."""


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
        make_room_for_files(settings.max_connections)
    except (ChainError, PayloadError, ValueError) as error:
        return fail(str(error))
    Server(config_of(app, settings, host, port)).run()
    return 0


def config_of(app: FastAPI, settings: GatewaySettings, host: str, port: int) -> uvicorn.Config:
    """How the gateway is served: HTTP/1.1 without WebSockets, its connections held to the settings' bounds."""
    book = Connections(
        settings.max_connections,
        settings.max_connections_per_network,
        proxies=networks(settings.trusted_proxies),
    )
    # Whose word is taken for a client's address is a setting of ours (PIECEWORK_TRUSTED_PROXIES), no default of the
    # server, which believes everybody on this machine.
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=held_to(book, Patience(settings.max_head_seconds)),
        ws="none",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )


def make_room_for_files(connections: int) -> None:
    """Raises this process's limit of open files as far as is allowed. Raises ValueError if that is too little."""
    needed = connections + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise ValueError(
                f"PIECEWORK_MAX_CONNECTIONS is {connections}, and with it {needed} files can be open; this process may "
                f"open {hard}: raise that (`ulimit -n`, or LimitNOFILE= of systemd), or allow fewer connections"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


class Server(uvicorn.Server):
    """Ends live streams when it is asked to stop; otherwise it would wait for them until their clients go."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        hub: Hub = self.config.app.state.hub  # type: ignore[union-attr]
        hub.close()
        super().handle_exit(sig, frame)
