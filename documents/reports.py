"""Reports that somebody asked for, or that were due: what about, and how far their making is.

Whoever makes a report takes it by one conditional update and says again and again that it is still
at it. If that process dies, another takes the report when the lease has ended. The file itself is a
download, see `documents.downloads`; only its code stands here, sealed.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, cast

from beanie import PydanticObjectId
from beanie.odm.utils.parsing import parse_obj
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument

from documents.base import TenantDocument, utc_now

ReportFormatName = Literal["html", "csv", "json"]
ReportStatusName = Literal["queued", "running", "ready", "failed"]
ReportIntervalName = Literal["weekly", "monthly"]

LEASE = timedelta(minutes=5)
"""Longer than gathering what a report tells takes; writing begins it anew again and again."""

KEPT = timedelta(days=90)
"""How long is known that there was a report."""


class Report(TenantDocument):
    """A report.

    Attributes:
        key: what it is about, of a schedule's: it is made once.
        since: the first day by the client's clock, as in "2026-11-22".
        until: the day after the last one.
        recipients: who gets it by mail.
        due_at: when somebody may take it, also again.
    """

    chatbot_id: PydanticObjectId | None = None
    schedule_id: PydanticObjectId | None = None
    key: str
    format: ReportFormatName
    language: str
    since: str
    until: str
    recipients: list[str] = []
    status: ReportStatusName = "queued"
    progress_percent: int = 0
    attempts: int = 0
    due_at: datetime
    taken_by: str | None = None
    problem: str | None = None
    sealed_code: str | None = None
    link_expires_at: datetime | None = None
    size_bytes: int | None = None
    sha256: str | None = None

    class Settings:
        name = "reports"
        indexes: ClassVar = [
            IndexModel([("client_id", ASCENDING), ("key", ASCENDING)], unique=True, name="key"),
            IndexModel([("client_id", ASCENDING), ("_id", DESCENDING)], name="client"),
            IndexModel([("status", ASCENDING), ("due_at", ASCENDING)], name="due"),
            IndexModel(
                [("created_at", ASCENDING)],
                expireAfterSeconds=int(KEPT.total_seconds()),
                name="expiry",
            ),
        ]


class ReportSchedule(TenantDocument):
    """A report that is sent again and again; `next_run_at` is when the next one is made."""

    interval: ReportIntervalName
    format: ReportFormatName
    recipients: list[str]
    language: str
    next_run_at: datetime

    class Settings:
        name = "report_schedules"
        indexes: ClassVar = [
            IndexModel([("client_id", ASCENDING), ("_id", DESCENDING)], name="client"),
            IndexModel([("next_run_at", ASCENDING)], name="due"),
        ]


async def take_due_report(taken_by: str) -> Report | None:
    """The report that has waited longest, taken for one attempt; None when none is due."""
    now = utc_now()
    taken = {
        "status": "running",
        "taken_by": taken_by,
        "due_at": now + LEASE,
        "progress_percent": 0,
        "updated_at": now,
    }
    found = await Report.get_pymongo_collection().find_one_and_update(
        {
            "client_id": {"$exists": True},
            "status": {"$in": ["queued", "running"]},
            "due_at": {"$lte": now},
        },
        {"$set": taken, "$inc": {"attempts": 1}},
        sort=[("due_at", ASCENDING)],
        return_document=ReturnDocument.AFTER,
    )
    return cast("Report", parse_obj(Report, found)) if found else None


def still_ours(report: Report) -> dict[str, Any]:
    """The filter that finds a report only while this attempt has it."""
    return {"_id": report.id, "status": "running", "taken_by": report.taken_by}


async def make_taken_reports_due() -> None:
    """Count all attempts as given up: for the only process on its database, at its start."""
    await Report.get_pymongo_collection().update_many(
        {"client_id": {"$exists": True}, "status": "running"},
        {"$set": {"due_at": utc_now(), "taken_by": None}},
    )


async def due_schedules(limit: int) -> list[ReportSchedule]:
    """Schedules of which a report is due."""
    found = ReportSchedule.get_pymongo_collection().find(
        {"client_id": {"$exists": True}, "next_run_at": {"$lte": utc_now()}}
    )
    return [
        cast("ReportSchedule", parse_obj(ReportSchedule, one))
        for one in await found.limit(limit).to_list()
    ]
