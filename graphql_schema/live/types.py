"""What happens, told to those who watch. Each event is loaded when it is sent, not before."""

from enum import Enum

import strawberry

from graphql_schema.conversations.types import Conversation
from graphql_schema.visits.types import WidgetChatbot

_CURSOR = "Give it back as `after` to go on from here without a gap; good for 7 days."


@strawberry.enum(description="What happened.")
class VisitEventKind(Enum):
    """Values are those of the contract."""

    QUESTION_ASKED = strawberry.enum_value(
        "QUESTION_ASKED", description="In another tab or on another device: follow the answer."
    )
    CONVERSATION_CREATED = strawberry.enum_value(
        "CONVERSATION_CREATED", description="A conversation was begun."
    )
    CONVERSATION_RENAMED = strawberry.enum_value(
        "CONVERSATION_RENAMED", description="It has another title."
    )
    CONVERSATION_ARCHIVED = strawberry.enum_value(
        "CONVERSATION_ARCHIVED", description="A newer one took its place."
    )
    CONVERSATION_DELETED = strawberry.enum_value(
        "CONVERSATION_DELETED", description="It is gone, with its messages."
    )
    CONFIGURATION_PUBLISHED = strawberry.enum_value(
        "CONFIGURATION_PUBLISHED", description="The chatbot looks or speaks differently now."
    )


@strawberry.type(description="Something that concerns an open widget.")
class VisitEvent:
    """An event for a visitor."""

    cursor: str = strawberry.field(description=_CURSOR)
    kind: VisitEventKind = strawberry.field(description="What happened.")
    conversation_id: strawberry.ID | None = strawberry.field(
        description="To which conversation.", default=None
    )
    message_id: strawberry.ID | None = strawberry.field(
        description="QUESTION_ASKED: the answer, to be followed with `answer`.", default=None
    )
    conversation: Conversation | None = strawberry.field(
        description="The conversation as it is now; null when it is gone.", default=None
    )
    chatbot: WidgetChatbot | None = strawberry.field(
        description="CONFIGURATION_PUBLISHED: the chatbot as it is now.", default=None
    )
