"""Chatbots: members see them, editors change them, owners delete them."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import NOT_FOUND, NOT_FOUND_ERROR, NULL
from tests.api.matrix.row import Row, a_new, members, the

READ = ("CHATBOTS_READ",)
WRITE = ("CHATBOTS_WRITE",)
LLMS = {"defaultLlmId": the("llm_config"), "fallbackLlmId": the("llm_config")}
LOGOS = {"logoUploadId": the("upload"), "bubbleIconUploadId": the("upload")}
IN_SETTINGS = LLMS | LOGOS
NOTHING_THERE = {
    f"input.settings.{name}": "InvalidInputError INVALID_INPUT" for name in IN_SETTINGS
}
"""Told with everything else that is wrong with the settings."""

DOCUMENT = '{"format": "parlance.chatbot", "version": 1, "settings": {"name": "Guide"}}'

ROWS = (
    Row(
        "chatbots",
        {"clientId": the("client")},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=READ),
    ),
    Row("chatbot", {"id": the("chatbot")}, members(Caller.VIEWER, others=NULL, scopes=READ)),
    Row(
        "createChatbot",
        {"clientId": the("client"), "name": "Guide", "settings": IN_SETTINGS},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
        to_unknown=NOTHING_THERE,
    ),
    Row(
        "updateChatbot",
        {"id": a_new("chatbot"), "settings": {"autoOpen": True, **IN_SETTINGS}},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
        to_unknown=NOTHING_THERE,
    ),
    Row(
        "publishChatbot",
        {"id": a_new("chatbot")},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
    ),
    Row(
        "rollbackChatbot",
        {"id": the("chatbot"), "versionId": the("chatbot_version")},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
    ),
    Row(
        "exportChatbot",
        {"id": the("chatbot")},
        members(Caller.VIEWER, others=NULL, scopes=READ),
    ),
    Row(
        "importChatbot",
        {"clientId": the("client"), "document": DOCUMENT},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
    ),
    Row(
        "cloneChatbot",
        {"id": the("chatbot"), "clientId": the("client"), "name": "Twin"},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
    ),
    Row(
        "deleteChatbot",
        {"id": a_new("chatbot"), "confirmName": the("chatbot", "draft.name")},
        members(Caller.OWNER, others=NOT_FOUND_ERROR),
    ),
)
