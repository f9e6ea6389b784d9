"""What is known of this installation as a whole: one document, made by the first migration."""

from datetime import datetime

from documents.base import StoredDocument, utc_now


class Installation(StoredDocument):
    """The one document of the collection; its id is a text, so it is only touched in place."""

    demo_made_at: datetime | None = None

    class Settings:
        name = "installation"


async def demo_was_made() -> bool:
    """Whether the demo was made once, or was never wanted."""
    found = await Installation.get_pymongo_collection().find_one({"_id": "installation"})
    return bool(found and found.get("demo_made_at"))


async def note_demo_made() -> None:
    """From now on the demo is the owner's: deleted or changed, it stays so."""
    await Installation.get_pymongo_collection().update_one(
        {"_id": "installation"}, {"$set": {"demo_made_at": utc_now()}}
    )
