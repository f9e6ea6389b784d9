"""What a server may offer to sockets that send many small messages: an extension of ASGI.

Servers put it into the scope of a connection; where it is missing, messages go their usual way.
"""

from collections.abc import Sequence
from typing import Any, Protocol, cast

FRAMES = "parlance.frames"
"""The name of the extension; under its key `socket` is a `FrameSocket`."""


class FrameSocket(Protocol):
    """Takes messages in bulk."""

    def write_texts(self, texts: Sequence[bytes]) -> bool:
        """Hand text messages to the network at once; False if the client must catch up first.

        Raises:
            OSError: the connection has ended or is about to.
        """

    async def drained(self) -> None:
        """Wait until the client has caught up, or is gone."""


def frame_socket(scope: Any) -> FrameSocket | None:
    """What the server offers in this scope."""
    offered = (scope.get("extensions") or {}).get(FRAMES)
    return cast("FrameSocket", offered["socket"]) if offered else None
