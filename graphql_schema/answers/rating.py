"""What a visitor thinks of an answer."""

from typing import Annotated

import strawberry

from documents.conversations import RatingName
from graphql_schema.context import ParlanceInfo
from graphql_schema.conversations.types import Message, Rating, message_from
from graphql_schema.errors import InvalidInputError, NotFoundError, not_found
from graphql_schema.node import local_id
from graphql_schema.permissions import Visitor, allowed_for
from graphql_schema.refusals import invalid_fields, unknown_target
from services.conversations.rating import Rater, Said
from services.refusals import InvalidFieldsError, UnknownTargetError

_NAMES: dict[Rating, RatingName] = {Rating.UP: "up", Rating.DOWN: "down"}


@strawberry.input(description="What a visitor thinks of an answer.")
class RateAnswerInput:
    """A rating."""

    message_id: strawberry.ID = strawberry.field(description="The answer's message.")
    rating: Rating | None = strawberry.field(
        description="Null or left out takes back what was said.", default=None
    )
    comment: str | None = strawberry.field(
        description="At most 2000 characters. Left out: the one given with the same rating stays;"
        " null clears it.",
        default=strawberry.UNSET,
    )


@strawberry.type(description="It is noted.")
class RateAnswerSuccess:
    """The answer afterwards."""

    answer: Message = strawberry.field(description="With its feedback.")


RateAnswerResult = Annotated[
    RateAnswerSuccess | InvalidInputError | NotFoundError,
    strawberry.union(
        "RateAnswerResult", description="The answer; saying the same again changes nothing."
    ),
]


@strawberry.type
class RatingMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Rates an answer that the visitor got, changes that, or takes it back.",
        extensions=allowed_for(Visitor),
    )
    async def rate_answer(self, info: ParlanceInfo, input: RateAnswerInput) -> RateAnswerResult:
        claims = (await info.context.visitor()).claims
        answer_id = local_id(input.message_id, "Message")
        if answer_id is None:
            return not_found("input", "messageId")
        rater = Rater(claims.client_id, claims.chatbot_id, claims.visitor_id)
        said = Said(
            rating=_NAMES[input.rating] if input.rating else None,
            comment=input.comment or None,
            keeps_comment=input.comment is strawberry.UNSET,
        )
        try:
            rated = await info.context.services.ratings.rate(rater, answer_id, said)
        except InvalidFieldsError as error:
            return invalid_fields(error)
        except UnknownTargetError as error:
            return unknown_target(error)
        return RateAnswerSuccess(answer=message_from(rated))
