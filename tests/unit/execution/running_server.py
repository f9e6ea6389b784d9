"""An application under a real uvicorn in a thread, for tests that speak to it over the network."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from api.http_protocol import HttpProtocol
from api.websocket_protocol import WebSocketProtocol

STOP_DEADLINE_S = 20


@contextmanager
def running_server(application: ASGIApp, *, compresses: bool = False) -> Iterator[str]:
    """Serve the application for the length of the block; gives `host:port`.

    `compresses`: for clients that take it. Then events go the long way.
    """
    # Listening before the server starts: a client that is early waits in the kernel's queue.
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application,
        http=HttpProtocol,
        ws=WebSocketProtocol,
        ws_per_message_deflate=compresses,
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        host, port = listener.getsockname()
        yield f"{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(STOP_DEADLINE_S)
        assert not thread.is_alive()
