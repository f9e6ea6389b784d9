"""Chatbots made of others: from an exported document, or from one that is there.

Both are switched off until somebody has looked at them. What is a client's own does not go along to
another client: neither its language models nor the pages that may show the chatbot.
"""

from collections.abc import Mapping
from typing import Any

from documents.chatbots import Chatbot, ChatbotSettings, ChatbotTexts
from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.llm_configs import LlmConfig, held_llm_config
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from services.chatbots.chatbots import Chatbots
from services.chatbots.first_settings import first_settings
from services.chatbots.portable import (
    ENUMS,
    PortableModel,
    PortablePicture,
    PortableSettings,
    read,
)
from services.chatbots.settings_checks import MAX_NAME, SettingsChecks
from services.field_checks import FieldChecks
from services.portable_documents import PATH
from services.refusals import UnknownTargetError
from services.uploads.addresses import picture_hash
from services.uploads.pictures import Picture, PictureError
from services.uploads.uploads import Uploads

_UPLOADS = {"logo": "logo_upload_id", "bubble_icon": "bubble_icon_upload_id"}
_NAMES = {"logo": "logo", "bubble_icon": "bubbleIcon"}
_MODELS = {"default_llm": "defaultLlm", "fallback_llm": "fallbackLlm"}
_OF_THE_CLIENT = ("default_llm_id", "fallback_llm_id")


class Copying:
    """Makes chatbots of documents and of chatbots."""

    def __init__(self, chatbots: Chatbots, settings: SettingsChecks, uploads: Uploads) -> None:
        self._chatbots = chatbots
        self._settings = settings
        self._uploads = uploads

    async def import_document(
        self, client_id: str, document: str, *, by: PydanticObjectId | None
    ) -> Chatbot:
        """Make a chatbot of a document that `exported` has written.

        Raises:
            InvalidFieldsError: with everything that is wrong, each with its path in the document.
            UnknownTargetError: the client is gone.
            TooManyChatbotsError: the client has as many as it may.
            TooManyUploadsError: it has as many pictures as it may.
            PicturesBusyError: too many pictures are being drawn.
        """
        given = read(document)
        pictures = await self._drawn(given)

        async def settings(client: Client, session: WriteSession) -> ChatbotSettings:
            checks = FieldChecks(*PATH, "settings")
            change = _change(given)
            for field, picture in pictures.items():
                upload = await self._uploads.store(client_id, "logo", picture, session, by=by)
                change[_UPLOADS[field]] = upload.id
            change |= await _models(given, client_id, checks, session)
            checked = await first_settings(
                self._settings, client, given.name, change, checks, session
            )
            checks.done()
            return checked

        scope = TenantScope.one(client_id)
        return await self._chatbots.make(scope, client_id, settings, by=by, active=False)

    async def clone(
        self,
        source: Chatbot,
        client_id: str,
        name: str,
        *,
        by: PydanticObjectId | None,
    ) -> Chatbot:
        """Make a chatbot with the draft of another, for the same client or another one.

        Raises:
            UnknownTargetError: the chatbot or the client is gone.
            InvalidFieldsError: the name is wrong.
            TooManyChatbotsError: the client has as many as it may.
            TooManyUploadsError: it has as many pictures as it may.
        """

        async def settings(client: Client, session: WriteSession) -> ChatbotSettings:
            checks = FieldChecks("input")
            cleaned = checks.line("name", name, longest=MAX_NAME)
            chatbots = TenantScope.one(source.client_id).of(Chatbot)
            now = await chatbots.get(source.id, session=session)
            if now is None:
                raise UnknownTargetError("input", "id")
            change = await self._taken_along(now, client_id, session)
            inside = checks.within("id")
            checked = await first_settings(self._settings, client, cleaned, change, inside, session)
            checks.done()
            return checked

        scope, is_own = TenantScope.one(client_id), client_id == source.client_id
        noted = {"clonedFrom": source.embed_key if is_own else "a chatbot of another client"}
        return await self._chatbots.make(
            scope, client_id, settings, by=by, active=False, noted=noted
        )

    async def _drawn(self, given: PortableSettings) -> Mapping[str, Picture]:
        """The pictures of the document, drawn anew: they are a stranger's like all others."""
        checks = FieldChecks(*PATH, "settings")
        drawn: dict[str, Picture] = {}
        for field, name in _NAMES.items():
            sent: PortablePicture | None = getattr(given, field)
            if sent is None:
                continue
            if getattr(given, f"{field}_url") is not None:
                checks.wrong(name, f"goes without {name}Url")
                continue
            try:
                drawn[field] = await self._uploads.drawn(sent.content)
            except PictureError as error:
                checks.within(name).wrong("base64", str(error))
        checks.done()
        return drawn

    async def _taken_along(
        self, source: Chatbot, client_id: str, session: WriteSession
    ) -> dict[str, Any]:
        """The draft without its name and without what stays with the client."""
        draft = source.draft
        change: dict[str, Any] = {
            field: getattr(draft, field) for field in type(draft).model_fields
        }
        del change["name"]
        if client_id != source.client_id:
            del change["allowed_origins"]
        for field in ("logo_url", "bubble_icon_url"):
            # An older version took pictures of other hosts, too, which no visitor sees.
            is_ours = picture_hash(change[field] or "") is not None
            change[field] = self._uploads.address_of(change[field]) if is_ours else None
        for field in _OF_THE_CLIENT:
            chosen = change[field]
            config = await held_llm_config(chosen, client_id, session) if chosen else None
            if config is None or not config.active:
                del change[field]
        return change


def _change(given: PortableSettings) -> dict[str, Any]:
    """What a document says, as it is stored; without what has to be looked up."""
    looked_up = _NAMES.keys() | _MODELS.keys()
    names = given.model_fields_set - looked_up
    change: dict[str, Any] = {name: getattr(given, name) for name in names}
    for field in names.intersection(ENUMS):
        change[field] = change[field].lower()
    if "languages" in change:
        change["languages"] = [code.lower() for code in given.languages]
    if "texts" in change:
        change["texts"] = [
            ChatbotTexts(**{**one.model_dump(), "language": one.language.lower()})
            for one in given.texts
        ]
    return change


async def _models(
    given: PortableSettings, client_id: str, checks: FieldChecks, session: WriteSession
) -> dict[str, PydanticObjectId]:
    """The language models that a document names, as this client has them."""
    found = {}
    for field, name in _MODELS.items():
        model: PortableModel | None = getattr(given, field)
        if model is None:
            continue
        owner = client_id if model.of == "CLIENT" else None
        config = await LlmConfig.find_one(
            {"client_id": owner, "name": model.name, "active": True}, session=session
        )
        if config is None:
            whose = "this client's own" if owner else "the platform's"
            problem = f"is no active language model among {whose}; name another, or put null"
            checks.within(name).wrong("name", problem)
        else:
            found[f"{field}_id"] = config.id
    return found
