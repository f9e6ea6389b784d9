"""Has usage counted once more from its rows: spans of time became narrower, and days are kept.

The rows survive everything, so nothing is lost; the server counts them while it already answers.
"""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from documents.base import utc_now


async def migrate(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Takes the sums away and marks all rows that were in them; again, it marks the same."""
    await database["usage_events"].update_many(
        {"uncounted_since": None}, {"$set": {"uncounted_since": utc_now()}}
    )
    await database["usage_daily"].delete_many({})
