"""Knowledge sources: members see them, editors and servers add and delete them."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import FORBIDDEN, NOT_FOUND, NOT_FOUND_ERROR, NULL
from tests.api.matrix.row import Row, a_new, members, the

READ = ("CHATBOTS_READ", "KNOWLEDGE_WRITE")
WRITE = ("KNOWLEDGE_WRITE",)

ROWS = (
    Row(
        "knowledgeSources",
        {"clientId": the("client"), "chatbotId": the("chatbot")},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=READ),
    ),
    Row(
        "knowledgeSources",
        {"chatbotId": the("chatbot")},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=READ),
        case="of a chatbot",
    ),
    Row(
        "knowledgeSource",
        {"id": the("knowledge_source")},
        members(Caller.VIEWER, others=NULL, scopes=READ),
    ),
    Row(
        "testRetrieval",
        {"chatbotId": the("chatbot"), "question": "When do you open?"},
        members(Caller.EDITOR, others=NULL, scopes=WRITE),
    ),
    Row(
        "testRetrieval",
        {
            "chatbotId": the("chatbot"),
            "question": "And on Sundays?",
            "conversationId": the("conversation"),
        },
        members(Caller.EDITOR, others=NULL, scopes=WRITE).but({Caller.KEY: FORBIDDEN}),
        case="going on with a conversation",
    ),
    Row(
        "addKnowledgeSource",
        {
            "chatbotIds": [a_new("chatbot")],
            "kind": "TEXT",
            "title": "Parking",
            "text": "There is a car park behind the house.",
        },
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
        names_nothing={
            "input.uploadId": "a file is claimed by one source; see test_knowledge_kinds"
        },
    ),
    Row(
        "updateKnowledgeSource",
        {
            "id": a_new("knowledge_source"),
            "title": "Parking and trains",
            "chatbotIds": [a_new("chatbot")],
        },
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
        names_nothing={
            "input.uploadId": "a file is claimed by one source; see test_knowledge_kinds"
        },
    ),
    Row(
        "syncKnowledgeSource",
        {"id": a_new("knowledge_source")},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
    ),
    Row(
        "pushKnowledge",
        {
            "sourceId": a_new("pushed_source"),
            "documents": [
                {
                    "externalId": "post-1",
                    "url": "https://shop.example/parking",
                    "title": "Parking",
                    "html": "<p>There is a car park behind the house.</p>",
                    "modifiedAt": "2026-01-01T00:00:00Z",
                }
            ],
        },
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
    ),
    Row(
        "knowledgeEvents",
        {"clientId": the("client"), "after": the("beginning", "cursor")},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=READ),
        names_nothing={"sourceId": "picks from the client's own events"},
    ),
    Row(
        "deleteKnowledgeSource",
        {"id": a_new("knowledge_source")},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
    ),
)
