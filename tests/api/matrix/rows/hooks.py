"""Hooks: code that runs for visitors, which editors write. API keys never do."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import NOT_FOUND, NOT_FOUND_ERROR, NULL
from tests.api.matrix.row import Row, a_new, members, the

SOURCE = "def before_llm(ctx, message):\n    return None\n"
EDITORS = members(Caller.EDITOR, others=NOT_FOUND_ERROR)

ROWS = (
    Row("hook", {"chatbotId": the("chatbot")}, members(Caller.EDITOR, others=NULL)),
    Row(
        "hookSecretNames",
        {"clientId": the("client")},
        members(Caller.EDITOR, others=NOT_FOUND),
    ),
    Row("validateHook", {"chatbotId": the("chatbot"), "source": SOURCE}, EDITORS),
    Row("saveHookVersion", {"chatbotId": the("chatbot"), "source": SOURCE}, EDITORS),
    Row(
        "testHook",
        {
            "versionId": the("hook_version"),
            "function": "BEFORE_LLM",
            "question": "When do you open?",
            "conversationId": the("conversation"),
        },
        EDITORS,
    ),
    Row("activateHookVersion", {"versionId": a_new("hook_version")}, EDITORS),
    Row("rollbackHook", {"chatbotId": the("chatbot")}, EDITORS),
    Row("setHookEnabled", {"chatbotId": the("chatbot"), "enabled": True}, EDITORS),
    Row(
        "setHookSecret",
        {"clientId": the("client"), "name": "TOKEN", "host": "api.shop.example", "value": None},
        EDITORS,
    ),
)
