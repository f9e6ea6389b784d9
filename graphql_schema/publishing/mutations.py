"""Connecting plugins of sites with chatbots."""

from datetime import datetime
from typing import Annotated

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import InvalidInputError, NotFoundError, not_found
from graphql_schema.permissions import Person
from graphql_schema.targets import changeable


@strawberry.input(description="Which chatbot a plugin is to be connected to.")
class CreatePluginConnectionInput:
    """A connection to be."""

    chatbot_id: strawberry.ID = strawberry.field(description="The chatbot.")
    site_url: str | None = strawberry.field(
        description="The site's address: then the code is good for no other site. null: any site.",
        default=None,
    )


@strawberry.type(description="The code to paste into the plugin's settings page.")
class CreatePluginConnectionSuccess:
    """A code."""

    connection_code: str = strawberry.field(
        description="Good once, and shown this once. The plugin exchanges it for an API key that"
        " may feed knowledge and export or erase visitors, and for a signing key of its own; both"
        " are listed with the client's others, and revoking the API key ends both."
    )
    expires_at: datetime = strawberry.field(description="Until when it must be used.")


CreatePluginConnectionResult = Annotated[
    CreatePluginConnectionSuccess | InvalidInputError | NotFoundError,
    strawberry.union("CreatePluginConnectionResult", description="A code, or why there is none."),
]


@strawberry.type
class PluginMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Makes a one-time code that connects a site's plugin to a chatbot. Owners,"
        " since what it becomes is an API key.",
        extensions=audited_for(Person),
    )
    async def create_plugin_connection(
        self, info: ParlanceInfo, input: CreatePluginConnectionInput
    ) -> CreatePluginConnectionResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.chatbot_id, "owner")
        if chatbot is None:
            return not_found("input", "chatbotId")
        person = await info.context.person()
        code, expires_at = await info.context.services.plugin_connections.create(
            chatbot, input.site_url, by=person.user.id
        )
        return CreatePluginConnectionSuccess(connection_code=code, expires_at=expires_at)
