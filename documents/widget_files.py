"""Files of every build of the widget that this installation ever served.

Pages that were opened before an update, pages that pin a build by its hash, and servers that are
being updated one after another all ask for files that the newest build does not have.
"""

from typing import ClassVar

from pymongo import ASCENDING, IndexModel

from documents.base import StoredDocument, utc_now
from documents.database.driver import operation_deadline
from documents.duplicates import DuplicateError, duplicates_reported
from documents.ids import PydanticObjectId

DATABASE_SECONDS = 4.0


class WidgetFile(StoredDocument):
    """A file of a build. Its name carries the hash of its content, so it never changes."""

    name: str
    content: bytes

    class Settings:
        name = "widget_files"
        indexes: ClassVar = [IndexModel([("name", ASCENDING)], unique=True, name="name")]


async def keep_widget_file(name: str, content: bytes) -> None:
    """Store a file, unless it is there; several processes may do it at once."""
    now = utc_now()
    new = {
        "_id": PydanticObjectId(),
        "content": content,
        "created_at": now,
        "updated_at": now,
    }
    try:
        with duplicates_reported(), operation_deadline(DATABASE_SECONDS):
            await WidgetFile.get_pymongo_collection().update_one(
                {"name": name}, {"$setOnInsert": new}, upsert=True
            )
    except DuplicateError:
        return  # another process stored the same file a moment ago


async def kept_widget_file(name: str) -> bytes | None:
    """The content of a file; None if it was never served here."""
    with operation_deadline(DATABASE_SECONDS):
        found = await WidgetFile.get_pymongo_collection().find_one({"name": name}, {"content": 1})
    return None if found is None else bytes(found["content"])
