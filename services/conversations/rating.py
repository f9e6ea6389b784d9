"""What visitors think of answers: said once, changed or taken back.

How many answers of a conversation are rated so is kept with it, in the same transaction, so that
lists find it; so is what counts to the client's usage. The rating of an answer counts once, however
many clicks it took.
"""

from dataclasses import dataclass
from typing import Any

from documents.base import utc_now
from documents.conversations import Conversation, RatingName
from documents.ids import PydanticObjectId
from documents.messages import Feedback, Message
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.field_checks import FieldChecks
from services.live.publishing import news_of_message, publish
from services.outbox.recording import happened_to_message, record
from services.refusals import UnknownTargetError
from services.usage.noting import note_rating

MAX_COMMENT_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Said:
    """What a visitor says of an answer.

    Attributes:
        rating: None takes what was said back.
        comment: None for no words.
        keeps_comment: Nothing was said of the comment: that of the same rating stays.
    """

    rating: RatingName | None
    comment: str | None = None
    keeps_comment: bool = False


@dataclass(frozen=True, slots=True)
class Rater:
    """A visitor of a chatbot, who rates the answers to the visitor's own questions."""

    client_id: str
    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId


class Ratings:
    """Keeps what visitors think."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def rate(self, rater: Rater, answer_id: PydanticObjectId, said: Said) -> Message:
        """The answer with what the visitor thinks of it now. Saying the same again is no change.

        Raises:
            InvalidFieldsError: the comment is too long, or one without a rating.
            UnknownTargetError: the answer is unknown or somebody else's.
        """
        checked = _checked(said)

        async def change(session: WriteSession) -> Message:
            answers = TenantScope.one(rater.client_id).of(Message)
            own = {
                "_id": answer_id,
                "chatbot_id": rater.chatbot_id,
                "visitor_id": rater.visitor_id,
                "sender": "bot",
            }
            before = await answers.find_one(own, session=session)
            if before is None:
                raise UnknownTargetError("input", "messageId")
            feedback = _feedback(before.feedback, checked)
            if feedback == before.feedback:
                return before
            stored = {"$set": {"feedback": feedback.model_dump() if feedback else None}}
            rated = await answers.update_one(own, stored, session=session)
            if rated is None or not await _counted(before, rated, session):
                raise UnknownTargetError("input", "messageId")
            up, down = (_is(rated, one) - _is(before, one) for one in ("up", "down"))
            if down > 0:
                await record(happened_to_message("feedback.negative", rated), session)
            await note_rating(rated, up=up, down=down, session=session)
            await publish(
                rated.client_id, news_of_message("message_changed", rated), session=session
            )
            return rated

        return await self._transactions.run_transaction(change)


def _checked(said: Said) -> Said:
    checks = FieldChecks("input")
    comment = said.comment or None
    if comment is not None:
        longest = MAX_COMMENT_CHARACTERS
        comment = checks.text("comment", comment, longest=longest, shortest=0) or None
    if comment is not None and said.rating is None:
        checks.wrong("comment", "goes with a rating: UP or DOWN")
    checks.done()
    return Said(said.rating, comment, said.keeps_comment)


def _feedback(before: Feedback | None, said: Said) -> Feedback | None:
    """What is kept; what was kept before if nothing else is said now."""
    if said.rating is None:
        return None
    if (
        before is not None
        and before.rating == said.rating
        and (said.keeps_comment or said.comment == before.comment)
    ):
        return before
    return Feedback(rating=said.rating, comment=said.comment, rated_at=utc_now())


async def _counted(before: Message, after: Message, session: WriteSession) -> bool:
    """Count a changed rating in its conversation; whether that is still there."""
    fields = {one: f"rated_{one}" for one in ("up", "down")}
    counts = {
        field: {"$add": [{"$ifNull": [f"${field}", 0]}, _is(after, one) - _is(before, one)]}
        for one, field in fields.items()
    }
    present = [{"$cond": [{"$gt": [f"${field}", 0]}, [one], []]} for one, field in fields.items()]
    pipeline: list[dict[str, Any]] = [
        {"$set": counts},
        {"$set": {"ratings": {"$concatArrays": present}, "updated_at": "$$NOW"}},
    ]
    conversations = TenantScope.one(after.client_id).of(Conversation)
    mine = conversations.condition({"_id": after.conversation_id})
    counted = await conversations.raw.update_one(mine, pipeline, session=session)
    return counted.matched_count == 1


def _is(answer: Message, rating: str) -> int:
    return int(answer.feedback is not None and answer.feedback.rating == rating)
