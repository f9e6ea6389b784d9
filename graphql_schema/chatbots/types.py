"""Chatbots and their published versions."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from documents.chatbot_versions import ChatbotVersion as VersionDocument
from documents.chatbots import Chatbot as ChatbotDocument
from documents.conversations import Conversation as ConversationDocument
from documents.ids import PydanticObjectId
from documents.previews import NO_PREVIEWS
from documents.tenancy import TenantScope
from graphql_schema.accounts.types import User, user_from
from graphql_schema.arguments import After, First
from graphql_schema.chatbots.settings import ChatbotSettings, settings_from
from graphql_schema.clients.types import Client, client_by_slug
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.conversations.filters import OnlyConversations, conversation_condition
from graphql_schema.errors import NotFoundInListError
from graphql_schema.execution.computed import computed_by
from graphql_schema.execution.made import Made, MadeOfDocument, kept, made_by, needing
from graphql_schema.loading import OwnedId
from graphql_schema.node import Node, global_id
from graphql_schema.pagination import (
    MAX_COUNT,
    Connection,
    both,
    connection_of,
    forward_page,
    number_position,
    page_by_id,
)
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.viewers import PersonViewer
from services.chatbots.setting_changes import public_name

if TYPE_CHECKING:
    from graphql_schema.conversations.types import Conversation


@strawberry.type(description="A setting that a version changed.")
class SettingChange:
    """A setting with both values."""

    field: str = strawberry.field(
        description='As in ChatbotSettings, a text with its language: "texts.FR.placeholder".'
    )
    before: str | None = strawberry.field(
        description="In the version before, at most 500 characters; null for nothing."
    )
    after: str | None = strawberry.field(
        description="Since this version, at most 500 characters; null for nothing."
    )


@strawberry.type(description="The settings of a chatbot as they were published once.")
class ChatbotVersion(Node):
    """A published version. It never changes."""

    number: int = strawberry.field(description="Counts from 1.")
    settings: ChatbotSettings = strawberry.field(description="What visitors saw.")
    changed_fields: list[str] = strawberry.field(
        description="The names of the settings that differ from the version before; none when it"
        " was published again as it was."
    )
    changes: list[SettingChange] = strawberry.field(
        description="The same with the values before and after, and the texts one by one."
    )
    restored_number: int | None = strawberry.field(
        description="The version whose settings these are, when rollbackChatbot published it."
    )
    note: str | None = strawberry.field(description="Why it was published.")
    published_at: datetime = strawberry.field(description="When.")
    document: strawberry.Private[VersionDocument]

    @strawberry.field(
        description="By whom; null for the command line, for API keys and for people who have left"
        " the client, and shown to people only."
    )
    async def published_by(self, info: ParlanceInfo) -> User | None:
        if self.document.published_by is None:
            return None
        found = await info.context.loaders.user_by_id.load(self.document.published_by)
        viewer = await info.context.member()
        if found is None or not isinstance(viewer, PersonViewer):
            return None
        # Somebody who has left the client is none of its people's business any more.
        is_open = found.is_admin or viewer.knows(found)
        return user_from(viewer.shown(found)) if is_open else None


def _has_unpublished_changes(chatbot: "Chatbot", _context: RequestContext) -> bool:
    return chatbot.document.draft != chatbot.document.published


@strawberry.type(description="A chatbot: people edit its draft, visitors see what is published.")
class Chatbot(MadeOfDocument, Node):
    """A chatbot."""

    embed_key: str = strawberry.field(description="Public; stands in the pages that embed it.")
    active: bool = strawberry.field(description="Whether it answers; works at once.")
    draft: ChatbotSettings = strawberry.field(description="What the next version will be.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="The last change.")
    revision: int = strawberry.field(description="Counts the changes; see ConflictError.")
    document: strawberry.Private[ChatbotDocument]

    @strawberry.field(
        description="Whether the draft differs from what visitors see.",
        metadata=computed_by(_has_unpublished_changes),
    )
    def has_unpublished_changes(self, info: ParlanceInfo) -> bool:
        return _has_unpublished_changes(self, info.context)

    @strawberry.field(description="Whose it is.")
    async def client(self, info: ParlanceInfo) -> Client:
        return await client_by_slug(info.context, self.document.client_id)

    @strawberry.field(description="What visitors see.")
    async def published(self, info: ParlanceInfo) -> ChatbotVersion:
        version = OwnedId(self.document.client_id, self.document.published_version_id)
        found = await info.context.loaders.chatbot_version_by_id.load(version)
        if found is None:
            raise NotFoundInListError
        return version_from(found)

    @strawberry.field(description="All published versions, newest first.")
    async def versions(self, first: First = 20, after: After = None) -> Connection[ChatbotVersion]:
        page = forward_page(first, after)
        versions = self._scope().of(VersionDocument)
        own: dict[str, Any] = {"chatbot_id": self.document.id}
        older = {} if page.position is None else {"number": {"$lt": number_position(page.position)}}
        found = await versions.find(own | older, sort=[("number", -1)], limit=page.size + 1)
        return connection_of(
            found,
            page,
            lambda one: str(one.number),
            version_from,
            lambda: versions.count(own, limit=MAX_COUNT),
        )

    @strawberry.field(
        description="Its conversations, newest first.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    async def conversations(
        self, filter: OnlyConversations = None, first: First = 20, after: After = None
    ) -> Connection[
        Annotated["Conversation", strawberry.lazy("graphql_schema.conversations.types")]
    ]:
        from graphql_schema.conversations.types import conversation_from  # noqa: PLC0415

        return await page_by_id(
            self._scope().of(ConversationDocument),
            both({"chatbot_id": self.document.id, **NO_PREVIEWS}, conversation_condition(filter)),
            forward_page(first, after),
            conversation_from,
        )

    def _scope(self) -> TenantScope:
        return TenantScope.one(self.document.client_id)


def chatbot_from(document: ChatbotDocument) -> Chatbot:
    """The form of a chatbot that people see; its fields are made when they are read."""
    chatbot = Chatbot.__new__(Chatbot)
    chatbot.document = document
    return chatbot


def _settings_of(chatbot: Chatbot) -> ChatbotSettings:
    return settings_from(chatbot.document.draft, chatbot.document.client_id)


Chatbot.made = {
    **kept("embed_key", "active", "created_at", "updated_at", "revision"),
    "id": made_by(lambda one: global_id("Chatbot", one.id), "id"),
    "draft": Made(_settings_of, ("draft",), shows=ChatbotSettings),
    "has_unpublished_changes": needing("draft", "published"),
    "client": needing("client_id"),
    "published": needing("published_version_id"),
    "versions": needing("id"),
    "conversations": needing("id"),
}


def version_from(document: VersionDocument) -> ChatbotVersion:
    """The form of a version that people see."""
    return ChatbotVersion(
        id=global_id("ChatbotVersion", document.id),
        number=document.number,
        settings=settings_from(document.settings, document.client_id),
        changed_fields=[public_name(field) for field in document.changed_fields],
        changes=[
            SettingChange(field=one.field, before=one.before, after=one.after)
            for one in document.changes
        ],
        restored_number=document.restored_number,
        note=document.note,
        published_at=document.published_at,
        document=document,
    )


async def chatbot_by_id(
    context: RequestContext, client_id: str, chatbot_id: PydanticObjectId
) -> Chatbot:
    """The chatbot of a client with an id that is known to be one.

    Raises:
        NotFoundInListError: it was deleted meanwhile.
    """
    found = await context.loaders.chatbot_by_id.load(OwnedId(client_id, chatbot_id))
    if found is None:
        raise NotFoundInListError
    return chatbot_from(found)
