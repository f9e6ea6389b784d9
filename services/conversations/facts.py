"""What a conversation knows of its answers, so that lists can be filtered by it."""

from typing import Any

from documents.conversations import Conversation
from documents.messages import Message
from documents.tenancy import TenantScope


async def note_answer(answer: Message) -> None:
    """Note in its conversation by whom an answer was given, and whether it cites something.

    For an answer that has ended, as it is stored by then. Noting it twice is as good as once.
    """
    scope = TenantScope.one(answer.client_id)
    ended = await scope.of(Message).get(answer.id)
    if ended is None:
        return
    changes: dict[str, Any] = {}
    if ended.llm_config_id is not None:
        changes["$addToSet"] = {"llm_config_ids": ended.llm_config_id}
    if ended.citations:
        changes["$set"] = {"has_citations": True}
    if changes:
        await scope.of(Conversation).update_one({"_id": ended.conversation_id}, changes)
