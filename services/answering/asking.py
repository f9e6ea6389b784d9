"""Asking: one question with one answer, stored once however often it is asked.

The visitor's idempotency key decides. A unique index on it makes two equal calls, in whatever
processes, end with the same pair of messages; the loser of the race reads what the winner wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from documents.base import utc_now
from documents.conversations import Conversation
from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.transactions import Transactions, WriteSession
from services.answering.accepting import (
    Admit,
    Asker,
    NewAnswer,
    NoteRefusal,
    answer_to_come,
    begin_lease,
    claim_turn,
    open_chatbot,
    refusals_noted,
    room_in,
    stored_once,
)
from services.answering.limits import DEFAULT_LIMITS, Limits
from services.answering.question_refusals import (
    QuestionRefusedError,
    check_key,
)
from services.answering.whole_characters import is_whole
from services.conversations.current import archive_others
from services.conversations.titles import title_of
from services.conversations.words import message_words
from services.languages.detection import detect_language
from services.live.publishing import News, news_of_conversation, news_of_message, publish
from services.outbox.recording import happened_to_conversation, record

MAX_QUESTION_CHARACTERS = 8_000


@dataclass(frozen=True, slots=True)
class Question:
    """What a visitor asks of a chatbot; `conversation_id` None opens a conversation."""

    asker: Asker
    conversation_id: PydanticObjectId | None
    text: str
    idempotency_key: str


class Asking:
    """Accepts questions."""

    def __init__(
        self,
        transactions: Transactions,
        owner: str,
        limits: Limits = DEFAULT_LIMITS,
        *,
        most_per_visitor: int,
        note_refusal: NoteRefusal = lambda *_: None,
    ) -> None:
        """`owner` names this process as the one that works on new answers.

        `most_per_visitor` is how many answers may be on their way to one visitor at a time.
        """
        self._note_refusal = note_refusal
        self._transactions = transactions
        self._owner = owner
        self._limits = limits
        self._most_per_visitor = most_per_visitor

    async def ask(self, question: Question, admit: Admit) -> NewAnswer:
        """Store a question with its answer to come, or find what the same key stored before.

        `admit` is asked about new questions only: going on with an answer is always free.

        Raises:
            QuestionRefusedError: with the reason as its code.
        """
        with refusals_noted(self._note_refusal, question.asker):
            return await self._asked(question, admit)

    async def _asked(self, question: Question, admit: Admit) -> NewAnswer:
        _check_text(question)
        earlier = await _stored_answer(question)
        if earlier is not None:
            return NewAnswer(earlier, is_new=False)
        await admit()
        is_preview = question.asker.preview_until is not None
        settings = (await open_chatbot(question.asker)).shown(preview=is_preview)
        language = detect_language(question.text) or settings.default_language
        # Nobody looks for what is said in a preview.
        words = [] if is_preview else message_words(question.text, language)
        return await stored_once(
            self._transactions,
            question.asker,
            lambda session: self._store(question, language, words, session),
            lambda: _stored_answer(question),
        )

    async def _store(
        self, question: Question, language: str, words: list[str], session: WriteSession
    ) -> Message:
        asker = question.asker
        await claim_turn(asker, session, most=self._most_per_visitor)
        conversation, archived = await _conversation_with_room(question, language, session)
        asked = Message(
            client_id=asker.client_id,
            conversation_id=conversation.id,
            chatbot_id=asker.chatbot_id,
            visitor_id=asker.visitor_id,
            seq=conversation.message_count - 1,
            sender="visitor",
            status="complete",
            content=question.text,
            idempotency_key=question.idempotency_key,
            words=words,
            preview_until=asker.preview_until,
        )
        answer = answer_to_come(asker, conversation, asked.id, self._owner, self._limits)
        asked.answer_id = answer.id
        await asker.scope.of(Message).insert_many([asked, answer], session=session)
        await begin_lease(answer, self._owner, self._limits, session)
        news = [news_of_conversation("conversation_archived", one) for one in archived]
        if asked.seq == 1:
            news.append(news_of_conversation("conversation_started", conversation))
            await record(happened_to_conversation("conversation.started", conversation), session)
        await _tell(news, asked, answer, session)
        return answer


async def _tell(
    before: Sequence[News], asked: Message, answer: Message, session: WriteSession
) -> None:
    """Let those who watch know; as the last step, see `services.live.publishing`."""
    news = [
        *before,
        news_of_message("question_created", asked),
        news_of_message("answer_created", answer),
    ]
    await publish(asked.client_id, *news, session=session)


async def _stored_answer(question: Question) -> Message | None:
    """The answer to the question that was stored under the same key.

    Raises:
        QuestionRefusedError: the key was used for another text, or the answer was deleted.
    """
    messages = question.asker.scope.of(Message)
    key = {"idempotency_key": question.idempotency_key}
    asked = await messages.find_one({**question.asker.own, **key})
    if asked is None:
        return None
    if asked.answer_id is None:  # the key of an answer that was made once more
        raise QuestionRefusedError("idempotency_conflict")
    if asked.content != question.text:
        raise QuestionRefusedError("idempotency_conflict")
    answer = await messages.get(asked.answer_id)
    if answer is None:
        raise QuestionRefusedError("not_found")
    return answer


def _check_text(question: Question) -> None:
    if not question.text.strip() or len(question.text) > MAX_QUESTION_CHARACTERS:
        raise QuestionRefusedError("invalid_input")
    if not is_whole(question.text):
        raise QuestionRefusedError("invalid_input")
    check_key(question.idempotency_key)


async def _conversation_with_room(
    question: Question, language: str, session: WriteSession
) -> tuple[Conversation, list[Conversation]]:
    """The conversation with two numbers taken for question and answer, and those it archives.

    Raises:
        QuestionRefusedError: it is not this visitor's, or it was closed.
    """
    asker = question.asker
    if question.conversation_id is not None:
        changes = {"language": language}
        return await room_in(asker, question.conversation_id, session, messages=2, changes=changes)
    conversations = asker.scope.of(Conversation)
    new = await conversations.insert(_new_conversation(question, language), session=session)
    return new, await archive_others(new, session)


def _new_conversation(question: Question, language: str) -> Conversation:
    asker = question.asker
    return Conversation(
        client_id=asker.client_id,
        chatbot_id=asker.chatbot_id,
        visitor_id=asker.visitor_id,
        title=title_of(question.text),
        language=language,
        opening_key=question.idempotency_key,
        message_count=2,
        last_message_at=utc_now(),
        preview_until=asker.preview_until,
    )
