"""Chatbots: people edit the draft, visitors see what was published last."""

import secrets
from typing import Any

from documents.base import utc_now
from documents.chatbot_versions import ChatbotVersion
from documents.chatbots import Chatbot, ChatbotSettings
from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.llm_configs import LlmConfig
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.chatbots.settings_checks import SettingsChange, applied
from services.field_checks import FieldChecks
from services.refusals import FieldIssue, InvalidFieldsError, StaleRevisionError, UnknownTargetError

EMBED_KEY_BYTES = 12
MAX_NOTE_CHARACTERS = 500
MAX_CHATBOTS = 1_000
"""Of one client."""

LOCAL_MODEL_NAME = "Local"


class TooManyChatbotsError(RuntimeError):
    """A client would have more chatbots than it may.

    Attributes:
        limit: how many it may have.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(f"limit {limit}")
        self.limit = limit


class Chatbots:
    """Makes, changes and publishes chatbots."""

    def __init__(self, transactions: Transactions, *, most_per_client: int = MAX_CHATBOTS) -> None:
        self._transactions = transactions
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
        client = await scope.of(Client).find_one({"client_id": client_id})
        if client is None:
            raise UnknownTargetError("input", "clientId")
        settings = await _first_settings(client, name, change)
        version = _version(client_id, PydanticObjectId(), 1, settings, [], by=by)
        chatbot = Chatbot(
            id=version.chatbot_id,
            client_id=client_id,
            embed_key=embed_key or secrets.token_urlsafe(EMBED_KEY_BYTES),
            draft=settings,
            published=settings,
            published_version_id=version.id,
        )

        async def store(session: WriteSession) -> None:
            own = TenantScope.one(client_id)
            await self._claim_place(own, client_id, session)
            await own.of(Chatbot).insert(chatbot, session=session)
            await own.of(ChatbotVersion).insert(version, session=session)

        await self._transactions.run_transaction(store)
        return chatbot

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

        Raises:
            UnknownTargetError: there is no such chatbot in the scope.
            InvalidFieldsError: with everything that is wrong.
            StaleRevisionError: it was changed since `revision`.
        """

        async def write(session: WriteSession) -> Chatbot:
            chatbot = await self._found(scope, chatbot_id, revision, session)
            changes = await _checked_changes(chatbot, change)
            if active is not None:
                changes["active"] = active
            return await self._changed(scope, chatbot, changes, session) if changes else chatbot

        return await self._transactions.run_transaction(write)

    async def publish(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        *,
        by: PydanticObjectId | None,
        note: str | None = None,
        revision: int | None = None,
    ) -> tuple[Chatbot, ChatbotVersion]:
        """Make the draft what visitors see, as a new version.

        Raises:
            UnknownTargetError: there is no such chatbot in the scope.
            InvalidFieldsError: the note is too long.
            StaleRevisionError: it was changed since `revision`.
        """
        checks = FieldChecks("input")
        note = checks.text("note", note, longest=MAX_NOTE_CHARACTERS) if note else None
        checks.done()

        async def write(session: WriteSession) -> tuple[Chatbot, ChatbotVersion]:
            chatbot = await self._found(scope, chatbot_id, revision, session)
            version = _next_version(chatbot, by, note)
            changes = {
                "published": chatbot.draft.model_dump(),
                "published_version_id": version.id,
                "published_number": version.number,
            }
            published = await self._changed(scope, chatbot, changes, session)
            await scope.of(ChatbotVersion).insert(version, session=session)
            return published, version

        return await self._transactions.run_transaction(write)

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

    async def _found(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        revision: int | None,
        session: WriteSession,
    ) -> Chatbot:
        """The chatbot as this transaction sees it: another change of it starts the callback anew.

        So what is checked against it holds when it is written, with or without `revision`.
        """
        chatbot = await scope.of(Chatbot).get(chatbot_id, session=session)
        if chatbot is None:
            raise UnknownTargetError("input", "id")
        if revision is not None and revision != chatbot.revision:
            raise StaleRevisionError(chatbot, chatbot.revision)
        return chatbot

    async def _changed(
        self,
        scope: TenantScope,
        chatbot: Chatbot,
        changes: dict[str, Any],
        session: WriteSession,
    ) -> Chatbot:
        changed = await scope.of(Chatbot).update_one(
            {"_id": chatbot.id}, {"$set": changes, "$inc": {"revision": 1}}, session=session
        )
        if changed is None:
            raise UnknownTargetError("input", "id")
        return changed


def changed_fields(before: ChatbotSettings, after: ChatbotSettings) -> list[str]:
    """The names of the settings that differ."""
    old, new = before.model_dump(), after.model_dump()
    return sorted(field for field in new if new[field] != old[field])


async def _first_settings(client: Client, name: str, change: SettingsChange) -> ChatbotSettings:
    checks = FieldChecks("input")
    bare = ChatbotSettings(
        name=checks.text("name", name, longest=100),
        languages=[client.language],
        default_language=client.language,
        allowed_origins=[f"https://{client.domain}"] if client.domain else [],
        default_llm_id=change.get("default_llm_id") or await _platform_default(),
    )
    settings = await applied(bare, change, client.client_id, checks.within("settings"))
    checks.done()
    return settings


async def _checked_changes(chatbot: Chatbot, change: SettingsChange) -> dict[str, Any]:
    checks = FieldChecks("input")
    draft = await applied(chatbot.draft, change, chatbot.client_id, checks.within("settings"))
    checks.done()
    return {
        f"draft.{field}": value for field, value in draft.model_dump().items() if field in change
    }


def _next_version(
    chatbot: Chatbot, by: PydanticObjectId | None, note: str | None
) -> ChatbotVersion:
    return _version(
        chatbot.client_id,
        chatbot.id,
        chatbot.published_number + 1,
        chatbot.draft,
        changed_fields(chatbot.published, chatbot.draft),
        by=by,
        note=note,
    )


def _version(
    client_id: str,
    chatbot_id: PydanticObjectId,
    number: int,
    settings: ChatbotSettings,
    changed: list[str],
    *,
    by: PydanticObjectId | None,
    note: str | None = None,
) -> ChatbotVersion:
    return ChatbotVersion(
        client_id=client_id,
        chatbot_id=chatbot_id,
        number=number,
        settings=settings,
        changed_fields=changed,
        note=note,
        published_at=utc_now(),
        published_by=by,
    )


async def _platform_default() -> PydanticObjectId:
    """The platform's model for chatbots that name none: the one called Local, else the oldest."""
    platform = {"client_id": None, "active": True}
    named = await LlmConfig.find_one({**platform, "name": LOCAL_MODEL_NAME})
    config = named or await LlmConfig.find_one(platform, sort=[("_id", 1)])
    if config is None:
        problem = "is needed: the platform has no language model of its own"
        raise InvalidFieldsError([FieldIssue(("input", "settings", "defaultLlmId"), problem)])
    return config.id
