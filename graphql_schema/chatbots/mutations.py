"""Making, changing and deleting chatbots."""

from typing import Annotated

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.clients import Client as ClientDocument
from documents.tenancy import TenantScope
from graphql_schema.audit.changing import audited_for
from graphql_schema.chatbots.inputs import (
    CreateChatbotInput,
    DeleteChatbotInput,
    UpdateChatbotInput,
)
from graphql_schema.chatbots.settings import change_from
from graphql_schema.chatbots.types import Chatbot, chatbot_from
from graphql_schema.context import ParlanceInfo
from graphql_schema.erasing import ErasedCount, erased_counts
from graphql_schema.errors import (
    ConflictError,
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    RefusedError,
    not_found,
)
from graphql_schema.permissions import Person
from graphql_schema.scopes import Scope
from graphql_schema.targets import changeable
from services.chatbots.deletion import delete_chatbot


@strawberry.type(description="The chatbot was made.")
class CreateChatbotSuccess:
    """A new chatbot."""

    chatbot: Chatbot = strawberry.field(description="With its version 1 published.")


CreateChatbotResult = Annotated[
    CreateChatbotSuccess | InvalidInputError | NotFoundError | LimitReachedError,
    strawberry.union("CreateChatbotResult", description="A chatbot, or why there is none."),
]


@strawberry.type(description="The chatbot was changed.")
class UpdateChatbotSuccess:
    """A changed chatbot."""

    chatbot: Chatbot = strawberry.field(description="After the change.")


UpdateChatbotResult = Annotated[
    UpdateChatbotSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("UpdateChatbotResult", description="The chatbot, or why it stayed as it was."),
]


@strawberry.type(description="The chatbot is gone with everything that was its own.")
class DeleteChatbotSuccess:
    """A receipt."""

    deleted_id: strawberry.ID = strawberry.field(description="What was deleted.")
    erased: list[ErasedCount] = strawberry.field(description="How much went with it.")


DeleteChatbotResult = Annotated[
    DeleteChatbotSuccess | NotFoundError | RefusedError,
    strawberry.union("DeleteChatbotResult", description="CONFIRMATION_MISMATCH is a RefusedError."),
]


@strawberry.type
class ChatbotMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Makes a chatbot and publishes its version 1. Editors and owners.",
        extensions=audited_for(Person, scope=Scope.CHATBOTS_WRITE),
    )
    async def create_chatbot(
        self, info: ParlanceInfo, input: CreateChatbotInput
    ) -> CreateChatbotResult:
        client = await changeable(info.context, ClientDocument, input.client_id, "editor")
        if client is None:
            return not_found("input", "clientId")
        member = await info.context.member()
        made = await info.context.services.chatbots.create(
            TenantScope.one(client.client_id),
            client.client_id,
            input.name,
            change_from(input.settings),
            by=member.user_id,
        )
        return CreateChatbotSuccess(chatbot=chatbot_from(made))

    @strawberry.mutation(
        description="Changes a chatbot's draft, or switches it on or off. Editors and owners.",
        extensions=audited_for(Person, scope=Scope.CHATBOTS_WRITE),
    )
    async def update_chatbot(
        self, info: ParlanceInfo, input: UpdateChatbotInput
    ) -> UpdateChatbotResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.id, "editor")
        if chatbot is None:
            return not_found("input", "id")
        changed = await info.context.services.chatbots.update(
            TenantScope.one(chatbot.client_id),
            chatbot.id,
            change_from(input.settings),
            active=input.active,
            revision=input.revision,
        )
        return UpdateChatbotSuccess(chatbot=chatbot_from(changed))

    @strawberry.mutation(
        description="Deletes a chatbot with its versions, visits and conversations. The client's"
        " knowledge sources stay. Owners.",
        extensions=audited_for(Person),
    )
    async def delete_chatbot(
        self, info: ParlanceInfo, input: DeleteChatbotInput
    ) -> DeleteChatbotResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.id, "owner")
        if chatbot is None:
            return not_found("input", "id")
        erased = await delete_chatbot(
            info.context.services.transactions,
            TenantScope.one(chatbot.client_id),
            chatbot.id,
            input.confirm_name,
        )
        return DeleteChatbotSuccess(deleted_id=input.id, erased=erased_counts(erased))
