"""Chatbots: people edit the draft, visitors see what was published last (`versions.py`)."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from documents.base import utc_now
from documents.chatbot_versions import ChatbotVersion
from documents.chatbots import Chatbot, ChatbotSettings
from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record
from services.chatbots.changing import changed, found
from services.chatbots.first_settings import first_settings
from services.chatbots.setting_changes import changed_fields
from services.chatbots.settings_checks import MAX_NAME, SettingsChange, SettingsChecks
from services.chatbots.versions import first_version
from services.field_checks import FieldChecks
from services.refusals import LimitReachedError, UnknownTargetError

EMBED_KEY_BYTES = 12
FirstSettings = Callable[[Client, WriteSession], Awaitable[ChatbotSettings]]
"""What a chatbot of this client starts with, checked in the transaction that makes it."""


class TooManyChatbotsError(LimitReachedError):
    """A client would have more chatbots than it may."""

    def __init__(self, limit: int) -> None:
        message = f"A client may have {limit} chatbots. Delete one first."
        super().__init__(limit, message, "input", "clientId")


class Chatbots:
    """Makes and changes chatbots."""

    def __init__(
        self, transactions: Transactions, settings: SettingsChecks, *, most_per_client: int
    ) -> None:
        self._transactions = transactions
        self._settings = settings
        self._most_per_client = most_per_client

    async def create(
        self,
        scope: TenantScope,
        client_id: str,
        name: str,
        change: SettingsChange,
        *,
        by: PydanticObjectId | None = None,
        embed_key: str | None = None,
    ) -> Chatbot:
        """Make a chatbot and publish its version 1.

        Raises:
            UnknownTargetError: there is no such client in the scope.
            InvalidFieldsError: with everything that is wrong.
            TooManyChatbotsError: the client has as many as it may.
        """

        async def settings(client: Client, session: WriteSession) -> ChatbotSettings:
            checks = FieldChecks("input")
            checked = await first_settings(
                self._settings,
                client,
                checks.line("name", name, longest=MAX_NAME),
                change,
                checks.within("settings"),
                session,
            )
            checks.done()
            return checked

        return await self.make(scope, client_id, settings, by=by, embed_key=embed_key)

    async def make(
        self,
        scope: TenantScope,
        client_id: str,
        settings: FirstSettings,
        *,
        by: PydanticObjectId | None,
        active: bool = True,
        embed_key: str | None = None,
        noted: Mapping[str, object] | None = None,
    ) -> Chatbot:
        """Make a chatbot of checked settings and publish its version 1.

        Raises:
            UnknownTargetError: there is no such client in the scope.
            TooManyChatbotsError: the client has as many as it may.
        """

        async def store(session: WriteSession) -> Chatbot:
            own = scope.narrowed(client_id)
            client = await own.of(Client).find_one({"client_id": client_id}, session=session)
            if client is None:
                raise UnknownTargetError("input", "clientId")
            first = await settings(client, session)
            version = first_version(client_id, first, by=by)
            chatbot = Chatbot(
                id=version.chatbot_id,
                client_id=client_id,
                embed_key=embed_key or secrets.token_urlsafe(EMBED_KEY_BYTES),
                active=active,
                draft=first,
                published=first,
                published_version_id=version.id,
            )
            await self._claim_place(own, client_id, session)
            await own.of(Chatbot).insert(chatbot, session=session)
            await own.of(ChatbotVersion).insert(version, session=session)
            await record(session, client_id=client_id, after=chatbot, noted=noted)
            return chatbot

        return await self._transactions.run_transaction(store)

    async def update(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        change: SettingsChange,
        *,
        active: bool | None = None,
        revision: int | None = None,
    ) -> Chatbot:
        """Change the draft, or switch the chatbot on or off (which works at once).

        Returns:
            The chatbot after that; the same, with the same revision, if nothing differs.

        Raises:
            UnknownTargetError: there is no such chatbot in the scope.
            InvalidFieldsError: with everything that is wrong.
            StaleRevisionError: it was changed since `revision`.
        """

        async def write(session: WriteSession) -> Chatbot:
            before = await found(scope, chatbot_id, revision, session)
            changes = await self._checked_changes(before, change, session)
            if active not in {None, before.active}:
                # Or a deletion that was cut off would go on once the chatbot is off again.
                changes |= {"active": active, "deleted_at": None}
            return await changed(scope, before, changes, session)

        return await self._transactions.run_transaction(write)

    async def _checked_changes(
        self, chatbot: Chatbot, change: SettingsChange, session: WriteSession
    ) -> dict[str, Any]:
        checks = FieldChecks("input")
        draft = await self._settings.applied(
            chatbot.draft, change, chatbot.client_id, checks.within("settings"), session
        )
        checks.done()
        stored = draft.model_dump()
        return {f"draft.{field}": stored[field] for field in changed_fields(chatbot.draft, draft)}

    async def _claim_place(self, own: TenantScope, client_id: str, session: WriteSession) -> None:
        """Make sure that there is room for one more.

        The write makes two such transactions conflict, so the limit holds, and no chatbot is made
        for a client that is being deleted.
        """
        client = await own.of(Client).update_one(
            {"client_id": client_id}, {"$set": {"chatbots_changed_at": utc_now()}}, session=session
        )
        if client is None:
            raise UnknownTargetError("input", "clientId")
        chatbots = own.of(Chatbot)
        count = await chatbots.raw.count_documents(
            chatbots.condition(), session=session, limit=self._most_per_client
        )
        if count >= self._most_per_client:
            raise TooManyChatbotsError(self._most_per_client)
