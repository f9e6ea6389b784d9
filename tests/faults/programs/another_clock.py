"""A process whose clock is wrong: it records an event of a client and spreads it, or delivers.

Usage: python -m tests.faults.programs.another_clock URL NAME CLIENT SECONDS, SECONDS: how far the
clock is ahead; negative: behind
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import documents.base
from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents
from documents.ids import PydanticObjectId
from documents.registry import DOCUMENT_CLASSES
from services.integrations.spreading import spread_some
from services.outbox.recording import Happening, record


def set_clock(ahead: timedelta) -> None:
    """Let the product read another time of this process than it is."""

    class WrongClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = UTC) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead

    vars(documents.base)["datetime"] = WrongClock


async def main(url: str, name: str, client_id: str, seconds: str) -> None:
    options = DatabaseOptions(mongodb_url=url, data_dir=Path(), database_name=name)
    database = await open_database(options)
    await prepare_documents(database, DOCUMENT_CLASSES)
    ahead = timedelta(seconds=float(seconds))
    set_clock(ahead)
    off = documents.base.utc_now() - datetime.now(UTC)
    if abs(off - ahead) > timedelta(minutes=1):
        raise RuntimeError("the clock is right")
    await record(Happening(client_id, "quota.threshold", f"quota.threshold/{PydanticObjectId()}"))
    while await spread_some():
        pass
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
