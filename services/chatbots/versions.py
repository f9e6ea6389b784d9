"""Publishing: the draft, or the settings of an old version, become what visitors see.

Each publishing makes a version with the next number, also when nothing changed: it is the record
that somebody said "this is live from now on". Versions are never changed, and none is lost: the
number is taken in the transaction that stores the version.
"""

from dataclasses import dataclass

from documents.base import utc_now
from documents.chatbot_versions import ChatbotVersion
from documents.chatbots import Chatbot, ChatbotSettings
from documents.ids import PydanticObjectId
from documents.llm_configs import held_llm_config
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.chatbots.changing import changed, found
from services.chatbots.setting_changes import changed_fields, setting_changes
from services.field_checks import FieldChecks
from services.live.publishing import chatbot_published
from services.refusals import UnknownTargetError

MAX_NOTE_CHARACTERS = 500
_LANGUAGE_FIELDS = frozenset({"languages", "default_language"})
"""Only right together."""


class VersionModelGoneError(LookupError):
    """The settings name a language model that is deleted, switched off or another client's."""


@dataclass(frozen=True, slots=True)
class Published:
    """A chatbot after its publishing, and the version that was made."""

    chatbot: Chatbot
    version: ChatbotVersion


class Versions:
    """Publishes chatbots."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def publish(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        *,
        by: PydanticObjectId | None,
        note: str | None = None,
        revision: int | None = None,
    ) -> Published:
        """Make the draft what visitors see.

        Raises:
            UnknownTargetError: there is no such chatbot in the scope.
            InvalidFieldsError: the note is too long, or a model of the draft cannot answer.
            StaleRevisionError: it was changed since `revision`.
        """
        checks = FieldChecks("input")
        note = checks.text("note", note, longest=MAX_NOTE_CHARACTERS) if note else None
        checks.done()

        async def write(session: WriteSession) -> Published:
            before = await found(scope, chatbot_id, revision, session)
            await _check_new_models(before, session)
            version = await next_version(before, before.draft, by=by, note=note)
            return await self._made_live(scope, before, version, before.draft, session)

        return await self._transactions.run_transaction(write)

    async def roll_back(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        version_id: PydanticObjectId,
        *,
        by: PydanticObjectId | None,
    ) -> Published:
        """Make the settings of an old version what visitors see, as a new version.

        The draft follows. Only what was edited in it since the last publishing stays.

        Raises:
            UnknownTargetError: there is no such chatbot in the scope, or no such version of it.
            VersionModelGoneError: the version answers with a model that is gone or switched off.
        """

        async def write(session: WriteSession) -> Published:
            before = await found(scope, chatbot_id, None, session)
            old = await scope.of(ChatbotVersion).find_one(
                {"_id": version_id, "chatbot_id": chatbot_id}, session=session
            )
            if old is None:
                raise UnknownTargetError("input", "versionId")
            if not await _models_answer(old.settings, before.client_id, session):
                raise VersionModelGoneError
            version = await next_version(before, old.settings, by=by, restored=old.number)
            draft = _draft_after(before, old.settings)
            return await self._made_live(scope, before, version, draft, session)

        return await self._transactions.run_transaction(write)

    async def _made_live(
        self,
        scope: TenantScope,
        before: Chatbot,
        version: ChatbotVersion,
        draft: ChatbotSettings,
        session: WriteSession,
    ) -> Published:
        changes = {
            "draft": draft.model_dump(),
            "published": version.settings.model_dump(),
            "published_version_id": version.id,
            "published_number": version.number,
        }
        after = await changed(scope, before, changes, session)
        await scope.of(ChatbotVersion).insert(version, session=session)
        await chatbot_published(after, session)
        return Published(after, version)


def first_version(
    client_id: str, settings: ChatbotSettings, *, by: PydanticObjectId | None
) -> ChatbotVersion:
    """Version 1 of a chatbot to be, whose id it carries."""
    return ChatbotVersion(
        client_id=client_id,
        chatbot_id=PydanticObjectId(),
        number=1,
        settings=settings,
        published_at=utc_now(),
        published_by=by,
    )


async def next_version(
    chatbot: Chatbot,
    settings: ChatbotSettings,
    *,
    by: PydanticObjectId | None,
    note: str | None = None,
    restored: int | None = None,
) -> ChatbotVersion:
    """The version that follows the published one."""
    return ChatbotVersion(
        client_id=chatbot.client_id,
        chatbot_id=chatbot.id,
        number=chatbot.published_number + 1,
        settings=settings,
        changed_fields=changed_fields(chatbot.published, settings),
        changes=await setting_changes(chatbot.published, settings),
        note=note,
        restored_number=restored,
        published_at=utc_now(),
        published_by=by,
    )


def _draft_after(chatbot: Chatbot, restored: ChatbotSettings) -> ChatbotSettings:
    """The restored settings with what the draft had that was not published yet."""
    edited = set(changed_fields(chatbot.published, chatbot.draft))
    if edited & _LANGUAGE_FIELDS:
        edited |= _LANGUAGE_FIELDS
    return restored.model_copy(update={field: getattr(chatbot.draft, field) for field in edited})


async def _models_answer(settings: ChatbotSettings, client_id: str, session: WriteSession) -> bool:
    for config_id in filter(None, (settings.default_llm_id, settings.fallback_llm_id)):
        config = await held_llm_config(config_id, client_id, session)
        if config is None or not config.active:
            return False
    return True


async def _check_new_models(chatbot: Chatbot, session: WriteSession) -> None:
    """Refuse a model that was chosen, and switched off before it was published.

    One that visitors have already stays as it is: switching it off is the operator's decision, and
    must not stop the publishing of a new colour.
    """
    checks = FieldChecks("input", "draft")
    for field, name in (("default_llm_id", "defaultLlm"), ("fallback_llm_id", "fallbackLlm")):
        config_id = getattr(chatbot.draft, field)
        if config_id is None or config_id == getattr(chatbot.published, field):
            continue
        config = await held_llm_config(config_id, chatbot.client_id, session)
        if config is None or not config.active:
            checks.wrong(name, "is a language model that is gone or switched off; choose another")
    checks.done()
