"""How far sample data has been made. It stands in the one document of the installation.

Each step of the making stores its documents and counts itself in one transaction. So there is never
half a step, whenever the command was ended, and the next one goes on exactly there.
"""

from datetime import datetime

from pydantic import BaseModel

from documents.installation import Installation
from documents.transactions import WriteSession

_ID = {"_id": "installation"}


class SeedProgress(BaseModel):
    """What was wanted, since when, and how many steps of it are stored."""

    clients: int
    chatbots: int
    messages: int
    began_at: datetime
    steps: int = 0
    removing: bool = False


async def seed_progress() -> SeedProgress | None:
    """How far the making is; None when there are no seeds."""
    found = await Installation.get_pymongo_collection().find_one(_ID, {"seeds": 1})
    stored = (found or {}).get("seeds")
    return SeedProgress.model_validate(stored) if stored else None


async def begin_seeds(progress: SeedProgress, session: WriteSession) -> bool:
    """Note what is wanted; False when seeds were begun before."""
    begun = await Installation.get_pymongo_collection().update_one(
        {**_ID, "seeds": None}, {"$set": {"seeds": progress.model_dump()}}, session=session
    )
    return begun.modified_count == 1


async def count_step(step: int, session: WriteSession) -> bool:
    """Note that a step is stored; False when somebody else was at it."""
    counted = await Installation.get_pymongo_collection().update_one(
        {**_ID, "seeds.steps": step, "seeds.removing": False},
        {"$inc": {"seeds.steps": 1}},
        session=session,
    )
    return counted.modified_count == 1


async def begin_removal() -> None:
    """Let nobody make more."""
    await Installation.get_pymongo_collection().update_one(
        {**_ID, "seeds.steps": {"$exists": True}}, {"$set": {"seeds.removing": True}}
    )


async def forget_seeds() -> None:
    """Note that there are no seeds any more."""
    await Installation.get_pymongo_collection().update_one(_ID, {"$unset": {"seeds": ""}})
