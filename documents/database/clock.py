"""How far this machine's clock is from the database's: leases and tokens compare the two."""

from datetime import UTC, datetime

from documents.database.database import PING_DEADLINE_S, Database
from documents.database.driver import operation_deadline
from documents.errors import reporting_unavailability


async def clock_difference_s(database: Database) -> float:
    """The difference in seconds, less what the question itself may have taken.

    Raises:
        DatabaseUnavailableError: when no primary answers.
    """
    before = datetime.now(UTC)
    with reporting_unavailability(), operation_deadline(PING_DEADLINE_S):
        hello = await database.mongo.admin.command("hello")
    after = datetime.now(UTC)
    there: datetime = hello["localTime"].replace(tzinfo=UTC)  # commands give naive times, in UTC
    if before <= there <= after:
        return 0.0
    return min(abs((there - before).total_seconds()), abs((there - after).total_seconds()))
