"""Opens the database of a data folder as a server does, says so, and closes it on SIGTERM.

Usage: python -m tests.faults.programs.serve_database DATA_DIR
Writes one JSON line when the database is open.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path

import structlog

from documents.database.opening import open_database
from documents.database.options import DatabaseOptions


async def serve(data_dir: Path) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    database = await open_database(DatabaseOptions(mongodb_url=None, data_dir=data_dir))
    try:
        # Acknowledged before it is announced: the test must find it whatever happens from now on.
        result = await database.database["started"].insert_one({})
        announcement = {
            "mongod_pid": database.mongod_pid,
            "url": database.url,
            "acknowledged": str(result.inserted_id),
        }
        sys.stdout.write(json.dumps(announcement) + "\n")
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await database.close()


if __name__ == "__main__":
    # A shell starts its background jobs with SIGINT ignored; a terminal does not.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(serve(Path(sys.argv[1])))
