"""Days, weeks and months by a client's clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from documents.clients import Client

GranularityName = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Period:
    """From a day on and before another."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """How many there are."""
        return (self.until - self.since).days

    @property
    def last(self) -> date:
        """The last day."""
        return self.until - timedelta(days=1)

    @property
    def before(self) -> "Period":
        """The period before: as many months if it is whole months, else as many days."""
        if self.since.day == self.until.day == 1:
            months = (self.until.year - self.since.year) * 12 + self.until.month - self.since.month
            return Period(_months_before(self.since, months), self.since)
        return Period(self.since - timedelta(days=self.days), self.since)

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """When it begins and ends."""
        return midnight(self.since, zone), midnight(self.until, zone)

    def steps(self, granularity: GranularityName) -> Iterator[date]:
        """The first days of its days, weeks (from Monday) or months; at first its own first day."""
        day = self.since
        while day < self.until:
            yield day
            day = _next_step(day, granularity)


def zone_of(client: Client | None) -> ZoneInfo:
    """The time zone of a client; UTC for one that is gone."""
    return ZoneInfo(client.time_zone if client else "UTC")


def hour_of(moment: datetime, zone: ZoneInfo) -> datetime:
    """When the hour began by a clock there; half an hour apart from UTC's in some countries."""
    local = moment.astimezone(zone)
    return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins there."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def month_at(moment: datetime, zone: ZoneInfo) -> Period:
    """The month in which a moment lies."""
    first = moment.astimezone(zone).date().replace(day=1)
    return Period(first, next_month(first))


def next_month(day: date) -> date:
    """The first day of the month after the one in which a day lies."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _months_before(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _next_step(day: date, granularity: GranularityName) -> date:
    if granularity == "day":
        return day + timedelta(days=1)
    if granularity == "week":
        return day + timedelta(days=7 - day.weekday())
    return next_month(day)
