"""Adding and deleting knowledge."""

from collections.abc import Sequence
from typing import Annotated, cast

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.ids import PydanticObjectId
from documents.knowledge_sources import KnowledgeKindName
from documents.knowledge_sources import KnowledgeSource as SourceDocument
from documents.tenancy import TenantScope
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.erasing import ErasedCount, erased_counts
from graphql_schema.errors import (
    InputIssue,
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    RefusedError,
    invalid_input,
    not_found,
)
from graphql_schema.knowledge.inputs import (
    AddKnowledgeSourceInput,
    DeleteKnowledgeSourceInput,
    kind_issues,
    pairs_of,
)
from graphql_schema.knowledge.types import KnowledgeKind, KnowledgeSource, source_from
from graphql_schema.node import local_id
from graphql_schema.permissions import Person
from graphql_schema.refusals import length_issues
from graphql_schema.scopes import Scope
from graphql_schema.targets import changeable, demand_role
from services.knowledge.source_definition import (
    MOST_CHATBOTS_PER_SOURCE,
    SourceDefinition,
    length_problems,
    pair_issues,
)


@strawberry.type(description="The knowledge source was added and can be searched.")
class AddKnowledgeSourceSuccess:
    """A new source."""

    source: KnowledgeSource = strawberry.field(description="The new source.")


AddKnowledgeSourceResult = Annotated[
    AddKnowledgeSourceSuccess
    | InvalidInputError
    | NotFoundError
    | LimitReachedError
    | RefusedError,
    strawberry.union("AddKnowledgeSourceResult", description="A source, or why there is none."),
]


@strawberry.type(description="The knowledge source is gone, and no answer cites it any more.")
class DeleteKnowledgeSourceSuccess:
    """A receipt."""

    deleted_id: strawberry.ID = strawberry.field(description="What was deleted.")
    erased: list[ErasedCount] = strawberry.field(description="How much went with it.")


DeleteKnowledgeSourceResult = Annotated[
    DeleteKnowledgeSourceSuccess | NotFoundError,
    strawberry.union("DeleteKnowledgeSourceResult", description="A receipt."),
]


@strawberry.type
class KnowledgeMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Adds something that chatbots answer from. Editors and owners.",
        extensions=audited_for(Person, scope=Scope.KNOWLEDGE_WRITE),
    )
    async def add_knowledge_source(
        self, info: ParlanceInfo, input: AddKnowledgeSourceInput
    ) -> AddKnowledgeSourceResult:
        chatbots = await _changeable_chatbots(info.context, input.chatbot_ids)
        if chatbots is None:
            return not_found("input", "chatbotIds")
        chatbot_ids = [chatbot.id for chatbot in chatbots]
        owners = {chatbot.client_id for chatbot in chatbots}
        if issues := _issues(input, owners, chatbot_ids):
            return invalid_input(issues)
        wanted = SourceDefinition(
            kind=cast("KnowledgeKindName", input.kind.value),
            title=input.title,
            chatbot_ids=tuple(chatbot_ids),
            text=input.text,
            qa=pairs_of(input.qa),
        )
        source = await info.context.services.knowledge_sources.add(owners.pop(), wanted)
        return AddKnowledgeSourceSuccess(source=source_from(source))

    @strawberry.mutation(
        description="Deletes a knowledge source with everything that is searched for it. Editors"
        " and owners.",
        extensions=audited_for(Person, scope=Scope.KNOWLEDGE_WRITE),
    )
    async def delete_knowledge_source(
        self, info: ParlanceInfo, input: DeleteKnowledgeSourceInput
    ) -> DeleteKnowledgeSourceResult:
        source = await changeable(info.context, SourceDocument, input.id, "editor")
        if source is None:
            return not_found("input", "id")
        erased = await info.context.services.knowledge_sources.delete(
            TenantScope.one(source.client_id), source.id
        )
        return DeleteKnowledgeSourceSuccess(deleted_id=input.id, erased=erased_counts(erased))


async def _changeable_chatbots(
    context: RequestContext, public_ids: Sequence[str]
) -> list[ChatbotDocument] | None:
    """The chatbots of these ids, or None when the caller does not see one of them.

    More ids than a source may have chatbots are not looked up: no chatbots are found for them.

    Raises:
        AuthorizationError: FORBIDDEN: the caller sees them, but may not change one of them.
    """
    wanted = {local_id(one, "Chatbot") for one in public_ids}
    if len(wanted) > MOST_CHATBOTS_PER_SOURCE:
        return []
    scope = (await context.member()).scope()
    found = await scope.of(ChatbotDocument).find(
        {"_id": {"$in": [one for one in wanted if one]}}, limit=MOST_CHATBOTS_PER_SOURCE
    )
    if len(found) < len(wanted):
        return None
    for chatbot in found:
        await demand_role(context, chatbot.client_id, "editor")
    return found


def _issues(
    given: AddKnowledgeSourceInput, owners: set[str], chatbot_ids: Sequence[PydanticObjectId]
) -> list[InputIssue]:
    issues = kind_issues(given)
    if not issues:
        needs_text = given.kind is KnowledgeKind.TEXT
        problems = length_problems(given.title, given.text, chatbot_ids, needs_text=needs_text)
        pairs = pair_issues(pairs_of(given.qa))
        issues = [
            *length_issues(problems),
            *(InputIssue(path=list(one.path), message=one.message) for one in pairs),
        ]
    if len(owners) > 1:
        issues.append(
            InputIssue(
                path=["input", "chatbotIds"], message="must all be chatbots of the same client"
            )
        )
    return issues
