"""Chatbots: members see them, editors change them, owners delete them."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import NOT_FOUND, NOT_FOUND_ERROR, NULL
from tests.api.matrix.row import Row, a_new, members, the

READ = ("CHATBOTS_READ",)
WRITE = ("CHATBOTS_WRITE",)
LLMS = {"defaultLlmId": the("llm_config"), "fallbackLlmId": the("llm_config")}
NO_SUCH_LLM = {f"input.settings.{name}": "InvalidInputError INVALID_INPUT" for name in LLMS}
"""Told with everything else that is wrong with the settings."""

ROWS = (
    Row(
        "chatbots",
        {"clientId": the("client")},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=READ),
    ),
    Row("chatbot", {"id": the("chatbot")}, members(Caller.VIEWER, others=NULL, scopes=READ)),
    Row(
        "createChatbot",
        {"clientId": the("client"), "name": "Guide", "settings": LLMS},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
        to_unknown=NO_SUCH_LLM,
    ),
    Row(
        "updateChatbot",
        {"id": a_new("chatbot"), "settings": {"autoOpen": True, **LLMS}},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR, scopes=WRITE),
        to_unknown=NO_SUCH_LLM,
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
        "deleteChatbot",
        {"id": a_new("chatbot"), "confirmName": the("chatbot", "draft.name")},
        members(Caller.OWNER, others=NOT_FOUND_ERROR),
    ),
)
