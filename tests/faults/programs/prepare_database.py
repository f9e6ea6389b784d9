"""Prepares two document classes, as a starting worker does.

Usage: python -m tests.faults.programs.prepare_database URL NAME
"""

import asyncio
import sys
from pathlib import Path
from typing import ClassVar

from beanie import Document
from pymongo import ASCENDING, IndexModel

from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents


class Note(Document):
    title: str
    text: str

    class Settings:
        name = "notes"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("title", ASCENDING)], name="title", unique=True),
            IndexModel([("text", ASCENDING)], name="text"),
        ]


class Scribble(Document):
    text: str

    class Settings:
        name = "scribbles"


async def main(url: str, name: str) -> None:
    database = await open_database(
        DatabaseOptions(mongodb_url=url, data_dir=Path(), database_name=name)
    )
    try:
        await prepare_documents(database, [Note, Scribble])
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
