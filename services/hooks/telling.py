"""What a hook is told: `ctx`, its first argument, as JSON values.

docs/guide/hooks.md lists the same keys. Whatever is added here is shown to code of the client's,
which may send it to hosts of the client's: of a visitor no more than an answer needs.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from documents.base import utc_now
from documents.chatbots import ChatbotSettings
from documents.clients import Client
from documents.conversations import Conversation
from documents.messages import Message
from documents.visitors import Visitor

MOST_MESSAGES = 10
MAX_MESSAGE_CHARACTERS = 1_000
"""Of the talk so far: as many of the newest messages, each cut to this."""


def context_of(
    client: Client,
    settings: ChatbotSettings,
    conversation: Conversation,
    visitor: Visitor | None,
    *,
    language: str,
    history: Sequence[Message] = (),
    llms: Iterable[str] = (),
    now: datetime | None = None,
) -> dict[str, Any]:
    """`ctx` without the state, which changes from function to function."""
    here = (now or utc_now()).astimezone(ZoneInfo(client.time_zone))
    return {
        "now": here.isoformat(timespec="seconds"),
        "time": here.strftime("%H:%M"),
        "weekday": here.isoweekday(),
        "time_zone": client.time_zone,
        "language": language,
        "chatbot": {"name": settings.name, "default_language": settings.default_language},
        "contact": {"email": settings.contact_email, "url": settings.contact_url},
        "conversation": {
            "id": str(conversation.id),
            "status": conversation.status,
            "tags": list(conversation.tags),
            "messages": conversation.message_count,
        },
        "visitor": {
            "id": str(conversation.visitor_id),
            "user_id": visitor.user_id if visitor else None,
            "user_email": visitor.user_email if visitor else None,
        },
        "history": [_said(one) for one in history[-MOST_MESSAGES:] if one.content],
        "llms": list(llms),
    }


def _said(message: Message) -> dict[str, str]:
    sender = "visitor" if message.sender == "visitor" else "chatbot"
    return {"from": sender, "text": message.for_models[:MAX_MESSAGE_CHARACTERS]}
