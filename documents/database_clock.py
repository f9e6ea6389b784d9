"""What time it is by the database's clock, which is the same for all processes.

The clock of a process may be wrong or jump; what is due when is decided by this one.
"""

from datetime import datetime

from documents.installation import Installation


async def database_now() -> datetime:
    """The time of the server that takes the writes, to the millisecond."""
    database = Installation.get_pymongo_collection().database
    # Without the options a command's times come without their time zone.
    told = await database.command("hello", codec_options=database.codec_options)
    now: datetime = told["localTime"]
    return now
