"""Retention: what is older than a client wants to keep goes, a small batch at a time.

A batch takes conversations or visitors away in one transaction with a note of what hangs on them,
and then erases that. So a crash leaves nothing half erased, and a question that comes at the same
moment either keeps its conversation or is told that there is none. How long is asked anew for each
batch, so that a changed period counts at once. Answers that are being given are left alone.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from documents.base import TenantDocument, utc_now
from documents.clients import Client
from documents.conversations import Conversation
from documents.erasure import erase_batch
from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.pending_erasures import PendingErasure
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from documents.visitors import Visitor
from documents.visits import Visit
from services.conversations.titles import title_of
from services.live.publishing import news_of_conversation, publish
from services.privacy.erasing import Erasing

TAKEN_AT_ONCE = 100
"""Conversations or visitors, with all that hangs on them."""

CLIENTS_AT_ONCE = 100

PRUNED_EVERY = timedelta(hours=1)
"""How often a conversation that goes on for longer than the period loses its beginning."""

FIRST_ID = PydanticObjectId("0" * 24)
Ids = list[PydanticObjectId]
Checkpoint = Callable[[], Awaitable[None]]
"""Called before each batch; raises when the work is somebody else's now."""

log = structlog.get_logger()


class Retention:
    """Takes away what is too old."""

    def __init__(self, transactions: Transactions, erasing: Erasing) -> None:
        self._transactions = transactions
        self._erasing = erasing

    async def apply(self, checkpoint: Checkpoint) -> None:
        """Take away what is too old, of every client that has a period."""
        clients, last = TenantScope.every_client().of(Client), FIRST_ID
        while True:
            wanted = {"_id": {"$gt": last}, "retention_days": {"$ne": None}}
            found = await clients.find(wanted, sort=[("_id", 1)], limit=CLIENTS_AT_ONCE)
            for client in found:
                await self.apply_to(client.client_id, checkpoint)
            if len(found) < CLIENTS_AT_ONCE:
                return
            last = found[-1].id

    async def apply_to(self, client_id: str, checkpoint: Checkpoint) -> None:
        """Take away what is too old of one client."""
        look = _Look(client_id, self._transactions, self._erasing)
        for batch in (look.conversations, look.beginnings, look.visits, look.visitors):
            await checkpoint()
            while (before := await _kept_since(client_id)) is not None and await batch(before):
                await checkpoint()
        look.tell()


async def _kept_since(client_id: str) -> datetime | None:
    """Since when a client keeps what it has; None: from the beginning."""
    client = await TenantScope.one(client_id).of(Client).find_one({})
    if client is None or client.retention_days is None:
        return None
    return utc_now() - timedelta(days=client.retention_days)


class _Look:
    """One look at one client. Each kind of batch says whether there may be more of its kind."""

    def __init__(self, client_id: str, transactions: Transactions, erasing: Erasing) -> None:
        self._client_id = client_id
        self._scope = TenantScope.one(client_id)
        self._transactions = transactions
        self._erasing = erasing
        self._busy: set[PydanticObjectId] = set()
        self._gone = {"conversations": 0, "messages": 0, "visits": 0, "visitors": 0}

    def tell(self) -> None:
        """Log what went, if anything did."""
        if any(self._gone.values()):
            log.info("retention_applied", client_id=self._client_id, **self._gone)

    async def conversations(self, before: datetime) -> bool:
        """Take conversations away in which nothing was said since."""
        old = {"last_message_at": {"$lt": before}}

        async def take(session: WriteSession) -> PendingErasure | None:
            ids = await self._idle_conversations(old, session)
            conversations, gone = self._scope.of(Conversation), {"_id": {"$in": ids}}
            found = await conversations.find(gone, limit=TAKEN_AT_ONCE, session=session)
            await conversations.delete_many(gone, session=session)
            pending = await self._noted(session, conversation_ids=ids)
            news = [news_of_conversation("conversation_deleted", one) for one in found]
            if news:
                await publish(self._client_id, *news, session=session)
            return pending

        pending = await self._transactions.run_transaction(take)
        if pending is None:
            return False
        self._gone["conversations"] += len(pending.conversation_ids)
        self._gone["messages"] += (await self._erasing.finish(pending)).get("messages", 0)
        return True

    async def beginnings(self, before: datetime) -> bool:
        """Take the beginnings of conversations away that go on for longer than the period."""
        now = utc_now()
        unpruned = [{"pruned_at": None}, {"pruned_at": {"$lt": now - PRUNED_EVERY}}]
        ids = await self._idle_conversations({"created_at": {"$lt": before}, "$or": unpruned})
        for conversation_id in ids:
            await self._retitle(conversation_id, before)
            old = {
                "conversation_id": conversation_id,
                "created_at": {"$lt": before},
                "status": {"$ne": "streaming"},
            }
            while gone := await erase_batch(self._scope, Message, old):
                self._gone["messages"] += gone
        pruned = {"$set": {"pruned_at": now}}
        await self._scope.of(Conversation).update_many({"_id": {"$in": ids}}, pruned)
        return bool(ids)

    async def _retitle(self, conversation_id: PydanticObjectId, before: datetime) -> None:
        """Let a title that repeats a question which goes repeat the first that stays."""
        messages, first = self._scope.of(Message), [("seq", 1)]
        asked = {"conversation_id": conversation_id, "sender": "visitor"}
        goes = await messages.find_one({**asked, "created_at": {"$lt": before}}, sort=first)
        stays = await messages.find_one({**asked, "created_at": {"$gte": before}}, sort=first)
        if goes is None or stays is None:
            return
        untouched = {"_id": conversation_id, "title": title_of(goes.content)}
        title = {"$set": {"title": title_of(stays.content)}}
        await self._scope.of(Conversation).update_one(untouched, title)

    async def visits(self, before: datetime) -> bool:
        """Take ended visits away."""
        old = {"last_activity_at": {"$lt": before}, "ended_at": {"$ne": None}}
        gone = await erase_batch(self._scope, Visit, old)
        self._gone["visits"] += gone
        return gone > 0

    async def visitors(self, before: datetime) -> bool:
        """Take visitors away of whom nothing is left but themselves and their tokens."""
        visitors, old = self._scope.of(Visitor), {"last_seen_at": {"$lt": before}}
        wanted = {**old, "_id": {"$nin": [*self._busy]}}
        found = await visitors.find(wanted, sort=[("last_seen_at", 1)], limit=TAKEN_AT_ONCE)
        last_signs = await self._last_signs([one.id for one in found])
        for visitor_id, last_sign in last_signs.items():
            seen = {"$max": {"last_seen_at": last_sign}}
            await visitors.update_one({"_id": visitor_id}, seen)
        self._busy |= {one for one, last_sign in last_signs.items() if last_sign < before}
        alone = [one.id for one in found if one.id not in last_signs]

        async def take(session: WriteSession) -> PendingErasure | None:
            still = {**old, "_id": {"$in": alone}}
            ids = await self._ids(Visitor, still, session)
            await visitors.delete_many({"_id": {"$in": ids}}, session=session)
            return await self._noted(session, visitor_ids=ids)

        pending = await self._transactions.run_transaction(take)
        if pending is not None:
            self._gone["visitors"] += len(pending.visitor_ids)
            await self._erasing.finish(pending)
        return bool(found)

    async def _noted(self, session: WriteSession, **ids: Ids) -> PendingErasure | None:
        if not any(ids.values()):
            return None
        return await self._erasing.note(self._client_id, session, **ids)

    async def _idle_conversations(
        self, condition: dict[str, Any], session: WriteSession | None = None
    ) -> Ids:
        """Some conversations in which no answer is being given just now."""
        messages = self._scope.of(Message)
        wanted = {**condition, "_id": {"$nin": [*self._busy]}}
        ids = await self._ids(Conversation, wanted, session)
        running = {"conversation_id": {"$in": ids}, "status": "streaming"}
        answers = await messages.find(running, limit=TAKEN_AT_ONCE, session=session)
        busy = {one.conversation_id for one in answers}
        if busy:
            self._busy |= busy
            return await self._idle_conversations(condition, session)
        return ids

    async def _ids(
        self,
        kind: type[TenantDocument],
        condition: dict[str, Any],
        session: WriteSession | None,
    ) -> Ids:
        collection = self._scope.of(kind)
        found = collection.raw.find(
            collection.condition(condition), {"_id": 1}, session=session
        ).limit(TAKEN_AT_ONCE)
        return [one["_id"] async for one in found]

    async def _last_signs(self, visitor_ids: Ids) -> dict[PydanticObjectId, datetime]:
        """When those last did something of whom more is left than a name."""
        signs: dict[PydanticObjectId, datetime] = {}
        for kind, moment in ((Conversation, "last_message_at"), (Visit, "last_activity_at")):
            collection = self._scope.of(kind)
            left = collection.condition({"visitor_id": {"$in": visitor_ids}})
            newest = {"$group": {"_id": "$visitor_id", "last": {"$max": f"${moment}"}}}
            async for one in await collection.raw.aggregate([{"$match": left}, newest]):
                signs[one["_id"]] = max(one["last"], signs.get(one["_id"], one["last"]))
        return signs
