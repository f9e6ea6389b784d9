"""Which process works at a knowledge source: the lease is part of the source itself.

Every write of the work names the token it holds, in the transaction that writes pages and chunks.
So whoever was silent for too long, or whose source was deleted, writes nothing any more. The times
are the database server's (`$$NOW`): servers whose clocks differ agree on who holds it.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from beanie import PydanticObjectId
from pymongo import ASCENDING, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from documents.base import utc_now
from documents.knowledge_sources import KnowledgeSource
from documents.tenancy import TenantScope

LEASE_S = 20.0
"""How long a silent process keeps a source: what a killed one costs the next, in seconds."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work at a source: `asked` is what had been asked of it when it was taken."""

    client_id: str
    source_id: PydanticObjectId
    token: str
    asked: int

    @property
    def held(self) -> dict[str, Any]:
        """The filter that finds the source as long as the right lasts."""
        return {"_id": self.source_id, "work_token": self.token}


async def claim_work(
    token: str,
    *,
    lease_s: float = LEASE_S,
    only: Mapping[str, Any] | None = None,
    passing_over: Collection[str] = (),
) -> Claim | None:
    """Take a source whose work is due, the longest waiting first; None when there is none.

    Args:
        token: Names whoever takes it; nobody else has the same.
        lease_s: How long it is held without another sign of life, in seconds.
        only: A filter for the sources.
        passing_over: Clients whose sources are left to wait.
    """
    found = await _sources().find_one_and_update(
        _due(only or {}, passing_over),
        [{"$set": {"work_token": token, "work_due_at": _in_seconds(lease_s)}}],
        sort=[("work_due_at", ASCENDING)],
        projection={"client_id": 1, "work_asked": 1},
        return_document=ReturnDocument.AFTER,
    )
    if found is None:
        return None
    return Claim(found["client_id"], found["_id"], token, found.get("work_asked", 0))


async def is_work_waiting(*, only: Mapping[str, Any], passing_over: Collection[str]) -> bool:
    """Whether there is a source whose work is due; see `claim_work`."""
    return await _sources().find_one(_due(only, passing_over), {"_id": 1}) is not None


async def is_site_waiting(claim: Claim, *, only: Mapping[str, Any], within_s: float) -> bool:
    """Whether another source of the site that this one reads is due, or will be very soon.

    Args:
        claim: Of the source that reads it.
        only: A filter for the other ones.
        within_s: How soon, in seconds.
    """
    own = await _sources().find_one(_held(claim), {"url": 1})
    host = urlsplit((own or {}).get("url") or "").hostname
    if host is None:
        return False
    same = {
        "url": {"$regex": rf"^https?://{re.escape(host)}(:|/|\?|#|$)", "$options": "i"},
        "work_token": None,
        "_id": {"$ne": claim.source_id},
    }
    waiting = {**only, **same, **_due_at(_in_seconds(within_s))}
    return await _sources().find_one(waiting, {"_id": 1}) is not None


async def keep_work(claim: Claim, *, lease_s: float = LEASE_S) -> bool:
    """Hold the source for longer; False when somebody else has it, or it is gone."""
    result = await _sources().update_one(
        _held(claim), [{"$set": {"work_due_at": _in_seconds(lease_s)}}]
    )
    return result.matched_count == 1


async def finish_work(claim: Claim) -> None:
    """Give the source back: due again at once if more was asked meanwhile, else by its schedule."""
    more = {"$ne": ["$work_asked", claim.asked]}
    due = {"$cond": [more, "$$NOW", {"$ifNull": ["$next_sync_at", None]}]}
    await _sources().update_one(_held(claim), [{"$set": {"work_token": None, "work_due_at": due}}])


async def leave_work(claim: Claim, *, rest_s: float = 0.0) -> None:
    """Give the source back with its work undone; it is due again after `rest_s` seconds."""
    await _sources().update_one(
        _held(claim), [{"$set": {"work_token": None, "work_due_at": _in_seconds(rest_s)}}]
    )


async def free_all_work() -> None:
    """Let anybody take any source at once: for the only process on its database, at its start."""
    await _sources().update_many(
        {"work_token": {"$ne": None}, "client_id": {"$exists": True}},
        [{"$set": {"work_token": None, "work_due_at": "$$NOW"}}],
    )


async def ask_for_work(
    scope: TenantScope,
    filter_: Mapping[str, Any],
    fields: Mapping[str, Any],
    session: AsyncClientSession | None = None,
) -> KnowledgeSource | None:
    """Change a source and have its work done soon, also when a process is at it already."""
    sources = scope.of(KnowledgeSource)
    due = {"$cond": [{"$eq": [{"$ifNull": ["$work_token", None]}, None]}, "$$NOW", "$work_due_at"]}
    change = {
        "work_asked": {"$add": [{"$ifNull": ["$work_asked", 0]}, 1]},
        "work_due_at": due,
        "updated_at": utc_now(),
    }
    values = {name: {"$literal": value} for name, value in fields.items()}
    found = await sources.raw.find_one_and_update(
        sources.condition(filter_),
        [{"$set": {**values, **change}}],
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    return None if found is None else KnowledgeSource.model_validate(found)


def _due(only: Mapping[str, Any], passing_over: Collection[str]) -> dict[str, Any]:
    found = _due_at("$$NOW")
    return {**only, **found, "client_id": {**found["client_id"], "$nin": sorted(passing_over)}}


def _due_at(moment: Any) -> dict[str, Any]:
    """Due by then, of any client."""
    return {
        "work_due_at": {"$type": "date"},
        "client_id": {"$exists": True},
        "$expr": {"$lte": ["$work_due_at", moment]},
    }


def _held(claim: Claim) -> dict[str, Any]:
    return TenantScope.one(claim.client_id).of(KnowledgeSource).condition(claim.held)


def _in_seconds(seconds: float) -> dict[str, Any]:
    return {"$add": ["$$NOW", round(seconds * 1000)]}


def _sources() -> AsyncCollection[dict[str, Any]]:
    return KnowledgeSource.get_pymongo_collection()
