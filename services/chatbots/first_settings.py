"""What a chatbot starts with, before and beside what is given for it."""

from documents.chatbots import ChatbotSettings
from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.llm_configs import LlmConfig
from documents.transactions import WriteSession
from services.chatbots.settings_checks import SettingsChange, SettingsChecks
from services.field_checks import FieldChecks
from services.refusals import FieldIssue, InvalidFieldsError

LOCAL_MODEL_NAME = "Local"
NO_MODEL = PydanticObjectId()
"""Differs from every model that is chosen, so that the choice is checked."""


async def first_settings(
    settings: SettingsChecks,
    client: Client,
    name: str,
    change: SettingsChange,
    checks: FieldChecks,
    session: WriteSession,
) -> ChatbotSettings:
    """The client's defaults with what shall differ; what is wrong is noted in `checks`."""
    bare = ChatbotSettings(
        name=name,
        languages=[client.language],
        default_language=client.language,
        allowed_origins=[f"https://{client.domain}"] if client.domain else [],
        default_llm_id=NO_MODEL,
    )
    if "default_llm_id" not in change:
        change = {**change, "default_llm_id": await _platform_default(session)}
    return await settings.applied(bare, change, client.client_id, checks, session)


async def _platform_default(session: WriteSession) -> PydanticObjectId:
    """The platform's model for chatbots that name none: the one called Local, else the oldest."""
    platform = {"client_id": None, "active": True}
    named = await LlmConfig.find_one({**platform, "name": LOCAL_MODEL_NAME}, session=session)
    config = named or await LlmConfig.find_one(platform, sort=[("_id", 1)], session=session)
    if config is None:
        problem = "is needed: the platform has no language model of its own"
        raise InvalidFieldsError([FieldIssue(("input", "settings", "defaultLlmId"), problem)])
    return config.id
