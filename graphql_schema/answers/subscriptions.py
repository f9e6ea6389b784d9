"""The answer streams: ask and follow."""

from collections.abc import AsyncGenerator

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
from graphql_schema.answers.types import AnswerEvent, AnswerFailed, AnswerFailureCode, event_from
from graphql_schema.arguments import AfterSeq, AnswerId
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.permissions import SignedIn, Visitor, allowed_for
from graphql_schema.scopes import Scope
from services.answering.asking import QuestionRefusedError
from services.answering.following import AnswerGoneError
from services.answering.phrases import phrase


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
        except NoAskerError as error:
            yield AnswerFailed(
                seq=1,
                code=AnswerFailureCode.INVALID_INPUT,
                text=f"{error.field} {error}",
                retryable=False,
            )
            return
        except QuestionRefusedError as error:
            yield AnswerFailed(
                seq=1,
                code=AnswerFailureCode(error.code),
                text=phrase(error.code, refusal_language(input)),
                retryable=error.code == "rate_limited",
                retry_at=error.retry_at,
            )
            return
        async for event in _followed(
            info.context, TenantScope.one(asker.client_id), answer.id, after_seq
        ):
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
            yield AnswerFailed(
                seq=after_seq + 1,
                code=AnswerFailureCode.NOT_FOUND,
                text=phrase("not_found", None),
                retryable=False,
            )
            return
        async for event in _followed(info.context, scope, answer_id, after_seq):
            yield event


async def _followed(
    context: RequestContext, scope: TenantScope, answer_id: PydanticObjectId, after_seq: int
) -> AsyncGenerator[AnswerEvent, None]:
    """An answer's events; the token is looked at again before each batch."""
    seq = after_seq
    try:
        async for batch in context.services.following.follow(scope, answer_id, after_seq):
            await context.viewer()
            for event in batch:
                seq = event.seq
                yield await event_from(event, scope)
    except AnswerGoneError:
        yield AnswerFailed(
            seq=seq + 1,
            code=AnswerFailureCode.NOT_FOUND,
            text=phrase("not_found", None),
            retryable=False,
        )
