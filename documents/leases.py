"""The right to do a piece of work, held by one process at a time and lost when it falls silent.

One document for each; taken, renewed and given back by one conditional update each. The times are
the database server's (`$$NOW`), so workers whose clocks differ agree on who holds it.
"""

import asyncio
import os
import secrets
import socket
import time
from typing import Any, ClassVar, NoReturn

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, PyMongoError

from documents.errors import WorkLeaseLostError, is_unavailable

LEASE_S = 15.0
"""How long a silent holder keeps the lease, in seconds: what a killed holder costs the next."""


class NamedLease:
    """This process's claim on the work of this name. `duration_s` is in seconds."""

    lost_error: ClassVar[type[Exception]] = WorkLeaseLostError

    def __init__(
        self,
        collection: AsyncCollection[dict[str, Any]],
        name: str,
        *,
        duration_s: float = LEASE_S,
    ) -> None:
        self._collection = collection
        self._name = name
        self._duration_s = duration_s
        self._holder = f"{socket.gethostname()} process {os.getpid()}"
        self._token = secrets.token_hex(8)

    async def acquire(self) -> bool:
        """Takes the lease if nobody holds it."""
        await self._make_document()
        free = {"$lte": ["$expires_at", "$$NOW"]}
        taken = await self._collection.find_one_and_update(
            {"_id": self._name, "$expr": free},
            [{"$set": {"token": self._token, "holder": self._holder, **self._expiry()}}],
        )
        return taken is not None

    async def holder(self) -> str:
        """Who holds it, in words for a message."""
        document = await self._collection.find_one({"_id": self._name}) or {}
        return str(document.get("holder") or "Another process")

    async def renew(self, session: AsyncClientSession | None = None) -> None:
        """Holds it for another `duration_s`. In a transaction: only if we still hold it at its end.

        Raises:
            WorkLeaseLostError: when it has expired or is another's.
        """
        renewed = await self._collection.find_one_and_update(
            {"_id": self._name, "token": self._token, "$expr": {"$gt": ["$expires_at", "$$NOW"]}},
            [{"$set": self._expiry()}],
            session=session,
        )
        if renewed is None:
            raise self.lost_error

    async def keep(self) -> NoReturn:
        """Renews it again and again, until it cannot.

        Raises:
            WorkLeaseLostError: when it is lost.
        """
        renewed_at = time.monotonic()
        while True:
            await asyncio.sleep(self._duration_s / 4)
            asked_at = time.monotonic()
            try:
                await self.renew()
                renewed_at = asked_at
            except PyMongoError as error:
                if not is_unavailable(error):
                    raise
                if time.monotonic() - renewed_at > self._duration_s:
                    raise self.lost_error from error

    async def release(self, *, rest_s: float = 0.0) -> None:
        """Gives it back, if it is still ours; nobody gets it for the next `rest_s` seconds."""
        free_at = {"$add": ["$$NOW", round(rest_s * 1000)]}
        await self._collection.update_one(
            {"_id": self._name, "token": self._token},
            [{"$set": {"token": None, "holder": None, "expires_at": free_at}}],
        )

    async def _make_document(self) -> None:
        try:
            await self._collection.update_one(
                {"_id": self._name}, [{"$set": {"expires_at": _or_now("$expires_at")}}], upsert=True
            )
        except DuplicateKeyError:  # two made it at once
            return

    def _expiry(self) -> dict[str, Any]:
        duration_ms = round(self._duration_s * 1000)
        return {"expires_at": {"$add": ["$$NOW", duration_ms]}}


def _or_now(field: str) -> dict[str, Any]:
    return {"$ifNull": [field, "$$NOW"]}
