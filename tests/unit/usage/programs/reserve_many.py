"""One of several processes that reserve from a client's month at once, and settle what they got.

Arguments: the folder of the embedded database, the client and how many answers. Says how many
reservations it got.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from documents.clients import Client
from documents.database.opening import attach_database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents
from documents.registry import DOCUMENT_CLASSES
from documents.tenancy import TenantScope
from documents.usage_months import settle
from services.usage.reservations import LimitReachedError, Wish, reserve_one_of
from tests.unit.usage.test_reservations import answer_at

COST = 700


async def reserve_many(folder: str, client_id: str, count: int) -> int:
    """Reserve for so many answers at once; how many of them got something."""
    options = DatabaseOptions(mongodb_url=None, data_dir=Path(folder))
    database = await attach_database(options)
    try:
        await prepare_documents(database, DOCUMENT_CLASSES)
        client = await TenantScope.one(client_id).of(Client).find_one({})
        assert client is not None
        return sum(await asyncio.gather(*(reserved(client) for _ in range(count))))
    finally:
        await database.close()


async def reserved(client: Client) -> bool:
    """Whether there was room for one more answer, which is settled then."""
    answer = answer_at(client, datetime.now(UTC))
    try:
        await reserve_one_of(client, answer, [Wish("soft", COST)])
    except LimitReachedError:
        return False
    assert await settle(client.client_id, answer.id, questions=1, micros=COST) is not None
    return True


if __name__ == "__main__":
    print(asyncio.run(reserve_many(sys.argv[1], sys.argv[2], int(sys.argv[3]))))  # noqa: T201
