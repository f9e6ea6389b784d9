"""The long poll: an answer's events for those who cannot hold a stream."""

import asyncio
from contextlib import aclosing
from typing import Annotated

import strawberry

from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from graphql_schema.answers.asking import checked_seq, visible_answer
from graphql_schema.answers.types import AnswerEvent, event_from
from graphql_schema.arguments import AfterSeq, AnswerId
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.errors import BadArgumentError, NotFoundInListError
from graphql_schema.permissions import SignedIn, allowed_for
from graphql_schema.scopes import Scope
from services.answering.events import AnswerEvent as StreamEvent
from services.answering.following import AnswerGoneError

MAX_WAIT_MS = 25_000


@strawberry.type
class AnswerQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="The events after `afterSeq`: those that are there, else the next ones, else"
        " [] after waitMs (at most 25000) without news. Ask on after the last event's number"
        " until AnswerCompleted or AnswerFailed.",
        extensions=allowed_for(SignedIn, scope=(Scope.CONVERSATIONS_READ, Scope.ASK)),
    )
    async def answer_events(
        self,
        info: ParlanceInfo,
        message_id: AnswerId,
        after_seq: AfterSeq = 0,
        wait_ms: Annotated[
            int, strawberry.argument(description="How long to wait for news, 0 to 25000.")
        ] = 10_000,
    ) -> list[AnswerEvent]:
        if not 0 <= wait_ms <= MAX_WAIT_MS:
            raise BadArgumentError(f"`waitMs` must be between 0 and {MAX_WAIT_MS}.")
        after_seq = checked_seq(after_seq)
        scope, answer_id = await visible_answer(info.context, message_id)
        if answer_id is None:
            raise NotFoundInListError
        batch = await _next_batch(info.context, scope, answer_id, after_seq, wait_ms / 1000)
        return [await event_from(event, scope) for event in batch]


async def _next_batch(
    context: RequestContext,
    scope: TenantScope,
    answer_id: PydanticObjectId,
    after_seq: int,
    wait_s: float,
) -> list[StreamEvent]:
    async with aclosing(context.services.following.follow(scope, answer_id, after_seq)) as batches:
        try:
            async with asyncio.timeout(wait_s):
                return list(await anext(batches, ()))
        except TimeoutError:
            return []
        except AnswerGoneError as error:
            raise NotFoundInListError from error
