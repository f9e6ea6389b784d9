"""What visitors think of answers is kept once, however they click."""

import asyncio
from dataclasses import replace

import pytest
from beanie import PydanticObjectId

from documents.conversations import Conversation
from documents.database.database import Database
from documents.live_events import LiveEvent
from documents.messages import Feedback, Message
from services.conversations.rating import MAX_COMMENT_CHARACTERS, Rater, Ratings, Said
from services.refusals import InvalidFieldsError, UnknownTargetError
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Patient, Visitor
from tests.unit.answering.scripted_models import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")


def rater(visitor: Visitor) -> Rater:
    return Rater(visitor.client_id, visitor.chatbot_id, visitor.visitor_id)


async def answered(visitor: Visitor, process_of: MakeProcess) -> Message:
    return (await process_of(Script("x")).store(visitor.question())).answer


def said_of(feedback: Feedback | None) -> tuple[str, str | None] | None:
    return (feedback.rating, feedback.comment) if feedback else None


async def counts(visitor: Visitor, answer: Message) -> tuple[int, int, list[str]]:
    found = await visitor.conversation(answer.conversation_id)
    return found.rated_up, found.rated_down, list(found.ratings)


async def test_a_rating_is_given_changed_and_taken_back(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    ratings, answer = Ratings(database), await answered(visitor, process_of)
    for said, kept, counted in (
        (Said("down"), ("down", None), (0, 1, ["down"])),
        (Said("down", " Too\r\nshort "), ("down", "Too\nshort"), (0, 1, ["down"])),
        (Said("down", keeps_comment=True), ("down", "Too\nshort"), (0, 1, ["down"])),
        (Said("up", keeps_comment=True), ("up", None), (1, 0, ["up"])),
        (Said("up", "Fine"), ("up", "Fine"), (1, 0, ["up"])),
        (Said("up"), ("up", None), (1, 0, ["up"])),
        (Said(None), None, (0, 0, [])),
        (Said(None), None, (0, 0, [])),
    ):
        rated = await ratings.rate(rater(visitor), answer.id, said)
        assert said_of(rated.feedback) == kept
        assert said_of((await visitor.message(answer.id)).feedback) == kept
        assert await counts(visitor, answer) == counted


async def test_a_second_click_is_no_news(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    ratings, answer = Ratings(database), await answered(visitor, process_of)
    first = await ratings.rate(rater(visitor), answer.id, Said("up"))
    again = await ratings.rate(rater(visitor), answer.id, Said("up"))
    assert again.feedback == first.feedback
    told = await visitor.scope.of(LiveEvent).count({"kind": "message_changed"}, limit=9)
    assert told == 1


async def test_both_thumbs_at_once_are_one_rating(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    answer = await answered(visitor, process_of)
    ratings = Ratings(Patient(database))
    clicks = [ratings.rate(rater(visitor), answer.id, Said(one)) for one in ("up", "down")]
    await asyncio.gather(*clicks)
    kept = (await visitor.message(answer.id)).feedback
    assert kept is not None
    up, down, present = await counts(visitor, answer)
    assert (up, down, present) == ((1, 0, ["up"]) if kept.rating == "up" else (0, 1, ["down"]))


async def test_only_answers_to_the_visitors_own_questions_are_rated(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    ratings, answer = Ratings(database), await answered(visitor, process_of)
    me = rater(visitor)
    for who in (
        replace(me, visitor_id=PydanticObjectId()),
        replace(me, chatbot_id=PydanticObjectId()),
        replace(me, client_id="somebody-else"),
    ):
        with pytest.raises(UnknownTargetError):
            await ratings.rate(who, answer.id, Said("up"))
    for message_id in (answer.question_id, PydanticObjectId()):
        assert message_id is not None
        with pytest.raises(UnknownTargetError):
            await ratings.rate(me, message_id, Said("up"))
    await visitor.scope.of(Conversation).delete_many({})
    with pytest.raises(UnknownTargetError):
        await ratings.rate(me, answer.id, Said("up"))
    assert (await visitor.message(answer.id)).feedback is None


async def test_a_comment_has_a_limit_and_a_rating(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    ratings, answer = Ratings(database), await answered(visitor, process_of)
    longest = "x" * MAX_COMMENT_CHARACTERS
    for said in (Said("up", longest + "x"), Said(None, "So what?"), Said("up", "a\x00b")):
        with pytest.raises(InvalidFieldsError) as refused:
            await ratings.rate(rater(visitor), answer.id, said)
        assert refused.value.issues[0].path == ("input", "comment")
    rated = await ratings.rate(rater(visitor), answer.id, Said("up", longest))
    assert said_of(rated.feedback) == ("up", longest)
    assert said_of((await ratings.rate(rater(visitor), answer.id, Said("up", " "))).feedback) == (
        "up",
        None,
    )
