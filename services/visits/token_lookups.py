"""Finds visitors' tokens in the database, all that are asked for meanwhile with one question.

Every open widget asks every few seconds whether its token is still good. While one question is on
its way, others wait and go together in the next: alone nobody waits longer, and ten thousand
sockets ask a few dozen times a second. What was revoked before somebody asked is never found: a
question begins after all that it answers.
"""

import asyncio
from contextvars import Context
from itertools import islice

from documents.database.driver import operation_deadline
from documents.tenancy import TenantScope
from documents.widget_tokens import WidgetToken

DATABASE_SECONDS = 4.0
"""For the one look that every request of a widget waits for."""

TOKENS_AT_ONCE = 500

_Key = tuple[str, str]
"""A client, and the fingerprint of a token that says to be one of its visitors'."""


class TokenLookups:
    """Looks for tokens that were not revoked."""

    def __init__(self) -> None:
        self._waiting: dict[_Key, list[asyncio.Future[WidgetToken | None]]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def find(self, client_id: str, token_hash: str) -> WidgetToken | None:
        """The record of a token of a client; None if there is none that was not revoked.

        Raises:
            DatabaseUnavailableError: the database did not answer in time.
        """
        found: asyncio.Future[WidgetToken | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault((client_id, token_hash), []).append(found)
        if self._looking is None or self._looking.done():
            # A context of its own: the question is not one caller's, nor is its deadline.
            self._looking = asyncio.create_task(self._look(), context=Context())
        return await found

    async def _look(self) -> None:
        while self._waiting:
            keys = list(islice(self._waiting, TOKENS_AT_ONCE))
            asked = {key: self._waiting.pop(key) for key in keys}
            try:
                records = await _records(keys)
            except Exception as error:  # noqa: BLE001 - it belongs to those who asked
                for future in _unanswered(asked):
                    future.set_exception(error)
                continue
            for key, futures in asked.items():
                for future in futures:
                    if not future.done():
                        future.set_result(records.get(key))


def _unanswered(
    asked: dict[_Key, list[asyncio.Future[WidgetToken | None]]],
) -> list[asyncio.Future[WidgetToken | None]]:
    return [one for futures in asked.values() for one in futures if not one.done()]


async def _records(keys: list[_Key]) -> dict[_Key, WidgetToken]:
    tokens = TenantScope.many([client_id for client_id, _ in keys]).of(WidgetToken)
    live = {"token_hash": {"$in": [token_hash for _, token_hash in keys]}, "revoked_at": None}
    with operation_deadline(DATABASE_SECONDS):
        found = await tokens.find(live, limit=len(keys))
    return {(one.client_id, one.token_hash): one for one in found}
