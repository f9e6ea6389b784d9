"""What becomes of knowledge sources, as it happens: how far a sync is, and what is gone."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated

import strawberry

from documents.ids import PydanticObjectId
from documents.knowledge_sources import KnowledgeSource as SourceDocument
from documents.live_events import LiveEvent, LiveEventKind
from graphql_schema.arguments import AfterEvent, OfClient
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.errors import AuthorizationError, NotFoundInListError
from graphql_schema.knowledge.types import KnowledgeSource, source_from
from graphql_schema.live.following import cursor_at, followed, watched_client
from graphql_schema.node import global_id
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.targets import seen
from services.live.wanted import Wanted

WATCHED: frozenset[LiveEventKind] = frozenset({"knowledge_changed", "knowledge_deleted"})


@strawberry.interface(description="Something happened to a knowledge source.")
class KnowledgeEvent:
    """What all of them have."""

    cursor: str = strawberry.field(
        description="Give it back as `after` to go on from here without a gap; good for 7 days."
    )


@strawberry.type(description="A source was added or changed, or its sync has come further.")
class KnowledgeSourceChanged(KnowledgeEvent):
    """A change."""

    source: KnowledgeSource = strawberry.field(description="The source as it is now.")


@strawberry.type(description="A source is gone.")
class KnowledgeSourceDeleted(KnowledgeEvent):
    """A deletion."""

    deleted_id: strawberry.ID = strawberry.field(description="Which source.")


@strawberry.type
class KnowledgeSubscriptions:
    """Subscriptions of this domain."""

    @strawberry.subscription(
        description="What becomes of a client's knowledge sources, or of one of them: what people"
        " change, and about once a second how far a sync is. Goes on after the event with the"
        " cursor `after`, else begins now. CURSOR_EXPIRED when nobody knows any more what came"
        " after the cursor.",
        extensions=allowed_for(Person, scope=(Scope.CHATBOTS_READ, Scope.KNOWLEDGE_WRITE)),
    )
    async def knowledge_events(
        self,
        info: ParlanceInfo,
        client_id: OfClient = None,
        source_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only what becomes of this source."),
        ] = None,
        after: AfterEvent = None,
    ) -> AsyncGenerator[KnowledgeEvent, None]:
        watched, source = await _watched(info.context, client_id, source_id)
        wanted = Wanted(kinds=WATCHED, source_id=source)
        make = partial(_event, info.context)
        async with aclosing(followed(info.context, watched, wanted, after, make)) as events:
            async for event in events:
                yield event


async def _watched(
    context: RequestContext, client_id: str | None, source_id: str | None
) -> tuple[str, PydanticObjectId | None]:
    """The client whose events are meant, and of which source.

    Raises:
        NotFoundInListError: one of the ids is unknown, or none of the caller's.
        BadArgumentError: nothing says which of several clients is meant.
    """
    source = None if source_id is None else await seen(context, SourceDocument, source_id)
    if source_id is not None and source is None:
        raise NotFoundInListError
    owners = {source.client_id} if source else set()
    if client_id is not None or not owners:
        owners.add(await watched_client(context, client_id))
    if len(owners) != 1:
        raise NotFoundInListError
    return owners.pop(), source.id if source else None


async def _event(context: RequestContext, event: LiveEvent) -> KnowledgeEvent | None:
    """An event as the caller sees it now; None when its source is gone meanwhile.

    Raises:
        AuthorizationError: the caller may not see it, or not any more.
    """
    scope = (await context.member()).scope()
    if not scope.admits(event.client_id):
        raise AuthorizationError("FORBIDDEN")
    cursor, source_id = cursor_at(event.id), event.source_id
    if source_id is None:
        return None
    if event.kind == "knowledge_deleted":
        deleted_id = global_id("KnowledgeSource", source_id)
        return KnowledgeSourceDeleted(cursor=cursor, deleted_id=deleted_id)
    source = await scope.of(SourceDocument).get(source_id)
    return KnowledgeSourceChanged(cursor=cursor, source=source_from(source)) if source else None
