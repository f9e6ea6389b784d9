"""What http_get and http_post give a hook."""

import json
from typing import Any


class HttpError(Exception):
    """A request that could not be made; its text says why. Hooks may catch it."""


class Reply:
    """The reply to a request of a hook."""

    __slots__ = ("headers", "status", "text")

    def __init__(self, status: int, headers: dict[str, str], text: str) -> None:
        self.status = status
        self.headers = headers
        self.text = text

    @property
    def ok(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300  # noqa: PLR2004 (HTTP's own)

    def json(self) -> Any:
        """The text as JSON.

        Raises:
            json.JSONDecodeError: it is none.
        """
        return json.loads(self.text)
