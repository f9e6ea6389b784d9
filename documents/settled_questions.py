"""Unanswered questions that somebody has dealt with: answered in the knowledge, or dismissed.

Questions are known by their fingerprints, as in `usage_highlights`: not a word that a visitor wrote
stands here, so there is nothing to erase when a visitor is.
"""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel, UpdateOne

from documents.base import TenantDocument, utc_now
from documents.tenancy import TenantScope
from documents.transactions import WriteSession


class SettledQuestion(TenantDocument):
    """A question of a chatbot's visitors.

    Attributes:
        question_key: its fingerprint.
        settled_at: when. An answered one that nothing answers later than that is open again.
        source_id: the knowledge source that got its answer; None for a dismissed one.
    """

    chatbot_id: PydanticObjectId
    question_key: str
    settled_at: datetime
    source_id: PydanticObjectId | None = None

    class Settings:
        name = "settled_questions"
        indexes: ClassVar = [
            IndexModel(
                [
                    ("client_id", ASCENDING),
                    ("chatbot_id", ASCENDING),
                    ("question_key", ASCENDING),
                ],
                unique=True,
                name="question",
            ),
        ]


async def settle_questions(
    client_id: str,
    chatbot_id: PydanticObjectId,
    keys: Collection[str],
    source_id: PydanticObjectId | None,
    session: WriteSession,
) -> None:
    """Store that questions are dealt with now, in this way."""
    settled, now = TenantScope.one(client_id).of(SettledQuestion), utc_now()
    updates = [
        UpdateOne(
            settled.condition({"chatbot_id": chatbot_id, "question_key": key}),
            {
                "$set": {"settled_at": now, "source_id": source_id, "updated_at": now},
                "$setOnInsert": {"created_at": now},
            },
            upsert=True,
        )
        for key in sorted(keys)
    ]
    if updates:
        await settled.raw.bulk_write(updates, ordered=False, session=session)


async def settled_among(
    client_id: str, chatbot_id: PydanticObjectId, keys: Collection[str]
) -> dict[str, SettledQuestion]:
    """Those of these questions that are dealt with, by their fingerprints."""
    wanted = {"chatbot_id": chatbot_id, "question_key": {"$in": sorted(keys)}}
    settled = TenantScope.one(client_id).of(SettledQuestion)
    found = await settled.find(wanted, limit=max(1, len(keys)))
    return {one.question_key: one for one in found}
