"""A unique index that refuses a write, in words that services may use.

The driver is known to `documents` only; services catch `DuplicateError`.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from pymongo.errors import BulkWriteError, DuplicateKeyError

DUPLICATE_KEY_CODE = 11000


class DuplicateError(Exception):
    """A document with this unique value is there already.

    Attributes:
        index: the name of the unique index that refused, such as "embed_key"; "" if unknown.
    """

    def __init__(self, index: str) -> None:
        super().__init__(f"unique index {index}")
        self.index = index


@contextmanager
def duplicates_reported() -> Generator[None, None, None]:
    """Turn the driver's duplicate key errors into `DuplicateError`."""
    try:
        yield
    except DuplicateKeyError as error:
        raise DuplicateError(_index_named_in(error.details or {})) from error
    except BulkWriteError as error:
        problems = error.details.get("writeErrors") or [{}]
        if problems[0].get("code") != DUPLICATE_KEY_CODE:
            raise
        raise DuplicateError(_index_named_in(problems[0])) from error


def _index_named_in(details: Mapping[str, Any]) -> str:
    """The index in "E11000 duplicate key error collection: db.name index: NAME dup key: ..."."""
    return str(details.get("errmsg", "")).partition("index: ")[2].partition(" ")[0]
