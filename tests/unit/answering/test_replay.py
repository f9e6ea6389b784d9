"""The replay of an answer whose log is gone is the same each time, so it can be cut and resumed."""

import pytest
from beanie import PydanticObjectId
from hypothesis import given
from hypothesis import strategies as st

from documents.messages import AnswerStream, Failure, Message, MessageStatusName
from services.answering.events import AnswerCompleted, AnswerFailed
from services.answering.replay import replay
from tests.unit.answering.processes import check_numbering, text_of

# A document class wants its database before it makes a document.
pytestmark = pytest.mark.usefixtures("database")
ENDINGS: tuple[MessageStatusName, ...] = ("complete", "stopped", "failed")


def ended(status: MessageStatusName, content: str, last_seq: int | None) -> Message:
    failure = Failure(code="interrupted", text="Sorry.", retryable=True)
    return Message(
        client_id="a-client",
        conversation_id=PydanticObjectId(),
        chatbot_id=PydanticObjectId(),
        visitor_id=PydanticObjectId(),
        seq=2,
        sender="bot",
        status=status,
        content=content,
        stream=AnswerStream(
            seq_ceiling=9,
            last_seq=last_seq,
            failure=failure if status == "failed" else None,
        ),
    )


@given(
    status=st.sampled_from(ENDINGS),
    content=st.sampled_from(["", "Rome was not."]),
    last_seq=st.integers(1, 9000) | st.none(),
    seen=st.integers(0, 9010),
    cut=st.integers(0, 3),
)
def test_a_replay_can_be_cut_anywhere(
    status: MessageStatusName, content: str, last_seq: int | None, seen: int, cut: int
) -> None:
    answer, last = ended(status, content, last_seq), last_seq or 0
    whole = replay(answer, seen)
    if seen in {last_seq, last + 3}:
        assert whole == [], "the last event was seen"
        return

    begun = whole[:cut]
    if seen <= last + 3:
        assert begun + replay(answer, begun[-1].seq if begun else seen) == whole
    assert isinstance(whole[-1], AnswerFailed if status == "failed" else AnswerCompleted)
    if seen < last:
        assert text_of(whole) == content
        check_numbering(whole, after=last)


def test_a_number_that_nobody_gave_out_still_learns_of_the_end() -> None:
    answer = ended("complete", "Rome", 5)
    assert replay(answer, 100) == [AnswerCompleted(101, answer.id)]


def test_a_message_without_a_stream_can_be_followed() -> None:
    answer = ended("complete", "Rome", None)
    answer.stream = None
    events = replay(answer, 0)

    check_numbering(events)
    assert text_of(events) == "Rome"
