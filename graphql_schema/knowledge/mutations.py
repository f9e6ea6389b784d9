"""Adding and deleting knowledge."""

from collections.abc import Sequence
from typing import Annotated, Any, cast

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
    ConflictError,
    InputIssue,
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    invalid_input,
    not_found,
)
from graphql_schema.knowledge.inputs import (
    AddKnowledgeSourceInput,
    DeleteKnowledgeSourceInput,
    PushedDocumentInput,
    PushKnowledgeInput,
    SyncKnowledgeSourceInput,
    UpdateKnowledgeSourceInput,
    kind_issues,
    pairs_of,
    surplus_issues,
)
from graphql_schema.knowledge.types import KnowledgeKind, KnowledgeSource, source_from
from graphql_schema.node import local_id
from graphql_schema.permissions import Person
from graphql_schema.refusals import length_issues
from graphql_schema.scopes import Scope
from graphql_schema.targets import changeable, demand_role
from services.knowledge.pushing import PushedDocument
from services.knowledge.source_definition import (
    MOST_CHATBOTS_PER_SOURCE,
    SourceDefinition,
    length_problems,
    pair_issues,
)
from services.refusals import UnknownTargetError


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


@strawberry.type(description="The knowledge source was changed.")
class UpdateKnowledgeSourceSuccess:
    """A changed source."""

    source: KnowledgeSource = strawberry.field(description="As it is now.")


UpdateKnowledgeSourceResult = Annotated[
    UpdateKnowledgeSourceSuccess
    | InvalidInputError
    | NotFoundError
    | ConflictError
    | LimitReachedError
    | RefusedError,
    strawberry.union("UpdateKnowledgeSourceResult", description="The source, or why it stays."),
]


@strawberry.type(description="The knowledge source is being read anew.")
class SyncKnowledgeSourceSuccess:
    """A source whose sync runs."""

    source: KnowledgeSource = strawberry.field(description="As it is now.")


SyncKnowledgeSourceResult = Annotated[
    SyncKnowledgeSourceSuccess | NotFoundError | RateLimitedError,
    strawberry.union("SyncKnowledgeSourceResult", description="The source, or why not."),
]


@strawberry.type(
    description="The documents were taken; very large ones can be searched a little later."
)
class PushKnowledgeSuccess:
    """What became of a push."""

    source: KnowledgeSource = strawberry.field(
        description="As it is now; `problems` names documents without any text."
    )
    accepted: int = strawberry.field(description="How many said something new.")
    unchanged: int = strawberry.field(description="How many were known, or older.")


PushKnowledgeResult = Annotated[
    PushKnowledgeSuccess | InvalidInputError | NotFoundError | RateLimitedError,
    strawberry.union("PushKnowledgeResult", description="What became of it, or why nothing."),
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
        source = await info.context.services.knowledge_sources.add(
            owners.pop(), _definition(input, chatbot_ids)
        )
        return AddKnowledgeSourceSuccess(source=source_from(source))

    @strawberry.mutation(
        description="Changes a knowledge source. What was typed is searchable when the mutation"
        " returns, unless it is very much; the rest is read in the background. Editors and owners.",
        extensions=audited_for(Person, scope=Scope.KNOWLEDGE_WRITE),
    )
    async def update_knowledge_source(
        self, info: ParlanceInfo, input: UpdateKnowledgeSourceInput
    ) -> UpdateKnowledgeSourceResult:
        source = await changeable(info.context, SourceDocument, input.id, "editor")
        if source is None:
            return not_found("input", "id")
        chatbot_ids = None
        if input.chatbot_ids is not None and input.chatbot_ids is not strawberry.UNSET:
            chatbots = await _changeable_chatbots(info.context, input.chatbot_ids)
            if chatbots is None or {one.client_id for one in chatbots} - {source.client_id}:
                return not_found("input", "chatbotIds")
            chatbot_ids = [one.id for one in chatbots]
        if issues := surplus_issues(input, KnowledgeKind(source.kind)):
            return invalid_input(issues)
        changed = await info.context.services.knowledge_sources.update(
            TenantScope.one(source.client_id),
            source.id,
            _changes(input, chatbot_ids),
            revision=input.revision,
        )
        return UpdateKnowledgeSourceSuccess(source=source_from(changed))

    @strawberry.mutation(
        description="Reads a knowledge source anew, in the background; joins a sync that runs."
        " Of a source that others push to, nothing can be read. Editors and owners.",
        extensions=audited_for(Person, scope=Scope.KNOWLEDGE_WRITE),
    )
    async def sync_knowledge_source(
        self, info: ParlanceInfo, input: SyncKnowledgeSourceInput
    ) -> SyncKnowledgeSourceResult:
        source = await changeable(info.context, SourceDocument, input.id, "editor")
        if source is None:
            return not_found("input", "id")
        services = info.context.services
        await services.rate_limits.sync(str(source.id))
        synced = await services.knowledge_sources.sync(TenantScope.one(source.client_id), source.id)
        return SyncKnowledgeSourceSuccess(source=source_from(synced))

    @strawberry.mutation(
        description="Takes documents that another program sends. Sending the same again changes"
        " nothing. API keys with KNOWLEDGE_WRITE, editors and owners.",
        extensions=audited_for(Person, scope=Scope.KNOWLEDGE_WRITE),
    )
    async def push_knowledge(
        self, info: ParlanceInfo, input: PushKnowledgeInput
    ) -> PushKnowledgeResult:
        source = await changeable(info.context, SourceDocument, input.source_id, "editor")
        if source is None:
            return not_found("input", "sourceId")
        services = info.context.services
        await services.rate_limits.push(str(source.id))
        pushed = await services.pushing.push(
            TenantScope.one(source.client_id), source.id, [_pushed(one) for one in input.documents]
        )
        return PushKnowledgeSuccess(
            source=source_from(pushed.source),
            accepted=pushed.accepted,
            unchanged=pushed.unchanged,
        )

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


def _definition(
    given: AddKnowledgeSourceInput, chatbot_ids: Sequence[PydanticObjectId]
) -> SourceDefinition:
    return SourceDefinition(
        kind=cast("KnowledgeKindName", given.kind.value),
        title=given.title,
        chatbot_ids=tuple(chatbot_ids),
        text=given.text,
        qa=pairs_of(given.qa),
        url=given.url,
        file_id=_upload(given.upload_id),
        max_pages=given.max_pages,
        max_depth=given.max_depth,
        sync_every_hours=given.sync_every_hours,
    )


def _changes(
    given: UpdateKnowledgeSourceInput, chatbot_ids: Sequence[PydanticObjectId] | None
) -> dict[str, Any]:
    """The fields that were given; the schedule may be taken away."""
    values: dict[str, Any] = {
        "chatbot_ids": chatbot_ids,
        "title": given.title,
        "text": given.text,
        "qa": pairs_of(None if given.qa is strawberry.UNSET else given.qa),
        "url": given.url,
        "file_id": _upload(None if given.upload_id is strawberry.UNSET else given.upload_id),
        "max_pages": given.max_pages,
        "max_depth": given.max_depth,
    }
    changes = {
        name: value
        for name, value in values.items()
        if value is not None and value is not strawberry.UNSET
    }
    if given.sync_every_hours is not strawberry.UNSET:
        changes["sync_every_hours"] = given.sync_every_hours
    return changes


def _upload(public_id: str | None) -> PydanticObjectId | None:
    """The file of an upload.

    Raises:
        UnknownTargetError: it is no id of an upload.
    """
    if public_id is None:
        return None
    file_id = local_id(public_id, "Upload")
    if file_id is None:
        raise UnknownTargetError("input", "uploadId")
    return file_id


def _pushed(given: PushedDocumentInput) -> PushedDocument:
    return PushedDocument(
        external_id=given.external_id,
        url=given.url,
        title=given.title,
        html=given.html,
        modified_at=given.modified_at,
        is_deleted=given.deleted,
    )


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
