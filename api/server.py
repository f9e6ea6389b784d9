"""uvicorn with our limits, and the words that a person sees when the server is up."""

import logging
import signal
import socket
import sys
from types import FrameType

import uvicorn
from fastapi import FastAPI

from api.application import create_application
from api.first_password import FirstPassword
from api.garbage import spare_what_stays
from api.http_protocol import HttpProtocol
from api.last_deadline import end_within
from api.listening import listening_socket
from api.logs import configure_logs
from api.routes.dashboard import PATH, is_built
from api.settings import Settings
from api.websocket_protocol import WebSocketProtocol

MAX_WEBSOCKET_MESSAGE_BYTES = 256 * 1024
BACKLOG = 2048
SHUTDOWN_SECONDS = 5
"""How long open requests may take after SIGTERM; answers have PARLANCE_DRAIN_SECONDS."""


LAST_SECONDS = 30.0
"""What else an end may take, after open requests and answers: closing connections and database."""


class ParlanceServer(uvicorn.Server):
    """Tells where to look once the sockets listen, and ends in any case."""

    def __init__(
        self, config: uvicorn.Config, *, last_seconds: float, is_worker: bool = False
    ) -> None:
        super().__init__(config)
        self._is_worker = is_worker
        self._last_seconds = last_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end, at a signal."""
        if not self.should_exit:
            end_within(self._last_seconds)
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then announce."""
        await super().startup(sockets)
        if self.started:
            spare_what_stays()
            state = self.config.app.state  # type: ignore[union-attr]
            if self._is_worker:
                announce_worker(state.settings)
            else:
                announce(state.settings, state.first_password)


def serve(
    settings: Settings,
    application: FastAPI | None = None,
    *,
    last_seconds: float = LAST_SECONDS,
    is_worker: bool = False,
) -> int:
    """Run the server until a signal ends it; the exit status.

    Args:
        settings: Of the installation.
        application: What to serve instead of the product as it is, made from the same settings.
        last_seconds: How long an end may take beside what requests and answers may.
        is_worker: Whether the application does background work alone.

    Raises:
        PortInUseError: the address is taken.
        DatabaseError: the database cannot be opened.
        SecretKeyError: the installation's secret cannot be read.
    """
    style = settings.log_format or ("console" if settings.in_development else "json")
    configure_logs(style=style, level=settings.log_level)
    listener = listening_socket(settings)
    application = application or create_application(settings)
    # A start that failed for a reason that people can mend is told in a sentence by `main`.
    logging.getLogger("uvicorn.error").addFilter(lambda _: application.state.start_problem is None)
    config = uvicorn.Config(
        application,
        http=HttpProtocol,
        ws=WebSocketProtocol,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        server_header=False,
        ws_max_size=MAX_WEBSOCKET_MESSAGE_BYTES,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        backlog=BACKLOG,
        lifespan="on",
    )
    longest = SHUTDOWN_SECONDS + settings.drain_seconds + last_seconds
    server = ParlanceServer(config, last_seconds=longest, is_worker=is_worker)
    # uvicorn raises the signal that ended it once more, after the drain: that is a clean end.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _end)
    try:
        server.run(sockets=[listener])
    except SystemExit:
        if application.state.start_problem is not None:
            raise application.state.start_problem from None
        raise
    return 0 if server.started else 1


def _end(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def announce(settings: Settings, first_password: FirstPassword | None) -> None:
    """Print where to look, for the person who just started the server."""
    url = settings.base_url
    lines = ["", f"  Parlance is running at {url}", ""]
    if settings.demo:
        lines.append(f"  Try it           {url}/demo")
    if is_built(settings):
        lines.append(f"  Dashboard        {url}{PATH}/")
    lines.append(f"  GraphQL          {url}/graphql   (schema: {url}/schema.graphql)")
    lines.append(f"  Documentation    {url}/docs")
    if first_password:
        lines += ["", f"  First admin      {settings.admin_email}", *_where(first_password)]
    sys.stdout.write("\n".join([*lines, "", ""]))
    sys.stdout.flush()


def announce_worker(settings: Settings) -> None:
    """Print that background work goes on, and where that can be seen."""
    url = settings.listening_url
    sys.stdout.write(f"\n  Parlance works in the background   ({url}/readyz)\n\n")
    sys.stdout.flush()


def _where(first: FirstPassword) -> list[str]:
    if first.file is None:
        return [
            f"  Password         {first.text}",
            "  It is shown this once. Sign in with the mutation signIn.",
        ]
    return [
        f"  Password         in {first.file}",
        "  Sign in with the mutation signIn, change it with changePassword, delete the file.",
    ]
