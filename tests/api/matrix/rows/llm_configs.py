"""LLM configs: a client's own, which editors change, and the platform's, which admins change."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import ALLOWED, NOT_FOUND, NOT_FOUND_ERROR, NULL
from tests.api.matrix.row import Row, a_new, any_new_text, members, only_admins, the

READ = ("CHATBOTS_READ",)
NEW = {"name": any_new_text(), "provider": "LOCAL", "model": "extractive"}

ROWS = (
    Row(
        "llmConfigs",
        {"clientId": the("client")},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=READ),
    ),
    Row("llmConfig", {"id": the("llm_config")}, members(Caller.VIEWER, others=NULL, scopes=READ)),
    Row(
        "llmConfig",
        {"id": the("platform_llm_config")},
        members(Caller.VIEWER, others=ALLOWED, scopes=READ),
        case="of the platform",
    ),
    Row(
        "llmHealth",
        {"clientId": the("client")},
        members(Caller.VIEWER, others=NOT_FOUND, scopes=READ),
    ),
    Row(
        "createLlmConfig",
        {"clientId": the("client"), **NEW},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR),
    ),
    Row("createLlmConfig", NEW, only_admins(), case="for the platform"),
    Row(
        "updateLlmConfig",
        {"id": a_new("llm_config"), "temperature": 0.5},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR),
    ),
    Row(
        "updateLlmConfig",
        {"id": a_new("platform_llm_config"), "temperature": 0.5},
        only_admins(),
        case="of the platform",
    ),
    Row(
        "testLlmConfig",
        {"id": the("llm_config")},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR),
    ),
    Row(
        "testLlmConfig",
        {"id": the("platform_llm_config")},
        only_admins(),
        case="of the platform",
    ),
    Row(
        "deleteLlmConfig",
        {"id": a_new("llm_config")},
        members(Caller.EDITOR, others=NOT_FOUND_ERROR),
    ),
    Row(
        "deleteLlmConfig",
        {"id": a_new("platform_llm_config")},
        only_admins(),
        case="of the platform",
    ),
)
