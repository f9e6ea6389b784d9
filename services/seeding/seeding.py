"""Sample data, as much as is wanted, made step by step; ended at any moment, it goes on later."""

from collections.abc import Awaitable, Callable
from itertools import groupby

from documents.base import utc_now
from documents.clients import Client
from documents.erasure import erase_client
from documents.ids import PydanticObjectId
from documents.installation import Installation
from documents.seeds import (
    SeedProgress,
    begin_removal,
    begin_seeds,
    count_step,
    forget_seeds,
    seed_progress,
)
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from services.audit.audit_log import record_about
from services.seeding.making import SLUG_PREFIX, Making, slug_of
from services.seeding.sizes import SeedSize, Step, steps_of

LARGEST = SeedSize(clients=100_000, chatbots=1_000_000, messages=100_000_000)
STEP_SECONDS = 60.0
"""For one step, also on a machine that has other things to do."""

InOneTransaction = Callable[[Callable[[WriteSession], Awaitable[None]]], Awaitable[None]]
Told = Callable[[int], object]
"""Called with how many more messages or clients are done."""


class SeedingRefusedError(RuntimeError):
    """There is something in the way; the text says what to do."""


class Seeding:
    """Makes sample data and takes it away."""

    def __init__(
        self, in_one_transaction: InOneTransaction, llm_config_id: PydanticObjectId
    ) -> None:
        """`llm_config_id` is the model of all chatbots."""
        self._in_one_transaction = in_one_transaction
        self._llm_config_id = llm_config_id

    async def begin(self, size: SeedSize) -> SeedProgress:
        """Say what is wanted, or go on with what was wanted before.

        Raises:
            SeedingRefusedError: something else is there already.
        """
        _check(size)
        progress = await seed_progress()
        if progress is None:
            progress = SeedProgress(
                clients=size.clients,
                chatbots=size.chatbots,
                messages=size.messages,
                began_at=utc_now().replace(microsecond=0),
            )
            await self._in_one_transaction(lambda session: _begun(progress, session))
        elif progress.removing:
            raise SeedingRefusedError(
                "Seeds were being taken away. Finish that first: `parlance seed --remove`."
            )
        elif size_of(progress) != size:
            raise SeedingRefusedError(
                f"There are seeds of another size: {_told(size_of(progress))}. Give the same"
                " numbers to go on with them, or take them away with `parlance seed --remove`."
            )
        return progress

    async def go_on(self, progress: SeedProgress, tell: Told) -> None:
        """Make what is missing, and tell how many messages are stored after each step.

        Raises:
            SeedingRefusedError: another command makes seeds at the same time.
        """
        making = Making(progress.began_at, self._llm_config_id)
        for number, step in enumerate(steps_of(size_of(progress))):
            if number >= progress.steps:
                await self._stored(making, number, step)
            tell(sum(step.lengths))

    async def remove(self, tell: Told) -> int:
        """Take all seeds away; how many clients there were. Ended, it goes on when called again."""
        await begin_removal()
        progress = await seed_progress()
        clients = progress.clients if progress else 0
        for number in range(clients):
            await erase_client(slug_of(number))
            tell(1)
        await forget_seeds()
        return clients

    async def _stored(self, making: Making, number: int, step: Step) -> None:
        documents = list(making.documents(step))
        scope = TenantScope.one(slug_of(step.client))

        async def store(session: WriteSession) -> None:
            if not await count_step(number, session):
                raise SeedingRefusedError("Another command makes or removes seeds at the moment.")
            documents.sort(key=lambda one: type(one).__name__)
            for kind, some in groupby(documents, key=type):
                await scope.of(kind).insert_many(list(some), session=session)

        await self._in_one_transaction(store)


def size_of(progress: SeedProgress) -> SeedSize:
    """What was wanted."""
    return SeedSize(progress.clients, progress.chatbots, progress.messages)


async def _begun(progress: SeedProgress, session: WriteSession) -> None:
    clients = TenantScope.every_client().of(Client)
    taken = {"client_id": {"$regex": f"^{SLUG_PREFIX}[0-9]"}}
    if await clients.count(taken, limit=1, session=session):
        raise SeedingRefusedError(
            f"There are clients whose slug begins with {SLUG_PREFIX!r}, and they are no seeds of"
            " this database. Delete them first."
        )
    if not await begin_seeds(progress, session):
        raise SeedingRefusedError("Another command makes seeds at the moment.")
    noted = _numbers(size_of(progress))
    await record_about(session, Installation, None, client_id=None, noted=noted)


def _check(size: SeedSize) -> None:
    wanted, largest = _numbers(size), _numbers(LARGEST)
    for name, number in wanted.items():
        least = 1 if name == "clients" else 0
        if not least <= number <= largest[name]:
            raise SeedingRefusedError(f"--{name} needs a number from {least} to {largest[name]}.")
    if size.messages and not size.chatbots:
        raise SeedingRefusedError("Messages need chatbots: give --chatbots a number above 0.")


def _numbers(size: SeedSize) -> dict[str, int]:
    return {"clients": size.clients, "chatbots": size.chatbots, "messages": size.messages}


def _told(size: SeedSize) -> str:
    return ", ".join(f"--{name} {number}" for name, number in _numbers(size).items())
