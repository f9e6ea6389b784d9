"""An event as JSON, for programs. Ids are those of the GraphQL API; what is long is cut."""

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import orjson

from documents.ids import PydanticObjectId
from documents.messages import Message
from services.integrations.told import Told

MAX_TEXT = 20_000
"""Characters of a question or an answer; the whole is in the API."""

MAX_CITATIONS = 20

_TYPES = {"llm_config_id": "LlmConfig", "source_id": "KnowledgeSource"}
_UNDERSCORE = re.compile("_([a-z])")

PublicId: TypeAlias = Callable[[str, PydanticObjectId], str]
"""From a type's name and a document's id to the id that the API knows."""


def webhook_body(told: Told, public_id: PublicId) -> bytes:
    """The body of a webhook."""
    body: dict[str, Any] = {
        "id": event_id(told, public_id),
        "type": told.kind,
        "timestamp": told.happened_at.isoformat(),
        "sequence": told.seq,
        "data": _data(told, public_id),
    }
    if told.is_test:
        body["test"] = True
    return orjson.dumps(body)


def event_id(told: Told, public_id: PublicId) -> str:
    """The id of an event, the same for each attempt and each receiver."""
    return public_id("Event", told.entry_id)


def _data(told: Told, public_id: PublicId) -> dict[str, Any]:
    client, chatbot, conversation = told.client, told.chatbot, told.conversation
    data: dict[str, Any] = {
        "client": {
            "id": public_id("Client", client.id),
            "slug": client.client_id,
            "name": client.name,
        }
    }
    if chatbot is not None:
        data["chatbot"] = {"id": public_id("Chatbot", chatbot.id), "name": chatbot.draft.name}
    if conversation is not None:
        data["conversation"] = {
            "id": public_id("Conversation", conversation.id),
            "title": conversation.title,
            "language": conversation.language,
            "status": conversation.status,
            "visitorId": public_id("Visitor", conversation.visitor_id),
        }
    if told.question is not None:
        data["question"] = _message(told.question, public_id)
    if told.answer is not None:
        data["answer"] = _answer(told.answer, public_id)
    if told.facts:
        data["facts"] = dict(_fact(name, value, public_id) for name, value in told.facts.items())
    return data


def _fact(name: str, value: int | str, public_id: PublicId) -> tuple[str, int | str]:
    """A fact as the API would name it; ids in the form that the API takes."""
    type_name = _TYPES.get(name)
    shown = public_id(type_name, PydanticObjectId(str(value))) if type_name else value
    return _UNDERSCORE.sub(lambda found: found[1].upper(), name), shown


def _message(message: Message, public_id: PublicId) -> dict[str, Any]:
    return {"id": public_id("Message", message.id), "text": message.content[:MAX_TEXT]}


def _answer(answer: Message, public_id: PublicId) -> dict[str, Any]:
    cited = [
        {"title": one.source_title, "url": one.url} for one in answer.citations[:MAX_CITATIONS]
    ]
    said = {
        **_message(answer, public_id),
        "status": answer.status,
        "confidence": answer.confidence,
        "llm": answer.llm_name,
        "citations": cited,
    }
    if answer.feedback is not None:
        said["feedback"] = {"rating": answer.feedback.rating, "comment": answer.feedback.comment}
    return said
