"""Exporting a chatbot, and making chatbots of documents and of other chatbots."""

from typing import Annotated

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.clients import Client as ClientDocument
from graphql_schema.arguments import OwnId
from graphql_schema.audit.changing import audited_for
from graphql_schema.chatbots.inputs import CloneChatbotInput, ImportChatbotInput
from graphql_schema.chatbots.types import Chatbot, chatbot_from
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import (
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    not_found,
)
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.targets import changeable, seen
from services.chatbots.exporting import exported


@strawberry.type(description="The chatbot was made of a document.")
class ImportChatbotSuccess:
    """A new chatbot."""

    chatbot: Chatbot = strawberry.field(description="Switched off, with its version 1 published.")


ImportChatbotResult = Annotated[
    ImportChatbotSuccess | InvalidInputError | NotFoundError | LimitReachedError,
    strawberry.union("ImportChatbotResult", description="A chatbot, or why there is none."),
]


@strawberry.type(description="The chatbot was made of another one.")
class CloneChatbotSuccess:
    """A new chatbot."""

    chatbot: Chatbot = strawberry.field(description="Switched off, with its version 1 published.")


CloneChatbotResult = Annotated[
    CloneChatbotSuccess | InvalidInputError | NotFoundError | LimitReachedError,
    strawberry.union("CloneChatbotResult", description="A chatbot, or why there is none."),
]


@strawberry.type
class CopyingQueries:
    """Queries of this domain that give a chatbot out of the house."""

    @strawberry.field(
        description="A chatbot's draft as JSON text for importChatbot, here or on another"
        " installation: settings, texts and pictures, without ids and secrets; null if there is no"
        " chatbot with this id for the caller.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def export_chatbot(self, info: ParlanceInfo, id: OwnId) -> str | None:
        found = await seen(info.context, ChatbotDocument, id)
        return await exported(found) if found else None


@strawberry.type
class CopyingMutations:
    """Mutations of this domain that make chatbots of others."""

    @strawberry.mutation(
        description="Makes a chatbot of what exportChatbot gave, switched off. What is left out of"
        " the document is as in a new chatbot. Editors and owners.",
        extensions=audited_for(Person, scope=Scope.CHATBOTS_WRITE),
    )
    async def import_chatbot(
        self, info: ParlanceInfo, input: ImportChatbotInput
    ) -> ImportChatbotResult:
        client = await changeable(info.context, ClientDocument, input.client_id, "editor")
        if client is None:
            return not_found("input", "clientId")
        member = await info.context.member()
        made = await info.context.services.copying.import_document(
            client.client_id, input.document, by=member.user_id
        )
        return ImportChatbotSuccess(chatbot=chatbot_from(made))

    @strawberry.mutation(
        description="Makes a chatbot with the draft of another, switched off; its knowledge and"
        " hooks stay. For another client it begins with that client's domain as allowed origin, and"
        " with the platform's language model in the place of the client's own. Editors and owners"
        " of both.",
        extensions=audited_for(Person, scope=Scope.CHATBOTS_WRITE),
    )
    async def clone_chatbot(
        self, info: ParlanceInfo, input: CloneChatbotInput
    ) -> CloneChatbotResult:
        source = await changeable(info.context, ChatbotDocument, input.id, "editor")
        if source is None:
            return not_found("input", "id")
        client = await changeable(info.context, ClientDocument, input.client_id, "editor")
        if client is None:
            return not_found("input", "clientId")
        member = await info.context.member()
        made = await info.context.services.copying.clone(
            source, client.client_id, input.name, by=member.user_id
        )
        return CloneChatbotSuccess(chatbot=chatbot_from(made))
