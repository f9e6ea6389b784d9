"""uvicorn with the protocols of `parlance serve`, for applications that are no whole product."""

import sys

import uvicorn

from api.http_protocol import HttpProtocol
from api.websocket_protocol import WebSocketProtocol

if __name__ == "__main__":
    application, port = sys.argv[1:]
    uvicorn.run(
        application,
        port=int(port),
        log_level="warning",
        http=HttpProtocol,
        ws=WebSocketProtocol,
        ws_per_message_deflate=False,
    )
