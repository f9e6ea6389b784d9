"""Noting what counts: a row for each request, stored by whoever settles it.

Storing a row is all that a turn has to do. `services.usage.counting` adds the rows up, each once.
"""

from documents.base import utc_now
from documents.duplicates import DuplicateError, duplicates_reported
from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from documents.usage_events import UsageEvent
from services.usage.fingerprints import fingerprint_of

UNANSWERED = "unanswered"
"""The tag of answers to which the chatbot's knowledge had nothing to say."""

_FIRST_ANSWER = 2
"""The place of a conversation's first answer: after the question that began it."""


async def note_end(answer: Message) -> None:
    """Note how the answer to a question has ended; noting it twice is as good as once.

    A preview counts nowhere.
    """
    if answer.preview_until is not None or answer.status == "streaming":
        return
    try:
        with duplicates_reported():
            await TenantScope.one(answer.client_id).of(UsageEvent).insert(await _row_of(answer))
    except DuplicateError:
        return


def counts_to_quota(answer: Message) -> int:
    """How many questions of the quota an answer that has ended takes.

    None if it has no text, or if no model was asked because nothing known answers the question.
    """
    if answer.status == "complete" and answer.llm_config_id is None and UNANSWERED in answer.tags:
        return 0
    return int(answer.status != "failed" or bool(answer.content.strip()))


async def note_rating(answer: Message, *, up: int, down: int, session: WriteSession) -> None:
    """Note a change of what visitors think of answers, in the transaction that makes it.

    `up` and `down` are 1 for a new rating, -1 for one that is taken back.
    """
    if answer.preview_until is not None or not (up or down):
        return
    row = UsageEvent(
        client_id=answer.client_id,
        kind="rating",
        at=answer.created_at,
        chatbot_id=answer.chatbot_id,
        visitor_id=answer.visitor_id,
        conversation_id=answer.conversation_id,
        answer_id=answer.id,
        requests=0,
        success=True,
        llm_config_id=answer.llm_config_id,
        llm_name=answer.llm_name,
        rated_up=up,
        rated_down=down,
        uncounted_since=utc_now(),
    )
    await TenantScope.one(answer.client_id).of(UsageEvent).insert(row, session=session)


def refusal_row(
    client_id: str, chatbot_id: PydanticObjectId, code: str, requests: int
) -> UsageEvent:
    """Requests that were refused, all for the same reason and at about the same time."""
    now = utc_now()
    return UsageEvent(
        client_id=client_id,
        kind="question",
        at=now,
        chatbot_id=chatbot_id,
        requests=requests,
        success=False,
        code=code,
        uncounted_since=now,
    )


async def _row_of(answer: Message) -> UsageEvent:
    success = answer.status != "failed"
    question = await _question_of(answer)
    failure = answer.stream.failure if answer.stream else None
    return UsageEvent(
        client_id=answer.client_id,
        kind="question",
        at=answer.created_at,
        chatbot_id=answer.chatbot_id,
        visitor_id=answer.visitor_id,
        conversation_id=answer.conversation_id,
        answer_id=answer.id,
        success=success,
        code=failure.code if failure else None,
        seq=answer.seq,
        question_key=_key_of(question, answer),
        message_length=len(question.content) if question else 0,
        to_quota=counts_to_quota(answer),
        opens_conversation=answer.seq == _FIRST_ANSWER,
        fell_back=any(step.step == "fallback" for step in answer.trace),
        unanswered=answer.status == "complete" and UNANSWERED in answer.tags,
        llm_config_id=answer.llm_config_id,
        llm_name=answer.llm_name,
        first_token_ms=answer.first_token_ms,
        response_time_ms=answer.response_time_ms,
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        cost_micros=answer.cost_micros,
        uncounted_since=utc_now(),
    )


async def _question_of(answer: Message) -> Message | None:
    if answer.question_id is None:
        return None
    return await TenantScope.one(answer.client_id).of(Message).get(answer.question_id)


def _key_of(question: Message | None, answer: Message) -> str | None:
    """By what a question is known again; None for an answer that was asked for once more."""
    is_first = question is not None and question.seq + 1 == answer.seq
    return fingerprint_of(question.content) if question and is_first else None
