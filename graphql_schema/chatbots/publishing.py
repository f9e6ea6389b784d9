"""Publishing a chatbot's draft, and going back to an old version."""

from typing import Annotated

import strawberry

from documents.chatbot_versions import ChatbotVersion as VersionDocument
from documents.chatbots import Chatbot as ChatbotDocument
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from graphql_schema.audit.changing import audited_for
from graphql_schema.chatbots.inputs import PublishChatbotInput, RollbackChatbotInput
from graphql_schema.chatbots.types import (
    Chatbot,
    ChatbotVersion,
    chatbot_from,
    version_from,
)
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UserErrorCode,
    not_found,
)
from graphql_schema.node import local_id
from graphql_schema.permissions import Person
from graphql_schema.scopes import Scope
from graphql_schema.targets import changeable
from services.chatbots.versions import Published, VersionModelGoneError


@strawberry.type(description="The draft was published.")
class PublishChatbotSuccess:
    """A published chatbot."""

    chatbot: Chatbot = strawberry.field(description="After publishing.")
    version: ChatbotVersion = strawberry.field(description="What visitors see from now on.")


PublishChatbotResult = Annotated[
    PublishChatbotSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("PublishChatbotResult", description="The version, or why there is none."),
]


@strawberry.type(description="An old version's settings were published again.")
class RollbackChatbotSuccess:
    """A chatbot that went back."""

    chatbot: Chatbot = strawberry.field(description="After publishing.")
    version: ChatbotVersion = strawberry.field(
        description="What visitors see from now on: a new version with the old settings."
    )


RollbackChatbotResult = Annotated[
    RollbackChatbotSuccess | NotFoundError,
    strawberry.union(
        "RollbackChatbotResult",
        description="NotFoundError also when the version's language model cannot answer any more.",
    ),
]


@strawberry.type
class PublishingMutations:
    """Mutations of this domain that change what visitors see."""

    @strawberry.mutation(
        description="Makes a chatbot's draft what visitors see, as a new version; also when nothing"
        " changed. Editors and owners.",
        extensions=audited_for(Person, scope=Scope.CHATBOTS_WRITE),
    )
    async def publish_chatbot(
        self, info: ParlanceInfo, input: PublishChatbotInput
    ) -> PublishChatbotResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.id, "editor")
        if chatbot is None:
            return not_found("input", "id")
        member = await info.context.member()
        done = await info.context.services.chatbot_versions.publish(
            TenantScope.one(chatbot.client_id),
            chatbot.id,
            by=member.user_id,
            note=input.note,
            revision=input.revision,
        )
        return PublishChatbotSuccess(
            chatbot=chatbot_from(done.chatbot), version=version_from(done.version)
        )

    @strawberry.mutation(
        description="Publishes the settings of an old version again, as a new version. The draft"
        " follows; only what was edited in it since the last publishing stays. Editors and owners.",
        extensions=audited_for(Person, scope=Scope.CHATBOTS_WRITE),
    )
    async def rollback_chatbot(
        self, info: ParlanceInfo, input: RollbackChatbotInput
    ) -> RollbackChatbotResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.id, "editor")
        if chatbot is None:
            return not_found("input", "id")
        version_id = local_id(input.version_id, VersionDocument.__name__)
        if version_id is None:
            return not_found("input", "versionId")
        try:
            done = await _rolled_back(info.context, chatbot, version_id)
        except VersionModelGoneError:
            return NotFoundError(
                code=UserErrorCode.NOT_FOUND,
                message="A language model of this version is gone or switched off, so it cannot be"
                " published again. Put its other settings into the draft with updateChatbot, and"
                " publish that.",
                path=["input", "versionId"],
            )
        return RollbackChatbotSuccess(
            chatbot=chatbot_from(done.chatbot), version=version_from(done.version)
        )


async def _rolled_back(
    context: RequestContext, chatbot: ChatbotDocument, version_id: PydanticObjectId
) -> Published:
    member = await context.member()
    return await context.services.chatbot_versions.roll_back(
        TenantScope.one(chatbot.client_id), chatbot.id, version_id, by=member.user_id
    )
