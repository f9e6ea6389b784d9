"""What a fresh installation starts with: the platform's `local` model and the demo client.

Both are made once: somebody who deletes the demo does not get it back at the next start.
"""

import asyncio
from datetime import timedelta

import structlog

from api.demo_knowledge import DEMO_KNOWLEDGE
from api.demo_texts import DEMO_LANGUAGES, DEMO_TEXTS
from documents.chatbots import Chatbot
from documents.duplicates import DuplicateError, duplicates_reported
from documents.installation import claim_demo, demo_was_made, note_demo_made
from documents.knowledge_sources import KnowledgeSource
from documents.llm_configs import LlmConfig
from documents.tenancy import TenantScope
from graphql_schema.context import Services
from services.chatbots.first_settings import LOCAL_MODEL_NAME
from services.clients.clients import NewClient
from services.origins import is_loopback, normalized_origin
from services.refusals import NameTakenError

DEMO_SLUG = "demo"
DEMO_EMBED_KEY = "demo"
DEMO_LEASE = timedelta(seconds=60)
"""How long the server that makes the demo may be silent before another one goes on."""

LOOK_SECONDS = 0.2
"""How often a server that waits for the demo looks for it."""

log = structlog.get_logger()


async def seed_platform() -> None:
    """The platform's language model without a key."""
    try:
        with duplicates_reported():
            if await LlmConfig.find_one({"client_id": None}) is None:
                config = LlmConfig(name=LOCAL_MODEL_NAME, provider="local", model="extractive")
                await config.insert()
    except DuplicateError:
        pass  # another process was first


async def seed_demo(services: Services, base_url: str, *, alone: bool) -> None:
    """The demo client with its chatbot and knowledge, once in the life of an installation.

    Of servers that start together one makes it, and the others wait: each of them tells people
    where to try it. When the one that makes it dies, another goes on from what it left behind.

    Args:
        services: What to make it with.
        base_url: Where the demo's page is.
        alone: No other server is there to wait for.
    """
    while not await demo_was_made():
        if await claim_demo(DEMO_LEASE, alone=alone):
            await _make_demo(services, base_url)
            await note_demo_made()
            log.info("demo_made", embed_key=DEMO_EMBED_KEY)
        else:
            await asyncio.sleep(LOOK_SECONDS)


async def _make_demo(services: Services, base_url: str) -> None:
    try:
        await services.clients.create(NewClient(slug=DEMO_SLUG, name="Demo"))
    except NameTakenError:
        log.info("demo_goes_on")
    scope = TenantScope.one(DEMO_SLUG)
    chatbot = await scope.of(Chatbot).find_one({"embed_key": DEMO_EMBED_KEY})
    if chatbot is None:
        try:
            with duplicates_reported():
                chatbot = await _demo_chatbot(services, scope, base_url)
        except DuplicateError:
            return  # another server that was silent for long does make it
    if not await scope.of(KnowledgeSource).count({"chatbot_ids": chatbot.id}, limit=1):
        await services.knowledge_sources.add_text(
            DEMO_SLUG, [chatbot.id], "About Parlance", DEMO_KNOWLEDGE
        )


async def _demo_chatbot(services: Services, scope: TenantScope, base_url: str) -> Chatbot:
    own = normalized_origin(base_url)
    origins = [own] if own and not is_loopback(own) else []
    return await services.chatbots.create(
        scope,
        DEMO_SLUG,
        "Demo assistant",
        {"texts": DEMO_TEXTS, "languages": DEMO_LANGUAGES, "allowed_origins": origins},
        embed_key=DEMO_EMBED_KEY,
    )
