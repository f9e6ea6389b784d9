"""From what happened to what is to be delivered: one delivery for each integration that wants it.

Several processes may do it at once: of an event and an integration there can be only one delivery,
and of an event's numbers only the first is kept.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import structlog

from documents.clients import Client
from documents.conversations import Conversation
from documents.database_clock import database_now
from documents.deliveries import Delivery, store_deliveries
from documents.errors import is_unavailable
from documents.event_counters import EventCounter, next_event_number
from documents.ids import PydanticObjectId
from documents.integrations import Integration
from documents.outbox_entries import OutboxEntry, entries_to_spread, put_off_spreading
from documents.tenancy import TenantScope
from services.integrations.integrations import MOST_INTEGRATIONS
from services.integrations.schedule import due_at
from services.usage.periods import zone_of

AT_ONCE = 100
"""Events that are looked at together."""

log = structlog.get_logger()


async def spread_some(at_once: int = AT_ONCE) -> bool:
    """Make the deliveries of some events; whether there were any."""
    entries = await entries_to_spread(at_once)
    if not entries:
        return False
    wanting = await _integrations_of({one.client_id for one in entries})
    now = await database_now()
    spread = [one.id for one in entries if await _is_spread(one, wanting[one.client_id], now)]
    done = {"_id": {"$in": spread}}
    await (
        TenantScope.every_client().of(OutboxEntry).update_many(done, {"$set": {"to_spread": False}})
    )
    if len(spread) < len(entries):
        await put_off_spreading([one.id for one in entries if one.id not in spread])
    return True


def wants(integration: Integration, entry: OutboxEntry) -> bool:
    """Whether an integration is to be told of an event.

    What concerns the whole client is told whatever the chatbots. What happened before there was the
    integration is not told.
    """
    if entry.kind not in integration.events or entry.created_at < integration.created_at:
        return False
    chosen = integration.chatbot_ids
    return not chosen or entry.chatbot_id is None or entry.chatbot_id in chosen


async def _integrations_of(slugs: Iterable[str]) -> Mapping[str, list[Integration]]:
    found: defaultdict[str, list[Integration]] = defaultdict(list)
    for slug in slugs:
        integrations = TenantScope.one(slug).of(Integration)
        found[slug] = await integrations.find({"active": True}, limit=MOST_INTEGRATIONS)
    return found


async def _is_spread(
    entry: OutboxEntry, integrations: Sequence[Integration], now: datetime
) -> bool:
    """Make an event's deliveries; one that cannot be made holds up nobody else's."""
    wanted = [one for one in integrations if wants(one, entry)]
    try:
        if wanted:
            await _spread(entry, wanted, now)
    except Exception as error:
        if is_unavailable(error):
            raise
        log.exception("event_not_spread", entry=str(entry.id))
        return False
    return True


async def _spread(entry: OutboxEntry, wanted: Sequence[Integration], now: datetime) -> None:
    scope = TenantScope.one(entry.client_id)
    seq = await _number(entry)
    zone = zone_of(await scope.of(Client).find_one({}))
    made = [_delivery(entry, seq, one, due_at(one, now, zone)) for one in wanted]
    await store_deliveries(entry.client_id, made)
    # What is erased goes with its entry, and then the deliveries: ask after storing.
    if await scope.of(OutboxEntry).get(entry.id) is None:
        await scope.of(Delivery).delete_many({"entry_id": entry.id})
        await _forget_number(scope, entry.conversation_id)


async def _forget_number(scope: TenantScope, conversation_id: PydanticObjectId | None) -> None:
    """Delete the count of a conversation that was erased while one of its events was numbered."""
    if conversation_id and await scope.of(Conversation).get(conversation_id) is None:
        await scope.of(EventCounter).delete_many({"conversation_id": conversation_id})


def _delivery(
    entry: OutboxEntry, seq: int | None, integration: Integration, due: datetime
) -> Delivery:
    return Delivery(
        client_id=entry.client_id,
        integration_id=integration.id,
        entry_id=entry.id,
        kind=entry.kind,
        seq=seq,
        happened_at=entry.created_at,
        facts=entry.facts,
        chatbot_id=entry.chatbot_id,
        visitor_id=entry.visitor_id,
        conversation_id=entry.conversation_id,
        message_id=entry.message_id,
        due_at=due,
    )


async def _number(entry: OutboxEntry) -> int | None:
    """The number of an event in its conversation; the first that anybody gave it."""
    if entry.conversation_id is None or entry.seq is not None:
        return entry.seq
    entries = TenantScope.one(entry.client_id).of(OutboxEntry)
    if await entries.get(entry.id) is None:
        return None  # erased, and so is the count: none is to be made anew
    seq = await next_event_number(entry.client_id, entry.conversation_id, entry.visitor_id)
    unnumbered = {"_id": entry.id, "seq": None}
    if await entries.update_one(unnumbered, {"$set": {"seq": seq}}) is not None:
        return seq
    found = await entries.get(entry.id)
    return found.seq if found else seq
