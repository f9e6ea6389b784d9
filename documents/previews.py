"""What is stored of a preview: somebody who works on a chatbot talks to its draft.

A visitor, a conversation and its messages carry `preview_until` then. They count nowhere and stand
in no list, and MongoDB deletes them at that time.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

KEPT_AFTER_TOKEN: Final = timedelta(hours=24)
"""How long an answer of a preview can be looked into after its token has ended."""

NO_PREVIEWS: Final[Mapping[str, Any]] = {"preview_until": None}
"""The part of a filter that leaves previews out; documents from before there were any have none."""


def preview_index() -> IndexModel:
    """Deletes previews when their time has come; other documents are not in it."""
    return IndexModel(
        [("preview_until", ASCENDING)],
        expireAfterSeconds=0,
        partialFilterExpression={"preview_until": {"$type": "date"}},
        name="preview",
    )
