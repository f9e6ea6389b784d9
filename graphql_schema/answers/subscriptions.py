"""The answer streams: ask and follow."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from graphql_schema.answers.asking import (
    AskInput,
    NoAskerError,
    asked,
    asker_of,
    checked_seq,
    refusal_language,
    visible_answer,
)
from graphql_schema.answers.refusals import refusal_event, refusal_of
from graphql_schema.answers.types import AnswerEvent, event_from
from graphql_schema.arguments import AfterSeq, AnswerId
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.execution.together import together
from graphql_schema.permissions import SignedIn, Visitor, allowed_for
from graphql_schema.scopes import Scope
from services.answering.events import AnswerCompleted
from services.answering.following import AnswerGoneError
from services.answering.question_refusals import QuestionRefusedError


@strawberry.type
class AnswerSubscriptions:
    """Subscriptions of this domain."""

    @strawberry.subscription(
        description="Asks a question and streams the answer. Asking again with the same"
        " idempotencyKey never asks twice: it goes on after `afterSeq`.",
        extensions=allowed_for(Visitor, scope=Scope.ASK),
    )
    async def ask(self, info: ParlanceInfo, input: AskInput) -> AsyncGenerator[AnswerEvent, None]:
        after_seq = checked_seq(input.after_seq)
        try:
            asker = await asker_of(info.context, input)
            answer = await asked(info.context, asker, input)
        except (NoAskerError, QuestionRefusedError) as error:
            yield refusal_of(error, refusal_language(input))
            return
        scope = TenantScope.one(asker.client_id)
        async with aclosing(_followed(info.context, scope, answer.id, after_seq)) as events:
            async for event in events:
                yield event

    @strawberry.subscription(
        description="Follows an answer that somebody asked for, after `afterSeq`.",
        extensions=allowed_for(SignedIn, scope=(Scope.CONVERSATIONS_READ, Scope.ASK)),
    )
    async def answer(
        self,
        info: ParlanceInfo,
        message_id: AnswerId,
        after_seq: AfterSeq = 0,
    ) -> AsyncGenerator[AnswerEvent, None]:
        after_seq = checked_seq(after_seq)
        scope, answer_id = await visible_answer(info.context, message_id)
        if answer_id is None:
            yield refusal_event(after_seq + 1, "not_found")
            return
        async with aclosing(_followed(info.context, scope, answer_id, after_seq)) as events:
            async for event in events:
                yield event


async def _followed(
    context: RequestContext, scope: TenantScope, answer_id: PydanticObjectId, after_seq: int
) -> AsyncGenerator[AnswerEvent, None]:
    """An answer's events; the token is looked at again before each batch."""
    seq = after_seq
    following = context.services.following
    try:
        async with aclosing(following.follow(scope, answer_id, after_seq)) as batches:
            async for batch in batches:
                await context.viewer()
                ready = list[AnswerEvent]()
                for event in batch:
                    # Its message is read from the database: nothing that is there waits for that.
                    if ready and isinstance(event, AnswerCompleted):
                        yield together(ready)
                        ready = []
                    seq = event.seq
                    ready.append(await event_from(event, scope))
                yield together(ready)
    except AnswerGoneError:
        yield refusal_event(seq + 1, "not_found")
