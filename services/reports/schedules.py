"""Reports that come by themselves: on Monday about the week, on the 1st about the month.

A report that is due is stored in the transaction that moves the schedule on, on the condition that
nobody moved it before. So each is made once, whatever number of processes looks; after a time in
which no server ran, the last one is made and the missed ones are not.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from documents.base import utc_now
from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.reports import Report, ReportIntervalName, ReportSchedule, due_schedules
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record
from services.field_checks import FieldChecks
from services.refusals import LimitReachedError, UnknownTargetError
from services.usage.periods import Period, midnight, month_at, zone_of

MOST_SCHEDULES = 20
MOST_RECIPIENTS = 20
AT_ONCE = 100
HOUR = timedelta(hours=6)
"""After midnight of the client's clock."""


class Schedules:
    """Makes, lists and ends schedules."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def create(self, wanted: ReportSchedule) -> ReportSchedule:
        """Store a schedule; `next_run_at` is set here.

        Raises:
            InvalidFieldsError: a recipient's address is none.
            LimitReachedError: the client has as many as it may.
        """
        checked = wanted.model_copy(update={"recipients": _recipients(wanted.recipients)})

        async def write(session: WriteSession) -> ReportSchedule:
            schedules = TenantScope.one(wanted.client_id).of(ReportSchedule)
            # Changing the client makes two who add the last one wait for each other.
            client = (
                await TenantScope.one(wanted.client_id)
                .of(Client)
                .update_one({}, {}, session=session)
            )
            if client is None:
                raise UnknownTargetError("input", "clientId")
            if await schedules.count({}, limit=MOST_SCHEDULES, session=session) >= MOST_SCHEDULES:
                raise LimitReachedError(
                    MOST_SCHEDULES,
                    f"A client has at most {MOST_SCHEDULES} report schedules: delete one first.",
                    "input",
                    "clientId",
                )
            due = next_run(checked.interval, utc_now(), zone_of(client))
            made: ReportSchedule = checked.model_copy(update={"next_run_at": due})
            await schedules.insert(made, session=session)
            await record(session, client_id=made.client_id, after=made)
            return made

        return await self._transactions.run_transaction(write)

    async def delete(self, scope: TenantScope, schedule_id: PydanticObjectId) -> None:
        """End a schedule.

        Raises:
            UnknownTargetError: there is none.
        """

        async def write(session: WriteSession) -> None:
            gone = await scope.of(ReportSchedule).delete_one({"_id": schedule_id}, session=session)
            if gone is None:
                raise UnknownTargetError("input", "id")
            await record(session, client_id=gone.client_id, before=gone)

        await self._transactions.run_transaction(write)


def _recipients(given: list[str]) -> list[str]:
    checks = FieldChecks("input")
    if not given:
        checks.wrong("recipients", "Give at least one address.")
    checks.at_most("recipients", given, MOST_RECIPIENTS)
    addresses = [checks.email("recipients", one) for one in given]
    checks.done()
    return list(dict.fromkeys(addresses))


def next_run(interval: ReportIntervalName, now: datetime, zone: ZoneInfo) -> datetime:
    """When the next report of a schedule is due."""
    today = now.astimezone(zone).date()
    if interval == "monthly":
        return midnight(month_at(now, zone).until, zone) + HOUR
    return midnight(today + timedelta(days=7 - today.weekday()), zone) + HOUR


def period_due(interval: ReportIntervalName, due: datetime, zone: ZoneInfo) -> Period:
    """What a report is about that was due at a moment: the week or month before."""
    day = due.astimezone(zone).date()
    if interval == "monthly":
        first = day.replace(day=1)
        return Period(_first_of_month_before(first), first)
    monday = day - timedelta(days=day.weekday())
    return Period(monday - timedelta(days=7), monday)


async def make_due_reports(transactions: Transactions) -> int:
    """Ask for every report that is due; how many schedules that were."""
    due = await due_schedules(AT_ONCE)
    for schedule in due:
        await transactions.run_transaction(
            lambda session, schedule=schedule: _ask(schedule, session)  # type: ignore[misc]
        )
    return len(due)


async def _ask(schedule: ReportSchedule, session: WriteSession) -> None:
    scope, now = TenantScope.one(schedule.client_id), utc_now()
    client = await scope.of(Client).find_one({}, session=session)
    zone = zone_of(client)
    same = {"_id": schedule.id, "next_run_at": schedule.next_run_at}
    moved = {"$set": {"next_run_at": next_run(schedule.interval, now, zone)}}
    if await scope.of(ReportSchedule).update_one(same, moved, session=session) is None:
        return
    # By the clock of now: what was missed while no server ran is not made up for.
    period = period_due(schedule.interval, now, zone)
    report = Report(
        client_id=schedule.client_id,
        schedule_id=schedule.id,
        key=f"{schedule.id}/{period.since}",
        format=schedule.format,
        language=schedule.language,
        since=f"{period.since}",
        until=f"{period.until}",
        recipients=schedule.recipients,
        due_at=now,
    )
    await scope.of(Report).insert_unless_there(report, "key", session=session)


def _first_of_month_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)
