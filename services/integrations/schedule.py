"""When an event is delivered: at once or when it may be, and again when it did not arrive."""

import random
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from documents.integrations import Integration, QuietTime

PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
"""Between the attempts: eight within 27.5 hours, as Standard Webhooks recommends."""

LONGEST_WISH = timedelta(hours=10)
"""No receiver's Retry-After is followed further."""

_JITTER = (1.0, 1.2)
"""So that what failed together does not come again together; never earlier than said."""

_DAY = timedelta(days=1)


def pause_after(tries: int, retry_after_s: float | None = None) -> timedelta | None:
    """How long to wait after so many tries; None: it was the last one."""
    if tries > len(PAUSES):
        return None
    # Receivers may send any number, and a timedelta does not hold each.
    wish = timedelta(seconds=min(max(0.0, retry_after_s or 0.0), LONGEST_WISH.total_seconds()))
    jitter = random.uniform(*_JITTER)  # noqa: S311 - no secret
    return max(PAUSES[tries - 1], wish) * jitter


def due_at(integration: Integration, happened_at: datetime, zone: ZoneInfo) -> datetime:
    """When an event of this moment is delivered first."""
    due = happened_at
    if integration.digest_minutes:
        due = _next_digest(due, timedelta(minutes=integration.digest_minutes))
    if integration.quiet_time is not None:
        due = _after_quiet(due, integration.quiet_time, zone)
    return due


def clock_time(text: str) -> time | None:
    """A time of the day as in "07:30"; None for anything else."""
    hours, colon, minutes = text.partition(":")
    digits = (hours + minutes).isascii() and (hours + minutes).isdecimal()
    if not digits or not colon or (len(hours), len(minutes)) != (2, 2):
        return None
    return time(int(hours), int(minutes)) if int(hours) < 24 and int(minutes) < 60 else None  # noqa: PLR2004


def _next_digest(moment: datetime, every: timedelta) -> datetime:
    """The end of the step in which a moment lies; the steps are counted from 1970."""
    seconds = every.total_seconds()
    passed = moment.timestamp() % seconds
    return moment + timedelta(seconds=seconds - passed)


def _after_quiet(moment: datetime, quiet: QuietTime, zone: ZoneInfo) -> datetime:
    """The moment, or the end of the quiet time in which it lies."""
    since, until = clock_time(quiet.since), clock_time(quiet.until)
    if since is None or until is None:
        return moment
    local = moment.astimezone(zone)
    clock = local.time().replace(second=0, microsecond=0)
    over_night = since > until
    is_quiet = (clock >= since or clock < until) if over_night else since <= clock < until
    if not is_quiet:
        return moment
    day = local.date() + (_DAY if over_night and clock >= since else timedelta())
    return datetime.combine(day, until, zone).astimezone(moment.tzinfo)
