"""Asking: one question with one answer, stored once however often it is asked.

The visitor's idempotency key decides. A unique index on it makes two equal calls, in whatever
processes, end with the same pair of messages; the loser of the race reads what the winner wrote.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from documents.base import utc_now
from documents.chatbots import Chatbot, ChatbotSettings
from documents.clients import Client
from documents.conversations import Conversation
from documents.duplicates import DuplicateError, duplicates_reported
from documents.erasure import visitor_is_there
from documents.ids import PydanticObjectId
from documents.messages import AnswerStream, Message
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.answering.leases import LAPSED, Lease
from services.answering.limits import DEFAULT_LIMITS, Limits
from services.answering.phrases import PhraseKey
from services.answering.whole_characters import is_whole
from services.conversations.current import archive_others, take_turn
from services.conversations.titles import title_of
from services.conversations.words import message_words
from services.languages.detection import detect_language
from services.live.publishing import News, news_of_conversation, news_of_message, publish
from services.refusals import UnknownTargetError

MAX_QUESTION_CHARACTERS = 8_000
MAX_KEY_CHARACTERS = 200
SOON = timedelta(seconds=5)
"""When to ask again if all depends on when other answers end."""


RefusalCode = Literal[
    "idempotency_conflict",
    "invalid_input",
    "chatbot_inactive",
    "maintenance",
    "conversation_closed",
    "not_found",
    "rate_limited",
]
NoteRefusal = Callable[[str, PydanticObjectId, str], None]
"""Notes that a client's chatbot was asked and refused, with the code."""

Admit = Callable[[], Awaitable[None]]
"""Stops a new question before anything is stored, by raising a `QuestionRefusedError`."""


class QuestionRefusedError(Exception):
    """A question was not accepted; nothing was stored.

    Attributes:
        code: why, for programs.
        retry_at: when it may be accepted, if time heals it.
        sentence: why, for the visitor.
    """

    def __init__(
        self,
        code: RefusalCode,
        retry_at: datetime | None = None,
        sentence: PhraseKey | None = None,
    ) -> None:
        super().__init__(code)
        self.code: RefusalCode = code
        self.retry_at = retry_at
        self.sentence: PhraseKey = sentence or code


class TooManyAtOnceError(QuestionRefusedError):
    """The visitor waits for as many answers already as one visitor may."""

    def __init__(self) -> None:
        super().__init__("rate_limited", utc_now() + SOON, "answers_running")


class WrongKeyError(QuestionRefusedError):
    """The idempotency key is none: a mistake of the program that asks, not of the visitor."""

    def __init__(self) -> None:
        super().__init__("invalid_input")


@dataclass(frozen=True, slots=True)
class Question:
    """What a visitor asks of a chatbot."""

    client_id: str
    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId
    conversation_id: PydanticObjectId | None
    text: str
    idempotency_key: str
    preview_until: datetime | None = None
    """Marks a question to the draft, which counts nowhere."""


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """The stored answer to a question; `is_new` when this call stored it."""

    answer: Message
    is_new: bool


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

    async def ask(self, question: Question, admit: Admit) -> AskedQuestion:
        """Store a question with its answer to come, or find what the same key stored before.

        `admit` is asked about new questions only: going on with an answer is always free.

        Raises:
            QuestionRefusedError: with the reason as its code.
        """
        try:
            return await self._asked(question, admit)
        except QuestionRefusedError as error:
            if question.preview_until is None:
                self._note_refusal(question.client_id, question.chatbot_id, error.code)
            raise

    async def _asked(self, question: Question, admit: Admit) -> AskedQuestion:
        _check_text(question)
        earlier = await _stored_answer(question)
        if earlier is not None:
            return AskedQuestion(earlier, is_new=False)
        await admit()
        chatbot = await _open_chatbot(question)
        language = detect_language(question.text) or _settings(chatbot, question).default_language
        # Nobody looks for what is said in a preview.
        words = [] if question.preview_until else message_words(question.text, language)
        try:
            with duplicates_reported():
                answer = await self._transactions.run_transaction(
                    lambda session: self._store(question, language, words, session)
                )
        except (DuplicateError, TooManyAtOnceError):
            # The same question at the same moment may be what is in the way.
            winner = await _stored_answer(question)
            if winner is None:
                raise
            return AskedQuestion(winner, is_new=False)
        if not await visitor_is_there(question.client_id, question.visitor_id):
            raise QuestionRefusedError("not_found")
        return AskedQuestion(answer, is_new=True)

    async def _store(
        self, question: Question, language: str, words: list[str], session: WriteSession
    ) -> Message:
        scope = TenantScope.one(question.client_id)
        await self._claim_turn(scope, question, session)
        conversation, archived = await _conversation_with_room(question, language, session)
        asked = Message(
            client_id=question.client_id,
            conversation_id=conversation.id,
            chatbot_id=question.chatbot_id,
            visitor_id=question.visitor_id,
            seq=conversation.message_count - 1,
            sender="visitor",
            status="complete",
            content=question.text,
            idempotency_key=question.idempotency_key,
            words=words,
            preview_until=question.preview_until,
        )
        answer = Message(
            client_id=question.client_id,
            conversation_id=conversation.id,
            chatbot_id=question.chatbot_id,
            visitor_id=question.visitor_id,
            seq=conversation.message_count,
            sender="bot",
            status="streaming",
            content="",
            question_id=asked.id,
            preview_until=question.preview_until,
            stream=AnswerStream(
                owner=self._owner, lease_until=LAPSED, seq_ceiling=self._limits.ceiling_block
            ),
        )
        asked.answer_id = answer.id
        await scope.of(Message).insert_many([asked, answer], session=session)
        lease = Lease(answer, self._owner, self._limits)
        await lease.begin(session, ceiling=self._limits.ceiling_block)
        news = [news_of_conversation("conversation_archived", one) for one in archived]
        if asked.seq == 1:
            news.append(news_of_conversation("conversation_started", conversation))
        await _tell(news, asked, answer, session)
        return answer

    async def _claim_turn(
        self, scope: TenantScope, question: Question, session: WriteSession
    ) -> None:
        """Make sure that the visitor may wait for one more answer.

        The write makes two questions of a visitor meet, in whatever processes, so the limit holds;
        and no question is stored for a visitor who is being erased.
        """
        try:
            await take_turn(question.client_id, question.visitor_id, session)
        except UnknownTargetError as error:
            raise QuestionRefusedError("not_found") from error
        running = await scope.of(Message).count(
            {"visitor_id": question.visitor_id, "status": "streaming"},
            limit=self._most_per_visitor,
            session=session,
        )
        if running >= self._most_per_visitor:
            raise TooManyAtOnceError


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
    messages = TenantScope.one(question.client_id).of(Message)
    asked = await messages.find_one(
        {
            "chatbot_id": question.chatbot_id,
            "visitor_id": question.visitor_id,
            "idempotency_key": question.idempotency_key,
        }
    )
    if asked is None or asked.answer_id is None:
        return None
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
    key = question.idempotency_key
    if not 0 < len(key) <= MAX_KEY_CHARACTERS or not is_whole(key):
        raise WrongKeyError


async def _open_chatbot(question: Question) -> Chatbot:
    """The chatbot, if it answers now; a preview works before it is switched on.

    Raises:
        QuestionRefusedError: it does not.
    """
    scope = TenantScope.one(question.client_id)
    chatbot = await scope.of(Chatbot).get(question.chatbot_id)
    client = await scope.of(Client).find_one({"active": True})
    in_preview = question.preview_until is not None
    if chatbot is None or client is None or not (chatbot.active or in_preview):
        raise QuestionRefusedError("chatbot_inactive")
    if client.maintenance_text:
        raise QuestionRefusedError("maintenance")
    return chatbot


def _settings(chatbot: Chatbot, question: Question) -> ChatbotSettings:
    return chatbot.shown(preview=question.preview_until is not None)


async def _conversation_with_room(
    question: Question, language: str, session: WriteSession
) -> tuple[Conversation, list[Conversation]]:
    """The conversation with two numbers taken for question and answer, and those it archives.

    Raises:
        QuestionRefusedError: it is not this visitor's, or it was closed.
    """
    conversations = TenantScope.one(question.client_id).of(Conversation)
    if question.conversation_id is None:
        new = await conversations.insert(_new_conversation(question, language), session=session)
        return new, await archive_others(new, session)
    own = {
        "_id": question.conversation_id,
        "chatbot_id": question.chatbot_id,
        "visitor_id": question.visitor_id,
    }
    room = {"$inc": {"message_count": 2}}
    fields = {"last_message_at": utc_now(), "language": language}
    taking = {**own, "status": {"$in": ["open", "needs_human"]}}
    found = await conversations.update_one(taking, {**room, "$set": fields}, session=session)
    if found is not None:
        return found, []
    archived, taken_up = {**own, "status": "archived"}, {**fields, "status": "open"}
    found = await conversations.update_one(archived, {**room, "$set": taken_up}, session=session)
    if found is not None:
        return found, await archive_others(found, session)
    closed = await conversations.find_one(own, session=session)
    raise QuestionRefusedError("conversation_closed" if closed else "not_found")


def _new_conversation(question: Question, language: str) -> Conversation:
    return Conversation(
        client_id=question.client_id,
        chatbot_id=question.chatbot_id,
        visitor_id=question.visitor_id,
        title=title_of(question.text),
        language=language,
        opening_key=question.idempotency_key,
        message_count=2,
        last_message_at=utc_now(),
        preview_until=question.preview_until,
    )
