"""The stream of an answer that has ended and whose log is gone: restart, whole text, last event.

These three take the numbers after the last one of the stream, the same each time, so that a
follower that is cut off in the middle of the replay goes on in it.
"""

from documents.messages import Message
from services.answering.events import AnswerCompleted, AnswerDelta, AnswerEvent, AnswerRestarted
from services.answering.generation import failed


def replay(answer: Message, after_seq: int) -> list[AnswerEvent]:
    """The events after a number; none for a follower that has the last event already."""
    last = answer.stream.last_seq or 0 if answer.stream else 0
    if after_seq > last + 3:
        # A number that nobody gave out. Whoever asks must still learn that this is the end.
        return [_last_event(answer, after_seq + 1)]
    if 0 < last == after_seq:
        return []
    # The delta stands there without text too, or the number of the last event would depend on it.
    events: list[AnswerEvent] = [
        AnswerRestarted(last + 1, "log_expired"),
        AnswerDelta(last + 2, answer.content),
        _last_event(answer, last + 3),
    ]
    return [event for event in events if event.seq > after_seq]


def _last_event(answer: Message, seq: int) -> AnswerEvent:
    failure = answer.stream.failure if answer.stream else None
    if answer.status != "failed" or failure is None:
        return AnswerCompleted(seq, answer.id)
    return failed(seq, failure)
