"""Starting a visit: a page shows a chatbot's public embed key and becomes a visitor's widget."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.conversations import Conversation
from documents.database.driver import operation_deadline
from documents.erasure import visitor_is_there
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.visitors import Visitor
from documents.visits import Visit
from services.visits.identities import Identities
from services.visits.page_origins import PageOrigins, VisitRefusedError
from services.visits.stays import Stays, TooManyVisitsError
from services.visits.visitors import anonymous_visitor, known_visitor, latest_open_conversation
from services.visits.widget_tokens import WidgetTokens

NoteKeyUse = Callable[[str, str], Awaitable[None]]
"""Remembers that a client's signing key was used, by the client's slug and the key's id."""

DATABASE_SECONDS = 4.0
"""For a whole start of a visit: a page that gets no chatbot in that time may as well be told."""


class UnknownEmbedKeyError(VisitRefusedError):
    """No chatbot has this embed key."""


class ChatbotInactiveError(VisitRefusedError):
    """The chatbot or its client is switched off."""


@dataclass(frozen=True, slots=True)
class VisitRequest:
    """What a page brings along."""

    embed_key: str
    origin: str | None
    identity_token: str | None = None
    language: str | None = None
    page_url: str | None = None
    consent_version: str | None = None
    embed_nonce: str | None = None


@dataclass(frozen=True, slots=True)
class StartedVisit:
    """A visit with its token, given out this once."""

    widget_token: str
    expires_at: datetime
    visitor_id: PydanticObjectId
    chatbot: Chatbot
    client: Client
    conversation: Conversation | None


class Visits:
    """Visits of this installation."""

    def __init__(
        self,
        tokens: WidgetTokens,
        stays: Stays,
        identities: Identities,
        note_key_use: NoteKeyUse,
        page_origins: PageOrigins,
    ) -> None:
        self._tokens = tokens
        self._stays = stays
        self._identities = identities
        self._note_key_use = note_key_use
        self._page_origins = page_origins

    async def start(self, request: VisitRequest) -> StartedVisit:
        """Open a visit: of the person that the client's backend vouches for, else a stranger's.

        Raises:
            TooManyVisitsError: the chatbot has as many visits at once as it may have.
            IdentityRejectedError: an identity token was given and proves nothing.
            UnknownEmbedKeyError: no chatbot has the key.
            OriginNotAllowedError: the page may not talk to this chatbot.
            EmbedPageOutdatedError: the page is our own, and its nonce is not good any more.
            ChatbotInactiveError: the chatbot or its client is switched off.
        """
        with operation_deadline(DATABASE_SECONDS):
            while True:
                started = await self._started(request)
                if await visitor_is_there(started.client.client_id, started.visitor_id):
                    return started  # and not erased just now: then it is another visitor's visit

    async def _started(self, request: VisitRequest) -> StartedVisit:
        chatbot = await chatbot_by_embed_key(request.embed_key)
        origin = self._page_origins.checked(request.origin, chatbot, request.embed_nonce)
        client = await active_client(chatbot)
        visitor = await self._visitor(request, client)
        now = utc_now()
        visit = Visit(
            client_id=chatbot.client_id,
            chatbot_id=chatbot.id,
            visitor_id=visitor.id,
            origin=origin,
            page_url=request.page_url,
            consent_version=request.consent_version,
            started_at=now,
            last_activity_at=now,
        )
        await self._begin(visit, visitor)
        issued = await self._tokens.issue(
            client_id=chatbot.client_id,
            chatbot_id=chatbot.id,
            visitor_id=visitor.id,
            visit_id=visit.id,
            origin=origin,
        )
        conversation = None
        if visitor.user_id is not None:
            conversation = await latest_open_conversation(chatbot.client_id, chatbot.id, visitor.id)
        return StartedVisit(
            issued.text, issued.record.expires_at, visitor.id, chatbot, client, conversation
        )

    async def _begin(self, visit: Visit, visitor: Visitor) -> None:
        try:
            await self._stays.begin(visit)
        except TooManyVisitsError:
            if visitor.user_id is None:
                await TenantScope.one(visit.client_id).of(Visitor).delete_one({"_id": visitor.id})
            raise

    async def _visitor(self, request: VisitRequest, client: Client) -> Visitor:
        if request.identity_token is None:
            return await anonymous_visitor(client.client_id, request.language)
        who = await self._identities.verified(request.identity_token, client.client_id)
        await self._note_key_use(client.client_id, who.key_id)
        return await known_visitor(client.client_id, who.user_id, who.user_email, request.language)


async def chatbot_by_embed_key(embed_key: str) -> Chatbot:
    """The chatbot with this public key. It is looked for among every client's: the key tells whose.

    Raises:
        UnknownEmbedKeyError: there is none.
    """
    chatbot = await TenantScope.every_client().of(Chatbot).find_one({"embed_key": embed_key})
    if chatbot is None:
        raise UnknownEmbedKeyError(embed_key)
    return chatbot


async def active_client(chatbot: Chatbot) -> Client:
    """The client of a chatbot, when both are switched on.

    Raises:
        ChatbotInactiveError: one of them is not.
    """
    client = await TenantScope.one(chatbot.client_id).of(Client).find_one({"active": True})
    if client is None or not chatbot.active:
        raise ChatbotInactiveError
    return client
