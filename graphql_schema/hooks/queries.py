"""The hooks of the clients that the caller works for."""

from typing import Annotated

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.clients import Client as ClientDocument
from documents.hooks import Hook as HookDocument
from documents.tenancy import TenantScope
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import NotFoundInListError
from graphql_schema.hooks.types import Hook, hook_from
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.targets import demand_role, seen


@strawberry.type
class HookQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="A chatbot's hook; null if it has none, or there is no such chatbot for the"
        " caller. Editors and owners.",
        extensions=allowed_for(Person),
    )
    async def hook(
        self,
        info: ParlanceInfo,
        chatbot_id: Annotated[strawberry.ID, strawberry.argument(description="Whose hook.")],
    ) -> Hook | None:
        chatbot = await seen(info.context, ChatbotDocument, chatbot_id)
        if chatbot is None:
            return None
        await demand_role(info.context, chatbot.client_id, "editor")
        own = {"chatbot_id": chatbot.id}
        found = await TenantScope.one(chatbot.client_id).of(HookDocument).find_one(own)
        return hook_from(found) if found else None

    @strawberry.field(
        description="The names of the secrets that a client's hooks may send; values are never"
        " shown. Editors and owners.",
        extensions=allowed_for(Person),
    )
    async def hook_secret_names(
        self,
        info: ParlanceInfo,
        client_id: Annotated[strawberry.ID, strawberry.argument(description="Whose secrets.")],
    ) -> list[str]:
        client = await seen(info.context, ClientDocument, client_id)
        if client is None:
            raise NotFoundInListError
        await demand_role(info.context, client.client_id, "editor")
        scope = TenantScope.one(client.client_id)
        return await info.context.services.hook_secrets.names(scope)
