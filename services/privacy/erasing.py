"""Erasing a visitor for good, so that a crash in the middle leaves nothing behind.

The visitor's own document goes first, in one transaction with a note of what is left to do. From
then on nobody writes for that visitor: whoever stored something looks for the visitor afterwards
(`visitor_is_there`). Then go tokens and running answers, then everything that carries the id. The
note stays for a last look a little later, after the requests that were under way have ended.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from documents.base import utc_now
from documents.conversations import Conversation
from documents.erasure import Receipt, erase_conversations, erase_visitors
from documents.ids import PydanticObjectId
from documents.live_events import GoneConversation
from documents.messages import Message
from documents.pending_erasures import PendingErasure
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from documents.visitors import Visitor
from documents.widget_tokens import WidgetToken
from services.answering.event_log import EventLog
from services.answering.stopping import Stopping
from services.audit.audit_log import record_about
from services.live.publishing import News, publish
from services.refusals import UnknownTargetError

OWN_TIME = timedelta(minutes=2)
"""How long the process that began may take before another one helps. Doing it twice is harmless."""

LAST_LOOK_AFTER = timedelta(minutes=10)
"""Longer than any request takes that was let in before its visitor went."""

LOGS_KEPT = timedelta(minutes=30)
"""Longer than any event log outlives its answer."""

TOLD_OF_THE_GONE = dict.fromkeys(
    ("chatbot_id", "status", "language", "created_at", "last_message_at", "preview_until"), 1
)
"""What is read of the conversations of a visitor who goes."""

MAX_CONVERSATIONS_TOLD = 1_000
"""Of one visitor: more than fit into what anybody watches."""

MAX_ANSWERS_ENDED = 1_000
"""Running and recent answers of one visitor, far above what the rates let a visitor ask."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ErasingTimes:
    """When somebody looks again; an argument so that a test need not wait."""

    own: timedelta = OWN_TIME
    last_look_after: timedelta = LAST_LOOK_AFTER


class Erasing:
    """Erases visitors, and finishes what was begun."""

    def __init__(
        self,
        transactions: Transactions,
        stopping: Stopping,
        event_log: EventLog,
        times: ErasingTimes | None = None,
    ) -> None:
        self._transactions = transactions
        self._stopping = stopping
        self._log = event_log
        self._times = times or ErasingTimes()

    async def erase(self, scope: TenantScope, visitor_id: PydanticObjectId) -> Receipt:
        """Erase a visitor in every collection; how much of each was there.

        Raises:
            UnknownTargetError: the scope has no such visitor, or not any more.
        """
        pending = await self._transactions.run_transaction(
            lambda session: self._begun(scope, visitor_id, session)
        )
        erased = Counter(await self.finish(pending))
        erased[Visitor.Settings.name] += 1
        log.info("visitor_erased", client_id=pending.client_id, erased=dict(erased))
        return +erased

    async def note(
        self,
        client_id: str,
        session: WriteSession,
        *,
        visitor_ids: Sequence[PydanticObjectId] = (),
        conversation_ids: Sequence[PydanticObjectId] = (),
    ) -> PendingErasure:
        """Note what is to be erased, in the transaction that deletes the things themselves."""
        pending = PendingErasure(
            client_id=client_id,
            visitor_ids=list(visitor_ids),
            conversation_ids=list(conversation_ids),
            due_at=utc_now() + self._times.own,
        )
        return await TenantScope.one(client_id).of(PendingErasure).insert(pending, session=session)

    async def finish(self, pending: PendingErasure) -> Receipt:
        """Erase what is left of an erasure, and note that it is done."""
        erased: Counter[str] = Counter()
        if pending.visitor_ids:
            await self._lock_out(pending)
            await self._end_answers(pending.client_id, "visitor_id", pending.visitor_ids)
            erased.update(await erase_visitors(pending.client_id, pending.visitor_ids))
        if pending.conversation_ids:
            ids = pending.conversation_ids
            await self._end_answers(pending.client_id, "conversation_id", ids)
            erased.update(await erase_conversations(pending.client_id, pending.conversation_ids))
        await self._note_done(pending)
        return +erased

    async def finish_due(self) -> bool:
        """Go on with one erasure whose time has come; whether there was one."""
        now = utc_now()
        pending = await (
            TenantScope.every_client()
            .of(PendingErasure)
            .update_one({"due_at": {"$lte": now}}, {"$set": {"due_at": now + self._times.own}})
        )
        if pending is not None:
            await self.finish(pending)
        return pending is not None

    async def take_over_all(self) -> None:
        """Make every erasure due: for the only process on its database, at its start."""
        entries = TenantScope.every_client().of(PendingErasure)
        await entries.update_many({"erased_at": None}, {"$set": {"due_at": utc_now()}})

    async def _begun(
        self, scope: TenantScope, visitor_id: PydanticObjectId, session: WriteSession
    ) -> PendingErasure:
        visitor = await scope.of(Visitor).delete_one({"_id": visitor_id}, session=session)
        if visitor is None:
            raise UnknownTargetError("input", "visitorId")
        # Who erased whom, and nothing of what was known.
        await record_about(session, Visitor, visitor_id, client_id=visitor.client_id)
        pending = await self.note(visitor.client_id, session, visitor_ids=[visitor_id])
        await _tell(visitor, session)
        return pending

    async def _lock_out(self, pending: PendingErasure) -> None:
        """Let the visitors' tokens be good for nothing."""
        tokens = TenantScope.one(pending.client_id).of(WidgetToken)
        theirs = {"visitor_id": {"$in": pending.visitor_ids}, "revoked_at": None}
        await tokens.update_many(theirs, {"$set": {"revoked_at": utc_now()}})

    async def _end_answers(
        self, client_id: str, field: str, ids: Sequence[PydanticObjectId]
    ) -> None:
        """Hang up on the models of those whose answers go, and forget what was told.

        `field` names in a message to whom or what the ids belong.
        """
        scope = TenantScope.one(client_id)
        recent = {
            field: {"$in": list(ids)},
            "sender": "bot",
            "updated_at": {"$gte": utc_now() - LOGS_KEPT},
        }
        messages = scope.of(Message)
        answers = await (
            messages.raw.find(messages.condition(recent), {"status": 1})
            .limit(MAX_ANSWERS_ENDED)
            .to_list()
        )
        running = [one["_id"] for one in answers if one["status"] == "streaming"]
        await asyncio.gather(*(self._stopping.stop(scope, one, None) for one in running))
        for answer in answers:
            await self._log.discard(answer["_id"])

    async def _note_done(self, pending: PendingErasure) -> None:
        entries = TenantScope.one(pending.client_id).of(PendingErasure)
        if pending.erased_at is not None or not pending.visitor_ids:
            await entries.delete_one({"_id": pending.id})
            return
        now = utc_now()
        await entries.update_one(
            {"_id": pending.id, "erased_at": None},
            {"$set": {"erased_at": now, "due_at": now + self._times.last_look_after}},
        )


async def _tell(visitor: Visitor, session: WriteSession) -> None:
    """Let people who watch know that conversations go, and not whose they were."""
    conversations = TenantScope.one(visitor.client_id).of(Conversation)
    own = conversations.condition({"visitor_id": visitor.id})
    found = conversations.raw.find(own, TOLD_OF_THE_GONE, session=session)
    news = [_news_of(one) async for one in found.limit(MAX_CONVERSATIONS_TOLD)]
    if news:
        await publish(visitor.client_id, *news, session=session)


def _news_of(stored: Mapping[str, Any]) -> News:
    """That a conversation is gone. An erasure does not fail because a field is not there."""
    now = utc_now()
    gone = GoneConversation(
        status=stored.get("status", "closed"),
        language=stored.get("language"),
        created_at=stored.get("created_at", now),
        last_message_at=stored.get("last_message_at", now),
    )
    return News(
        "conversation_deleted",
        chatbot_id=stored.get("chatbot_id"),
        conversation_id=stored["_id"],
        in_preview=stored.get("preview_until") is not None,
        gone=gone,
    )
