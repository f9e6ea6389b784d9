"""What time it is by the database's clock, which is the same for all processes.

The clock of a process may be wrong or jump; what is due when is decided by this one.
"""

from datetime import datetime

from documents.installation import Installation


async def database_now() -> datetime:
    """The time of the server that takes the writes, to the millisecond."""
    database = Installation.get_pymongo_collection().database
    # A read and no command such as `hello`: the driver repeats it when a connection was lost.
    cursor = await database.aggregate([{"$documents": [{}]}, {"$project": {"now": "$$NOW"}}])
    [told] = await cursor.to_list()
    now: datetime = told["now"]
    return now
