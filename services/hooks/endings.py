"""`on_end`: telling a chatbot's hook that a conversation was closed.

Closing leaves a note in the conversation, and any process finds it. Taking the note away and
running the hook are two steps with the note first: a hook is told once at most, and not at all by a
process that dies in between.
"""

import asyncio

import structlog

from documents.chatbots import Chatbot
from documents.clients import Client
from documents.conversations import Conversation
from documents.errors import is_unavailable
from documents.tenancy import TenantScope
from documents.visitors import Visitor
from services.cancelling import raise_if_cancelled
from services.hooks.handoff import label
from services.hooks.running import About, ActiveHook, HookRunner
from services.hooks.states import ConversationState
from services.hooks.telling import context_of

LOOK_INTERVAL_S = 1.0

log = structlog.get_logger()


class HookEndings:
    """Looks for closed conversations for as long as the process lives."""

    def __init__(self, runner: HookRunner) -> None:
        self._runner = runner

    async def run(self) -> None:
        """Tell hooks of closed conversations until cancelled."""
        while True:
            try:
                while await self.tell_one():
                    raise_if_cancelled()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("hook_endings_failed")
            raise_if_cancelled()
            await asyncio.sleep(LOOK_INTERVAL_S)

    async def tell_one(self) -> bool:
        """Tell the hook of one closed conversation; whether there was one."""
        conversations = TenantScope.every_client().of(Conversation)
        due = {"end_hook_due": True}
        taken = await conversations.update_one(due, {"$set": {"end_hook_due": False}})
        if taken is None:
            return False
        active = await self._runner.active(taken.client_id, taken.chatbot_id)
        if active is not None and active.defines("on_end"):
            await self._tell(active, taken)
        return True

    async def _tell(self, active: ActiveHook, conversation: Conversation) -> None:
        scope = TenantScope.one(conversation.client_id)
        client, chatbot, visitor = await asyncio.gather(
            scope.of(Client).find_one({}),
            scope.of(Chatbot).get(conversation.chatbot_id),
            scope.of(Visitor).get(conversation.visitor_id),
        )
        if client is None or chatbot is None:
            return
        settings = chatbot.shown(preview=conversation.preview_until is not None)
        state = ConversationState(conversation, conversation.message_count + 1)
        await state.load()
        language = conversation.language or settings.default_language
        ctx = context_of(client, settings, conversation, visitor, language=language)
        about = About(client, conversation.visitor_id, conversation.id, conversation.preview_until)
        arguments = {"ctx": {**ctx, "state": state.value}}
        ran = await self._runner.run(active, "on_end", arguments, about)
        if ran.effects.state is not None:
            await state.keep(ran.effects.state)
        await label(conversation, ran.effects.tags)
