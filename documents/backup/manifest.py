"""What a backup says of itself: it is written last, so that a file without it is unfinished."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

FORMAT: Final = 1
"""Of the file; another one is refused."""

CollectionName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,100}$")]


class CollectionPart(BaseModel):
    """One collection's documents, one after the other as BSON, as they were stored."""

    model_config = ConfigDict(frozen=True)

    name: CollectionName
    documents: int
    size: int
    """In bytes, before compression."""
    sha256: str


class Origin(BaseModel):
    """Where a backup comes from, as far as it matters where it may go."""

    model_config = ConfigDict(frozen=True)

    parlance: str
    """The version of Parlance that took it."""
    secret_key: str
    """Tells which secret key sealed the secrets in it, and nothing about the key."""


class Manifest(BaseModel):
    """The table of contents, with what proves that they are whole."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    taken_at: datetime
    cluster_time: tuple[int, int]
    """The database's own name for the moment: seconds and a number within the second."""
    origin: Origin
    mongodb: str
    """The version of the MongoDB server."""
    migrations: dict[int, str]
    collections: tuple[CollectionPart, ...]

    @property
    def documents(self) -> int:
        """How many documents there are in all."""
        return sum(part.documents for part in self.collections)

    @property
    def size(self) -> int:
        """All documents in bytes, before compression."""
        return sum(part.size for part in self.collections)
