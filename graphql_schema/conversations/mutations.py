"""Changing conversations: visitors their own, people and servers those of their clients."""

from typing import Annotated

import strawberry

from documents.conversations import Conversation as ConversationDocument
from documents.tenancy import TenantScope
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.conversations.targets import changeable_conversation
from graphql_schema.conversations.types import Conversation, conversation_from
from graphql_schema.errors import InvalidInputError, NotFoundError, not_found
from graphql_schema.permissions import Person, SignedIn
from graphql_schema.scopes import Scope
from graphql_schema.targets import changeable

_WHICH = "Which conversation."


@strawberry.input(description="A conversation with its new title.")
class RenameConversationInput:
    """A title."""

    id: strawberry.ID = strawberry.field(description=_WHICH)
    title: str = strawberry.field(description="One line of 1 to 200 characters.")


@strawberry.type(description="The conversation has this title.")
class RenameConversationSuccess:
    """The conversation afterwards."""

    conversation: Conversation = strawberry.field(description="As it is now.")


RenameConversationResult = Annotated[
    RenameConversationSuccess | InvalidInputError | NotFoundError,
    strawberry.union(
        "RenameConversationResult", description="The conversation, or what is wrong with the title."
    ),
]


@strawberry.input(description="A conversation with its new tags.")
class TagConversationInput:
    """Tags."""

    id: strawberry.ID = strawberry.field(description=_WHICH)
    tags: list[str] = strawberry.field(
        description="All that it is to have: at most 30, each one line of 1 to 50 characters."
    )


@strawberry.type(description="The conversation has these tags.")
class TagConversationSuccess:
    """The conversation afterwards."""

    conversation: Conversation = strawberry.field(description="As it is now.")


TagConversationResult = Annotated[
    TagConversationSuccess | InvalidInputError | NotFoundError,
    strawberry.union(
        "TagConversationResult", description="The conversation, or what is wrong with the tags."
    ),
]


@strawberry.input(description="Which conversation to close.")
class CloseConversationInput:
    """A conversation."""

    id: strawberry.ID = strawberry.field(description=_WHICH)


@strawberry.type(description="The conversation is closed.")
class CloseConversationSuccess:
    """The conversation afterwards."""

    conversation: Conversation = strawberry.field(description="CLOSED, now or before.")


CloseConversationResult = Annotated[
    CloseConversationSuccess | NotFoundError,
    strawberry.union(
        "CloseConversationResult", description="One that was closed before comes back as it is."
    ),
]


@strawberry.input(description="Which conversation to delete.")
class DeleteConversationInput:
    """A conversation."""

    id: strawberry.ID = strawberry.field(description=_WHICH)


@strawberry.type(description="The conversation is gone, with its messages.")
class DeleteConversationSuccess:
    """What is gone."""

    deleted_id: strawberry.ID = strawberry.field(description="Its id; nothing has it any more.")


DeleteConversationResult = Annotated[
    DeleteConversationSuccess | NotFoundError,
    strawberry.union(
        "DeleteConversationResult", description="NotFoundError for one deleted before."
    ),
]


@strawberry.type
class ConversationMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Gives a conversation another title. The visitor; agents and above; API keys"
        " with CONVERSATIONS_WRITE.",
        extensions=audited_for(SignedIn, scope=Scope.CONVERSATIONS_WRITE),
    )
    async def rename_conversation(
        self, info: ParlanceInfo, input: RenameConversationInput
    ) -> RenameConversationResult:
        found = await changeable_conversation(info.context, input.id, "agent")
        if found is None:
            return not_found("input", "id")
        scope = TenantScope.one(found.client_id)
        changes = info.context.services.conversation_changes
        renamed = await changes.rename(scope, found.id, input.title)
        return RenameConversationSuccess(conversation=conversation_from(renamed))

    @strawberry.mutation(
        description="Gives a conversation these tags instead of those that it has. Agents and"
        " above; API keys with CONVERSATIONS_WRITE.",
        extensions=audited_for(Person, scope=Scope.CONVERSATIONS_WRITE),
    )
    async def tag_conversation(
        self, info: ParlanceInfo, input: TagConversationInput
    ) -> TagConversationResult:
        found = await changeable(info.context, ConversationDocument, input.id, "agent")
        if found is None:
            return not_found("input", "id")
        scope = TenantScope.one(found.client_id)
        changes = info.context.services.conversation_changes
        tagged = await changes.tag(scope, found.id, input.tags)
        return TagConversationSuccess(conversation=conversation_from(tagged))

    @strawberry.mutation(
        description="Ends a conversation: it takes no more questions. May be called again. The"
        " visitor; agents and above; API keys with CONVERSATIONS_WRITE.",
        extensions=audited_for(SignedIn, scope=Scope.CONVERSATIONS_WRITE),
    )
    async def close_conversation(
        self, info: ParlanceInfo, input: CloseConversationInput
    ) -> CloseConversationResult:
        found = await changeable_conversation(info.context, input.id, "agent")
        if found is None:
            return not_found("input", "id")
        scope = TenantScope.one(found.client_id)
        closed = await info.context.services.conversation_changes.close(scope, found.id)
        return CloseConversationSuccess(conversation=conversation_from(closed))

    @strawberry.mutation(
        description="Deletes a conversation with its messages, at once and for good; an answer"
        " that is being given ends. The visitor; editors, owners and API keys with"
        " CONVERSATIONS_WRITE.",
        extensions=audited_for(SignedIn, scope=Scope.CONVERSATIONS_WRITE),
    )
    async def delete_conversation(
        self, info: ParlanceInfo, input: DeleteConversationInput
    ) -> DeleteConversationResult:
        found = await changeable_conversation(info.context, input.id, "editor")
        if found is None:
            return not_found("input", "id")
        scope = TenantScope.one(found.client_id)
        await info.context.services.deleting.delete(scope, found.id)
        return DeleteConversationSuccess(deleted_id=input.id)
