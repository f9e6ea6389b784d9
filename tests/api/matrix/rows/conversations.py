"""Conversations and messages: a visitor's own, and those of the caller's clients."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import ALLOWED, EMPTY, NOT_FOUND, NOT_FOUND_ERROR, NULL
from tests.api.matrix.row import Row, a_new, any_new_text, members, the, visitors_and_members

READ = ("CONVERSATIONS_READ",)
WRITE = ("CONVERSATIONS_WRITE",)
OF_A = {
    "chatbotId": the("chatbot"),
    "visitorId": the("visitor"),
    "llmConfigId": the("llm_config"),
}

ROWS = (
    Row(
        "conversations",
        {"clientId": the("client")},
        visitors_and_members(Caller.VIEWER, others=NOT_FOUND, scopes=READ).but(
            {Caller.OTHER_VISITOR: ALLOWED}  # of A as well: sees what is the visitor's own
        ),
    ),
    Row(
        "conversations",
        {},
        visitors_and_members(Caller.VIEWER, others=ALLOWED, scopes=READ),
        case="of all clients",
    ),
    Row(
        "conversations",
        {"filter": {**OF_A, "statuses": ["OPEN"], "languages": ["EN"], "rating": "DOWN"}},
        visitors_and_members(Caller.VIEWER, others=EMPTY, scopes=READ),
        case="filtered",
    ),
    Row(
        "searchConversations",
        {"clientId": the("client"), "text": "open", "filter": OF_A},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=READ),
    ),
    Row(
        "renameConversation",
        {"id": a_new("conversation"), "title": any_new_text()},
        visitors_and_members(Caller.AGENT, others=NOT_FOUND_ERROR, scopes=WRITE),
    ),
    Row(
        "tagConversation",
        {"id": a_new("conversation"), "tags": ["seen"]},
        members(Caller.AGENT, others=NOT_FOUND_ERROR, scopes=("CONVERSATIONS_WRITE",)),
    ),
    Row(
        "closeConversation",
        {"id": a_new("conversation")},
        visitors_and_members(Caller.AGENT, others=NOT_FOUND_ERROR, scopes=WRITE),
    ),
    Row(
        "deleteConversation",
        {"id": a_new("conversation")},
        visitors_and_members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
    ),
    Row(
        "conversation",
        {"id": the("conversation")},
        visitors_and_members(Caller.VIEWER, others=NULL, scopes=READ),
    ),
    Row(
        "messages",
        {"conversationId": the("conversation"), "last": 2},
        visitors_and_members(Caller.VIEWER, others=NOT_FOUND, scopes=READ),
    ),
)
