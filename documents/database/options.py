"""Where the database is. The values come from the settings; nothing here reads the environment."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class DatabaseOptions:
    """Where the database is, or where a private one is kept.

    Attributes:
        mongodb_url: Address of a replica set or sharded cluster. None starts a private mongod.
        data_dir: Folder of the private mongod (in its subfolder `mongodb`).
        mongod: Binary of the private mongod. None searches for it.
        database_name: The MongoDB database that holds the documents.
    """

    mongodb_url: str | None = field(repr=False)
    data_dir: Path
    mongod: Path | None = None
    database_name: str = "parlance"
