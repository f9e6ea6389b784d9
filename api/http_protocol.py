"""HTTP/1.1 as uvicorn speaks it, without leftovers of connections that became WebSockets."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class HttpProtocol(HttpToolsProtocol):
    """Lets go of its parser when a WebSocket takes the connection over.

    The two hold each other. Thousands of such pairs would stay for as long as their sockets, and
    after that until Python's search for garbage finds them, which holds every stream up.
    """

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over; nothing is parsed here any more."""
        super().handle_websocket_upgrade()
        del self.parser
