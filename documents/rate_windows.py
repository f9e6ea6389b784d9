"""How often something happened within the last minutes, kept where every process sees it.

One document a key, changed by one update that looks, decides and notes in a single step. The time
is the database's own, so that it does not matter whose clock is wrong. A window nobody came back to
is cleared away by MongoDB.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from pymongo import ASCENDING, IndexModel, ReturnDocument

from documents.base import StoredDocument
from documents.duplicates import DuplicateError, duplicates_reported

MILLISECOND = timedelta(milliseconds=1)


class RateWindow(StoredDocument):
    """The moments of what was accepted under one key, oldest first."""

    key: str
    moments: list[datetime] = []
    accepted: bool = True
    expires_at: datetime

    class Settings:
        name = "rate_windows"
        indexes: ClassVar = [
            IndexModel([("key", ASCENDING)], unique=True, name="key"),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0, name="expiry"),
        ]


async def hit_window(
    key: str, most: int, per: timedelta, *, now: datetime | None = None
) -> datetime | None:
    """Note one more of a key unless there are as many as may be; else when there is room again.

    Args:
        key: What is counted.
        most: How many may be within `per`.
        per: How long a moment counts.
        now: Replaces the database's time in tests.
    """
    update = _one_more(most, per, now or "$$NOW")
    try:
        with duplicates_reported():
            window = await _updated(key, update)
    except DuplicateError:  # two firsts at once: the other one made the document
        window = await _updated(key, update)
    if window["accepted"]:
        return None
    moments: list[datetime] = window["moments"]
    return moments[len(moments) - most] + per


async def forget_window(key: str) -> None:
    """Start a key anew."""
    await RateWindow.get_pymongo_collection().delete_one({"key": key})


async def _updated(key: str, update: list[dict[str, Any]]) -> dict[str, Any]:
    windows = RateWindow.get_pymongo_collection()
    found = await windows.find_one_and_update(
        {"key": key}, update, upsert=True, return_document=ReturnDocument.AFTER
    )
    return found or {}


def _one_more(most: int, per: timedelta, now: datetime | str) -> list[dict[str, Any]]:
    length_ms = per // MILLISECOND
    begins = {"$subtract": [now, length_ms]}
    stored = {"$ifNull": ["$moments", []]}
    within = {"$filter": {"input": stored, "cond": {"$gt": ["$$this", begins]}}}
    one_more = {"$concatArrays": ["$moments", [now]]}
    return [
        {"$set": {"moments": within, "created_at": {"$ifNull": ["$created_at", now]}}},
        {"$set": {"accepted": {"$lt": [{"$size": "$moments"}, most]}}},
        {"$set": {"moments": {"$cond": ["$accepted", one_more, "$moments"]}, "updated_at": now}},
        {"$set": {"expires_at": {"$add": [{"$last": "$moments"}, length_ms]}}},
    ]
