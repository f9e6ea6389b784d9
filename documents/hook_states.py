"""What a hook remembers of a conversation: at most 8 KB, and the client's own words.

An answer may be made twice, after a crash or because the visitor wants another one. So what was
remembered before the newest question is kept beside what is remembered since, and each answer to
that question starts from there: nothing is counted twice.
"""

from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from documents.previews import preview_index


class HookState(TenantDocument):
    """The state of one conversation, as JSON text.

    Attributes:
        state: Now.
        before: As it was before the question.
        question_seq: The newest question's place in the conversation.
    """

    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId
    conversation_id: PydanticObjectId
    state: str = "{}"
    before: str = "{}"
    question_seq: int = 0
    preview_until: datetime | None = None

    class Settings:
        name = "hook_states"
        indexes: ClassVar = [
            IndexModel([("conversation_id", ASCENDING)], unique=True, name="conversation"),
            IndexModel([("client_id", ASCENDING), ("visitor_id", ASCENDING)], name="visitor"),
            preview_index(),
        ]
