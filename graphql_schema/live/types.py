"""What happens, told to those who watch. Each event is loaded when it is sent, not before."""

from enum import Enum

import strawberry

from graphql_schema.conversations.types import Conversation, Message
from graphql_schema.enum_values import described
from graphql_schema.visits.types import WidgetChatbot

_CURSOR = "Give it back as `after` to go on from here without a gap; good for 7 days."


@strawberry.enum(description="What happened.")
class VisitEventKind(Enum):
    """Values are those of the contract."""

    QUESTION_ASKED = described("QUESTION_ASKED", "In another tab or device: follow the answer.")
    CONVERSATION_CREATED = described("CONVERSATION_CREATED", "A conversation was begun.")
    CONVERSATION_RENAMED = described("CONVERSATION_RENAMED", "It has another title.")
    CONVERSATION_ARCHIVED = described("CONVERSATION_ARCHIVED", "A newer one took its place.")
    CONVERSATION_DELETED = described("CONVERSATION_DELETED", "It is gone, with its messages.")
    CONFIGURATION_PUBLISHED = described("CONFIGURATION_PUBLISHED", "The chatbot was changed.")


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


@strawberry.interface(description="Something happened in a conversation.")
class ConversationEvent:
    """What all of them have."""

    cursor: str = strawberry.field(description=_CURSOR)
    conversation: Conversation = strawberry.field(description="The conversation as it is now.")


@strawberry.type(description="A conversation was begun.")
class ConversationStarted(ConversationEvent):
    """A new conversation."""


@strawberry.type(description="It has another title, status or other labels.")
class ConversationUpdated(ConversationEvent):
    """A changed conversation."""


@strawberry.type(
    description="It is gone with its messages. Of `conversation` are left its id, language, status"
    " and times; the title is empty."
)
class ConversationDeleted(ConversationEvent):
    """A deleted conversation."""


@strawberry.type(description="A question came, or an answer has begun.")
class MessageCreated(ConversationEvent):
    """A new message."""

    new_message: Message = strawberry.field(
        description="As it is now. While it is STREAMING, follow it with `answer`."
    )


@strawberry.type(description="An answer has ended, or was rated.")
class MessageUpdated(ConversationEvent):
    """A changed message."""

    changed_message: Message = strawberry.field(description="As it is now.")
