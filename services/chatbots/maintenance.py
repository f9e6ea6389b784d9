"""Maintenance: chatbots answer nothing, and visitors read why. Integrations hear of it.

The text for the whole platform stands beside each client's own, so that asking costs no further
look and ending one does not end the other.
"""

import asyncio
from typing import Any

import structlog

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.errors import is_unavailable
from documents.installation import note_platform_maintenance
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record, record_about
from services.field_checks import FieldChecks
from services.live.publishing import chatbots_shown_anew
from services.outbox.announcing import listening_to
from services.outbox.recording import Happening, record_for_many
from services.outbox.recording import record as record_happening
from services.refusals import UnknownTargetError

MAX_TEXT = 500
"""Characters that visitors read."""

LONGEST_SHOWING_S = 10.0
"""For telling the open widgets of all clients, in seconds."""

log = structlog.get_logger()


class Maintenance:
    """Begins and ends maintenance."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def set_for(self, client: Client, text: str | None) -> bool:
        """Let a client's chatbots rest with a text, or answer again; whether they rest now.

        Raises:
            InvalidFieldsError: the text is empty or too long.
            UnknownTargetError: the client is gone.
        """
        shown = _checked(text)

        async def write(session: WriteSession) -> bool:
            clients = TenantScope.one(client.client_id).of(Client)
            before = await clients.find_one({}, session=session)
            changed = {"$set": {"maintenance_text": shown}}
            after = await clients.update_one({}, changed, session=session)
            if before is None or after is None:
                raise UnknownTargetError("input", "clientId")
            await record(session, client_id=after.client_id, before=before, after=after)
            if before.pause_text != after.pause_text:
                await record_happening(_news(after.client_id, after.pause_text), session)
                await _shown_to_visitors(after.client_id, session)
            return after.pause_text is not None

        return await self._transactions.run_transaction(write)

    async def set_for_all(self, text: str | None) -> bool:
        """Let the chatbots of all clients rest, or answer again; whether they rest now.

        Raises:
            InvalidFieldsError: the text is empty or too long.
        """
        shown = _checked(text)

        async def write(session: WriteSession) -> bool:
            clients = TenantScope.every_client().of(Client)
            another: dict[str, Any] = {"platform_maintenance_text": {"$ne": shown}}
            changed = {"$set": {"platform_maintenance_text": shown}}
            news = await _news_of_all(shown, another, session)
            changes = await clients.update_many(another, changed, session=session)
            if changes and news:
                await record_for_many(news, session)
            await note_platform_maintenance(shown, session)
            noted = {"maintenanceText": shown or "(none)"}
            await record_about(session, Client, None, client_id=None, noted=noted)
            return changes > 0

        if await self._transactions.run_transaction(write):
            await _shown_to_all_visitors()
        return shown is not None


async def _shown_to_all_visitors() -> None:
    """Too many for the transaction: who misses it reads the text when asking or coming again."""
    try:
        async with asyncio.timeout(LONGEST_SHOWING_S):
            for slug in await _answering():
                await _shown_to_visitors(slug)
    except Exception as error:
        if not isinstance(error, TimeoutError) and not is_unavailable(error):
            raise
        log.warning("maintenance_not_shown_to_all", problem=type(error).__name__)


async def _answering() -> list[str]:
    """The clients with a chatbot that is switched on."""
    chatbots = TenantScope.every_client().of(Chatbot)
    slugs: list[str] = await chatbots.raw.distinct(
        "client_id", chatbots.condition({"active": True})
    )
    return slugs


async def _shown_to_visitors(client_id: str, session: WriteSession | None = None) -> None:
    """Let widgets that are open look whether the chatbot rests."""
    chatbots = TenantScope.one(client_id).of(Chatbot)
    answering = chatbots.condition({"active": True})
    ids = await chatbots.raw.distinct("_id", answering, session=session)
    await chatbots_shown_anew(client_id, ids, session)


async def _news_of_all(
    shown: str | None, another: dict[str, Any], session: WriteSession
) -> list[Happening]:
    """What listening clients are told; nothing to one whose own text stands, before and after."""
    if not (listening := await listening_to("system.status")):
        return []
    clients = TenantScope.many(listening).of(Client)
    found = await clients.find(another, limit=len(listening), session=session)
    after = [one.model_copy(update={"platform_maintenance_text": shown}) for one in found]
    return [
        _news(new.client_id, new.pause_text)
        for old, new in zip(found, after, strict=True)
        if old.pause_text != new.pause_text
    ]


def _news(client_id: str, text: str | None) -> Happening:
    facts: dict[str, int | str] = {"status": "maintenance" if text else "online"}
    if text:
        facts["text"] = text
    key = f"system.status/{utc_now().isoformat()}"
    return Happening(client_id, "system.status", key, facts=facts)


def _checked(text: str | None) -> str | None:
    if text is None:
        return None
    checks = FieldChecks("input")
    shown = checks.text("text", text, longest=MAX_TEXT)
    checks.done()
    return shown
