"""The filter of every list of conversations."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

from documents.ids import PydanticObjectId
from graphql_schema.conversations.types import ConversationStatus, Rating
from graphql_schema.languages import Language
from graphql_schema.node import local_id
from services.conversations.filtering import NOTHING, Wanted


@strawberry.input(
    description="Which conversations: all that is given must hold. An empty list is no condition."
)
class ConversationFilter:
    """Conditions on conversations."""

    chatbot_id: strawberry.ID | None = strawberry.field(
        description="With this chatbot.", default=None
    )
    visitor_id: strawberry.ID | None = strawberry.field(
        description="With this visitor.", default=None
    )
    from_: datetime | None = strawberry.field(
        name="from", description="Begun at this moment or later.", default=None
    )
    until: datetime | None = strawberry.field(description="Begun before.", default=None)
    languages: list[Language] | None = strawberry.field(
        description="The last question is in one of these.", default=None
    )
    statuses: list[ConversationStatus] | None = strawberry.field(
        description="It stands so.", default=None
    )
    rating: Rating | None = strawberry.field(
        description="The visitor rates at least one of its answers so.", default=None
    )
    llm_config_id: strawberry.ID | None = strawberry.field(
        description="This model gave at least one of its answers.", default=None
    )
    has_citations: bool | None = strawberry.field(
        description="True: at least one answer cites something; false: none does.", default=None
    )


OnlyConversations: TypeAlias = Annotated[
    ConversationFilter | None,
    strawberry.argument(description="Which ones; all when left out."),
]


def conversation_condition(filter: ConversationFilter | None) -> Mapping[str, Any]:
    """The filter as a condition on stored conversations; an id that is none matches nothing."""
    wanted = wanted_of(filter)
    return NOTHING if wanted is None else wanted.condition()


def wanted_of(filter: ConversationFilter | None) -> Wanted | None:
    """What the filter wants; None when an id in it is none, so that nothing can match."""
    if filter is None:
        return Wanted()
    ids: dict[str, PydanticObjectId | None] = {}
    for field, type_name, given in (
        ("chatbot_id", "Chatbot", filter.chatbot_id),
        ("visitor_id", "Visitor", filter.visitor_id),
        ("llm_config_id", "LlmConfig", filter.llm_config_id),
    ):
        if given is not None:
            ids[field] = local_id(given, type_name)
            if ids[field] is None:
                return None
    return Wanted(
        chatbot_id=ids.get("chatbot_id"),
        visitor_id=ids.get("visitor_id"),
        llm_config_id=ids.get("llm_config_id"),
        since=filter.from_,
        until=filter.until,
        languages=[one.value for one in filter.languages or ()],
        statuses=[one.value for one in filter.statuses or ()],
        rating=filter.rating.value if filter.rating else None,
        has_citations=filter.has_citations,
    )
