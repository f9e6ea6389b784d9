"""What a caller's token is worth: who shows it, and until when that is believed.

Whoever asks within a few seconds of each other asks the database once; a stream that is quiet asks
again every few seconds, or leaves that to whoever watches many. So a token that was revoked is
noticed everywhere after the same time.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from documents.base import utc_now
from documents.errors import is_unavailable
from graphql_schema.errors import AuthorizationError
from graphql_schema.viewers import Viewer

BELIEVED_SECONDS = 5.0
"""How soon a revoked token is noticed."""

_NEVER = datetime.min.replace(tzinfo=UTC)

Identify = Callable[[str], Awaitable[Viewer]]
Watch = Callable[[Viewer], Awaitable[AuthorizationError] | None]
"""Waits until a viewer's token is no longer good; None for one that must be asked about here."""


def watch_nobody(_viewer: Viewer) -> None:
    """Leave all the asking to whoever waits."""


class Standing:
    """A token and who shows it. One for each HTTP request and each WebSocket."""

    def __init__(
        self,
        identify: Identify,
        token: str,
        watch: Watch = watch_nobody,
        believed_seconds: float = BELIEVED_SECONDS,
    ) -> None:
        self._identify = identify
        self._watch = watch
        self._token = token
        self._believed_seconds = believed_seconds
        self._viewer: Viewer | None = None
        self._look_again_at = 0.0
        self._looked_at = _NEVER
        self._one_looks = asyncio.Lock()

    async def viewer(self, since: datetime = _NEVER) -> Viewer:
        """Who shows the token; what was found out before `since` is not believed.

        Raises:
            AuthorizationError: the token is not or no longer good.
        """
        viewer = self._believed(since)
        if viewer is None:
            # The fields of an operation ask at the same moment: one looks, and the others wait.
            async with self._one_looks:
                viewer = self._believed(since) or await self._look()
        if viewer.expires_at <= utc_now():
            raise AuthorizationError("TOKEN_EXPIRED")
        return viewer

    def _believed(self, since: datetime) -> Viewer | None:
        is_old = time.monotonic() >= self._look_again_at or self._looked_at <= since
        return None if is_old else self._viewer

    async def _look(self) -> Viewer:
        looked_at = utc_now()
        self._viewer = await self._identify(self._token)
        self._looked_at = looked_at
        self._look_again_at = time.monotonic() + self._believed_seconds
        return self._viewer

    async def ended(self) -> AuthorizationError:
        """Wait until the token is no longer good; why.

        A database that is away says nothing about a token: the next look asks again.
        """
        while True:
            try:
                viewer = await self.viewer()
                loss = self._watch(viewer)
                if loss is not None:
                    return await loss
                await asyncio.sleep(self._until_next_look(viewer))
            except AuthorizationError as error:
                return error
            except Exception as error:
                if not is_unavailable(error):
                    raise
                if self._viewer is not None and self._viewer.expires_at <= utc_now():
                    return AuthorizationError("TOKEN_EXPIRED")
                await asyncio.sleep(self._believed_seconds)

    def _until_next_look(self, viewer: Viewer) -> float:
        left = (viewer.expires_at - utc_now()).total_seconds()
        return max(0.0, min(self._look_again_at - time.monotonic(), left))
