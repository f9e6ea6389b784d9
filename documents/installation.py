"""What is known of this installation as a whole: one document, made by the first migration."""

from datetime import datetime, timedelta
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import StoredDocument, utc_now


class Installation(StoredDocument):
    """The one document of the collection; its id is a text, so it is only touched in place."""

    demo_made_at: datetime | None = None
    demo_claimed_until: datetime | None = None
    maintenance_text: str | None = None

    class Settings:
        name = "installation"


async def demo_was_made() -> bool:
    """Whether the demo was made once, or was never wanted."""
    found = await Installation.get_pymongo_collection().find_one({"_id": "installation"})
    return bool(found and found.get("demo_made_at"))


async def claim_demo(lease: timedelta, *, alone: bool) -> bool:
    """Take on the making of the demo; False when another process is at it, or has done it.

    Args:
        lease: How long the claim keeps others away.
        alone: No other process is there: what was claimed is left over from one that died.
    """
    free = {"$lte": [{"$ifNull": ["$demo_claimed_until", "$$NOW"]}, "$$NOW"]}
    nobody_else: dict[str, Any] = {} if alone else {"$expr": free}
    milliseconds = round(lease.total_seconds() * 1000)
    claimed = await Installation.get_pymongo_collection().find_one_and_update(
        {"_id": "installation", "demo_made_at": None, **nobody_else},
        [{"$set": {"demo_claimed_until": {"$add": ["$$NOW", milliseconds]}}}],
    )
    return claimed is not None


async def note_demo_made() -> None:
    """From now on the demo is the owner's: deleted or changed, it stays so."""
    await Installation.get_pymongo_collection().update_one(
        {"_id": "installation"}, {"$set": {"demo_made_at": utc_now()}}
    )


async def claim_admins(session: AsyncClientSession) -> None:
    """Let no other change of who runs the installation happen at the same time."""
    await Installation.get_pymongo_collection().update_one(
        {"_id": "installation"}, {"$set": {"admins_changed_at": utc_now()}}, session=session
    )


async def note_platform_maintenance(text: str | None, session: AsyncClientSession) -> None:
    """Keep what visitors of clients that are still to come read; None: nothing."""
    await Installation.get_pymongo_collection().update_one(
        {"_id": "installation"},
        {"$set": {"maintenance_text": text, "updated_at": utc_now()}},
        session=session,
    )


async def platform_maintenance(session: AsyncClientSession) -> str | None:
    """What visitors of a client that is made now read.

    A write, so that of making a client and beginning or ending maintenance one waits for the other.
    """
    found = await Installation.get_pymongo_collection().find_one_and_update(
        {"_id": "installation"}, {"$set": {"client_made_at": utc_now()}}, session=session
    )
    text: str | None = (found or {}).get("maintenance_text")
    return text
