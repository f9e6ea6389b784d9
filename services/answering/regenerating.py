"""A new answer to a question that was answered before. The old one stays.

Like a question it has an idempotency key of the visitor's, so that two equal calls, in whatever
processes, make one answer. The key stands in the new answer itself: the question keeps the answer
it was given first, which whoever asks again under the question's own key goes on with.
"""

from dataclasses import dataclass

from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.tenancy import TenantScope
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
    TooManyAtOnceError,
    check_key,
)
from services.answering.stopping import Stopping
from services.live.publishing import news_of_conversation, news_of_message, publish


@dataclass(frozen=True, slots=True)
class OnceMore:
    """Which answer of a visitor's is to be replaced, and under which key."""

    asker: Asker
    answer_id: PydanticObjectId
    idempotency_key: str


class Regenerating:
    """Makes answers anew."""

    def __init__(
        self,
        transactions: Transactions,
        stopping: Stopping,
        owner: str,
        limits: Limits = DEFAULT_LIMITS,
        *,
        most_per_visitor: int,
        note_refusal: NoteRefusal = lambda *_: None,
    ) -> None:
        """The arguments are those of `Asking`; `stopping` ends an answer that is running."""
        self._transactions = transactions
        self._stopping = stopping
        self._owner = owner
        self._limits = limits
        self._most_per_visitor = most_per_visitor
        self._note_refusal = note_refusal

    async def regenerate(self, wanted: OnceMore, admit: Admit) -> NewAnswer:
        """Store an answer to come to the same question, or find what the same key stored before.

        An answer that is still running is stopped first, and keeps its text.

        Raises:
            QuestionRefusedError: with the reason as its code.
        """
        with refusals_noted(self._note_refusal, wanted.asker):
            return await self._regenerated(wanted, admit)

    async def _regenerated(self, wanted: OnceMore, admit: Admit) -> NewAnswer:
        check_key(wanted.idempotency_key)
        old = await _own_answer(wanted)
        earlier = await _stored_answer(wanted, old)
        if earlier is not None:
            return NewAnswer(earlier, is_new=False)
        await admit()
        await open_chatbot(wanted.asker)
        await self._end(old)
        return await stored_once(
            self._transactions,
            wanted.asker,
            lambda session: self._store(wanted, old, session),
            lambda: _stored_answer(wanted, old),
        )

    async def _end(self, old: Message) -> None:
        if old.status != "streaming":
            return
        scope = TenantScope.one(old.client_id)
        ended = await self._stopping.stop(scope, old.id, old.visitor_id)
        if ended is not None and ended.status == "streaming":
            raise TooManyAtOnceError

    async def _store(self, wanted: OnceMore, old: Message, session: WriteSession) -> Message:
        asker = wanted.asker
        await claim_turn(asker, session, most=self._most_per_visitor)
        question = await _question_of(old, session)
        conversation, archived = await room_in(
            asker, old.conversation_id, session, messages=1, changes={}
        )
        answer = answer_to_come(asker, conversation, question.id, self._owner, self._limits)
        answer.idempotency_key = wanted.idempotency_key
        await asker.scope.of(Message).insert(answer, session=session)
        await begin_lease(answer, self._owner, self._limits, session)
        news = [news_of_conversation("conversation_archived", one) for one in archived]
        await publish(
            asker.client_id, *news, news_of_message("answer_created", answer), session=session
        )
        return answer


async def _own_answer(wanted: OnceMore) -> Message:
    """The answer that is to be replaced.

    Raises:
        QuestionRefusedError: there is no such answer of this visitor's.
    """
    own = {**wanted.asker.own, "_id": wanted.answer_id, "sender": "bot"}
    found = await wanted.asker.scope.of(Message).find_one(own)
    if found is None or found.question_id is None:
        raise QuestionRefusedError("not_found")
    return found


async def _stored_answer(wanted: OnceMore, old: Message) -> Message | None:
    """The answer that was stored under the same key.

    Raises:
        QuestionRefusedError: the key was used for something else.
    """
    key = {"idempotency_key": wanted.idempotency_key}
    found = await wanted.asker.scope.of(Message).find_one({**wanted.asker.own, **key})
    if found is not None and (found.sender != "bot" or found.question_id != old.question_id):
        raise QuestionRefusedError("idempotency_conflict")
    return found


async def _question_of(old: Message, session: WriteSession) -> Message:
    """The question, which may have been deleted meanwhile.

    Raises:
        QuestionRefusedError: it was.
    """
    messages = TenantScope.one(old.client_id).of(Message)
    question = await messages.find_one({"_id": old.question_id}, session=session)
    if question is None:
        raise QuestionRefusedError("not_found")
    return question
