"""What every new answer needs, to a new question or to an old one once more.

A chatbot that answers now, the visitor's turn, room in the conversation, and a lease from the
transaction on that stores it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.conversations import Conversation
from documents.duplicates import DuplicateError, duplicates_reported
from documents.erasure import erase_chatbot, visitor_is_there
from documents.ids import PydanticObjectId
from documents.messages import AnswerStream, Message
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.answering.leases import LAPSED, Lease
from services.answering.limits import Limits
from services.answering.month_check import check_month
from services.answering.question_refusals import (
    MaintenanceError,
    QuestionRefusedError,
    TooManyAtOnceError,
)
from services.conversations.current import archive_others, take_turn
from services.refusals import UnknownTargetError

NoteRefusal = Callable[[str, PydanticObjectId, str], None]
"""Notes that a client's chatbot was asked and refused, with the code."""

Admit = Callable[[], Awaitable[None]]
"""Stops a new question before anything is stored, by raising a `QuestionRefusedError`."""


@dataclass(frozen=True, slots=True)
class Asker:
    """In whose name something is asked, and of which chatbot.

    `preview_until` marks what is asked of the draft, which counts nowhere.
    """

    client_id: str
    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId
    preview_until: datetime | None = None

    @property
    def scope(self) -> TenantScope:
        """The client's documents."""
        return TenantScope.one(self.client_id)

    @property
    def own(self) -> dict[str, Any]:
        """The condition on what is the visitor's with this chatbot."""
        return {"chatbot_id": self.chatbot_id, "visitor_id": self.visitor_id}


async def check_still_there(asker: Asker) -> None:
    """See that visitor and chatbot were not deleted while something of theirs was stored.

    Whoever deletes them deletes them before a last look at what is theirs. So either that look
    found what was stored, or they are not there any more, and it is erased here.

    Raises:
        QuestionRefusedError: one of them was.
    """
    if not await visitor_is_there(asker.client_id, asker.visitor_id):
        raise QuestionRefusedError("not_found")
    if await asker.scope.of(Chatbot).part(asker.chatbot_id, frozenset()) is None:
        await erase_chatbot(asker.client_id, asker.chatbot_id)
        raise QuestionRefusedError("chatbot_inactive")


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """The stored answer; `is_new` when this call stored it."""

    answer: Message
    is_new: bool


@contextmanager
def refusals_noted(note: NoteRefusal, asker: Asker) -> Iterator[None]:
    """Count what is refused inside; a preview counts nowhere."""
    try:
        yield
    except QuestionRefusedError as error:
        if asker.preview_until is None:
            note(asker.client_id, asker.chatbot_id, error.code)
        raise


async def stored_once(
    transactions: Transactions,
    asker: Asker,
    store: Callable[[WriteSession], Awaitable[Message]],
    stored: Callable[[], Awaitable[Message | None]],
) -> NewAnswer:
    """The answer that `store` stores, or the one that was stored under the same key meanwhile.

    Raises:
        QuestionRefusedError: visitor or chatbot are gone, or the visitor waits for too many.
    """
    try:
        with duplicates_reported():
            answer = await transactions.run_transaction(store)
    except (DuplicateError, TooManyAtOnceError):
        # The same wish at the same moment may be what is in the way.
        winner = await stored()
        if winner is None:
            raise
        return NewAnswer(winner, is_new=False)
    await check_still_there(asker)
    return NewAnswer(answer, is_new=True)


async def open_chatbot(asker: Asker) -> Chatbot:
    """The chatbot, if it answers now; a preview works before it is switched on.

    Raises:
        QuestionRefusedError: it does not, or its client has used up quota or budget.
    """
    chatbot, client = await asyncio.gather(
        asker.scope.of(Chatbot).get(asker.chatbot_id),
        asker.scope.of(Client).find_one({"active": True}),
    )
    in_preview = asker.preview_until is not None
    if chatbot is None or client is None or not (chatbot.active or in_preview):
        raise QuestionRefusedError("chatbot_inactive")
    if client.pause_text:
        raise MaintenanceError(client.pause_text)
    if not in_preview:
        await check_month(client, chatbot.shown(preview=False))
    return chatbot


async def claim_turn(asker: Asker, session: WriteSession, *, most: int) -> None:
    """Make sure that the visitor may wait for one more answer.

    The write makes two questions of a visitor meet, in whatever processes, so the limit holds; and
    nothing is stored for a visitor who is being erased.

    Raises:
        QuestionRefusedError: the visitor is gone.
        TooManyAtOnceError: the visitor waits for `most` answers already.
    """
    try:
        await take_turn(asker.client_id, asker.visitor_id, session)
    except UnknownTargetError as error:
        raise QuestionRefusedError("not_found") from error
    running = await asker.scope.of(Message).count(
        {"visitor_id": asker.visitor_id, "status": "streaming"}, limit=most, session=session
    )
    if running >= most:
        raise TooManyAtOnceError


async def room_in(
    asker: Asker,
    conversation_id: PydanticObjectId,
    session: WriteSession,
    *,
    messages: int,
    changes: Mapping[str, Any],
) -> tuple[Conversation, list[Conversation]]:
    """The conversation with numbers taken for so many messages, and those that it archives.

    Raises:
        QuestionRefusedError: it is not this visitor's, or it was closed.
    """
    conversations = asker.scope.of(Conversation)
    own = {"_id": conversation_id, **asker.own}
    room = {"$inc": {"message_count": messages}}
    fields = {**changes, "last_message_at": utc_now()}
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


def answer_to_come(
    asker: Asker,
    conversation: Conversation,
    question_id: PydanticObjectId,
    owner: str,
    limits: Limits,
) -> Message:
    """The last message of a conversation, an answer that `owner` is going to work on."""
    return Message(
        client_id=asker.client_id,
        conversation_id=conversation.id,
        chatbot_id=asker.chatbot_id,
        visitor_id=asker.visitor_id,
        seq=conversation.message_count,
        sender="bot",
        status="streaming",
        content="",
        question_id=question_id,
        preview_until=asker.preview_until,
        stream=AnswerStream(owner=owner, lease_until=LAPSED, seq_ceiling=limits.ceiling_block),
    )


async def begin_lease(answer: Message, owner: str, limits: Limits, session: WriteSession) -> None:
    """Hold a stored answer from this transaction on."""
    await Lease(answer, owner, limits).begin(session, ceiling=limits.ceiling_block)
