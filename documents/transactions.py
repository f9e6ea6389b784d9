"""Several writes that belong together, as services see them: the driver stays in `documents`."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession

WriteSession = AsyncClientSession
Outcome = TypeVar("Outcome")


class Transactions(Protocol):
    """Runs a callback whose writes all happen or none; `documents.database.Database` is one."""

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        """The callback's outcome. It may run several times: a conflict starts it anew."""
        ...
