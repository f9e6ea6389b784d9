"""The source that a site's own plugin sends its posts to: one for each chatbot and site.

The plugin asks for it with every connection and whenever it has lost it, also twice at a time, so
it is found before it is made. It is listed, renamed and deleted like any other source of the kind
push; its address is the site's.
"""

from typing import Final
from urllib.parse import urlsplit

from documents.chatbots import Chatbot
from documents.knowledge_sources import KnowledgeSource, count_sources, mark_knowledge_changed
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record
from services.knowledge.errors import ChatbotsNotFoundError, TooManySourcesError
from services.knowledge.source_definition import SourceDefinition, checked
from services.knowledge.source_limits import KnowledgeLimits
from services.live.publishing import knowledge_changed

LONGEST_NAME: Final = 100
"""Of a site, within the title."""


class SiteSources:
    """Finds and makes them."""

    def __init__(self, transactions: Transactions, limits: KnowledgeLimits) -> None:
        self._transactions = transactions
        self._limits = limits

    async def source_of(self, chatbot: Chatbot, site_url: str) -> KnowledgeSource:
        """The source of a site, made if it is not there.

        Raises:
            InvalidFieldsError: the site's address is none.
            ChatbotsNotFoundError: the chatbot was deleted meanwhile.
            TooManySourcesError: the chatbot has as many sources as it may.
        """
        site = site_url.strip().rstrip("/")
        title = f"WordPress {site.partition('://')[2][:LONGEST_NAME]}"
        definition = checked(SourceDefinition("push", title, (chatbot.id,), url=site))
        scope = TenantScope.one(chatbot.client_id)

        async def find_or_make(session: WriteSession) -> KnowledgeSource:
            # First of all, since it makes two that come at a time wait for each other.
            if not await mark_knowledge_changed(scope, definition.chatbot_ids, session):
                raise ChatbotsNotFoundError(definition.chatbot_ids)
            known = {"chatbot_ids": chatbot.id, "kind": "push", "url": {"$in": _spellings(site)}}
            found = await scope.of(KnowledgeSource).find_one(known, session=session)
            return found or await self._made(chatbot, definition, session)

        return await self._transactions.run_transaction(find_or_make)

    async def _made(
        self, chatbot: Chatbot, definition: SourceDefinition, session: WriteSession
    ) -> KnowledgeSource:
        scope, most = TenantScope.one(chatbot.client_id), self._limits.sources_per_chatbot
        if await count_sources(scope, chatbot.id, session, limit=most) >= most:
            raise TooManySourcesError(chatbot.id, most)
        source = KnowledgeSource(
            client_id=chatbot.client_id, kind="push", status="queued", **definition.fields
        )
        await scope.of(KnowledgeSource).insert(source, session)
        await record(session, client_id=chatbot.client_id, after=source)
        await knowledge_changed(chatbot.client_id, source.id, session)
        return source


def _spellings(site: str) -> list[str]:
    """The address with http and with https: a site that gets a certificate is the same site."""
    place = urlsplit(site)
    return [place._replace(scheme=scheme).geturl() for scheme in ("http", "https")]
