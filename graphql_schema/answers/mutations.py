"""Stopping an answer."""

from typing import Annotated

import strawberry

from graphql_schema.context import ParlanceInfo
from graphql_schema.conversations.types import Message, message_from
from graphql_schema.errors import NotFoundError, not_found
from graphql_schema.node import local_id
from graphql_schema.permissions import SignedIn, allowed_for
from graphql_schema.viewers import VisitorViewer


@strawberry.input(description="Which answer to stop.")
class StopAnswerInput:
    """An answer."""

    message_id: strawberry.ID = strawberry.field(description="The answer's message.")


@strawberry.type(description="The answer has ended.")
class StopAnswerSuccess:
    """The answer after the stop."""

    answer: Message = strawberry.field(description="With the text so far; STOPPED, or as it was.")


StopAnswerResult = Annotated[
    StopAnswerSuccess | NotFoundError,
    strawberry.union("StopAnswerResult", description="A finished answer comes back as it is."),
]


@strawberry.type
class AnswerMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Ends an answer at once and keeps its text so far. May be called again.",
        extensions=allowed_for(SignedIn),
    )
    async def stop_answer(self, info: ParlanceInfo, input: StopAnswerInput) -> StopAnswerResult:
        viewer = await info.context.viewer()
        visitor_id = None
        if isinstance(viewer, VisitorViewer):
            scope, visitor_id = viewer.scope(), viewer.claims.visitor_id
        else:
            scope = (await info.context.person()).scope("agent")
        answer_id = local_id(input.message_id, "Message")
        if answer_id is None:
            return not_found("input", "messageId")
        stopped = await info.context.services.stopping.stop(scope, answer_id, visitor_id)
        if stopped is None:
            return not_found("input", "messageId")
        return StopAnswerSuccess(answer=message_from(stopped))
