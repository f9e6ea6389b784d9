"""A chatbot's hook: which of its versions runs, whether it runs, and how it has been doing.

The source stands in `documents.hook_versions`. What changes with every run (the breaker) is changed
by one atomic update, so that any number of processes may run the same hook.
"""

from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument

MOST_EARLIER = 50
"""How many activations back one can roll."""


class Hook(TenantDocument):
    """The hook of one chatbot.

    Attributes:
        enabled: Whether it runs.
        required: Whether there is an answer only when it ran.
        suspended: Parlance took it out of use, not a person. A required hook then stops answers.
        disabled_reason: Why it does not run, for people.
        earlier_version_ids: What was active before, the last one last.
        recent: Of the last runs, whether each failed, the last one last.
        paused_until: The breaker is open until then; afterwards runs are tried again.
        pauses: How often in a row it opened.
    """

    chatbot_id: PydanticObjectId
    enabled: bool = False
    required: bool = False
    suspended: bool = False
    disabled_reason: str | None = None
    active_version_id: PydanticObjectId | None = None
    earlier_version_ids: list[PydanticObjectId] = []
    newest_number: int = 0
    recent: list[bool] = []
    paused_until: datetime | None = None
    pauses: int = 0

    class Settings:
        name = "hooks"
        indexes: ClassVar = [
            IndexModel(
                [("client_id", ASCENDING), ("chatbot_id", ASCENDING)], unique=True, name="chatbot"
            ),
            IndexModel([("enabled", ASCENDING)], name="enabled"),
        ]
