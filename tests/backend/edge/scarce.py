"""A server with few files to open, in a process of its own: `python -m tests.backend.edge.scarce FILES TOTAL EACH`.

With a total of 0 nothing bounds its connections. Prints its port, and serves until its standard input is closed.
"""

from __future__ import annotations

import resource
import sys
import threading
from types import SimpleNamespace
from typing import Any

import uvicorn
from fastapi import FastAPI

from scripts.serve import config_of


def main() -> None:
    files, total, each = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    settings: Any = SimpleNamespace(
        max_connections=total, max_connections_per_network=each, max_head_seconds=60, trusted_proxies=""
    )
    app = FastAPI()
    app.add_api_route("/healthz", lambda: "alive")
    config = config_of(app, settings, "127.0.0.1", 0)
    server, listening = uvicorn.Server(config), config.bind_socket()
    listening.listen(config.backlog)

    def end_with_the_test() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=end_with_the_test, daemon=True).start()
    print(listening.getsockname()[1], flush=True)
    server.run(sockets=[listening])


if __name__ == "__main__":
    main()
