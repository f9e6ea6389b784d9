"""What differs between two versions of a chatbot's settings, for people who compare them.

Fields are named as in the schema, those of the texts with their language: "texts.FR.placeholder".
Language models are told by their names, since an id says nothing and may lead nowhere later.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from documents.chatbot_versions import SettingChange
from documents.chatbots import ChatbotSettings
from documents.ids import PydanticObjectId
from documents.llm_configs import LlmConfig

MAX_TEXT = 500
"""Characters of a value that are kept; the whole stands in the settings of both versions."""

_ENUMS = frozenset({"color_scheme", "position", "knowledge_mode", "default_language", "languages"})
_MODELS = {"default_llm_id": "defaultLlm", "fallback_llm_id": "fallbackLlm"}


def changed_fields(before: ChatbotSettings, after: ChatbotSettings) -> list[str]:
    """The names of the settings that differ."""
    old, new = before.model_dump(), after.model_dump()
    return sorted(field for field in new if new[field] != old[field])


async def setting_changes(before: ChatbotSettings, after: ChatbotSettings) -> list[SettingChange]:
    """Every setting that differs, with both values as text."""
    names = await _model_names(before, after)
    old, new = dict(_flat(before, names)), dict(_flat(after, names))
    fields = sorted(field for field in old.keys() | new.keys() if old.get(field) != new.get(field))
    return [
        SettingChange(field=field, before=_cut(old.get(field)), after=_cut(new.get(field)))
        for field in fields
    ]


def public_name(field: str) -> str:
    """A stored setting's name as the schema has it."""
    if field in _MODELS:
        return _MODELS[field]
    first, *others = field.split("_")
    return first + "".join(other.capitalize() for other in others)


async def _model_names(*settings: ChatbotSettings) -> dict[PydanticObjectId, str]:
    ids = {one.default_llm_id for one in settings} | {one.fallback_llm_id for one in settings}
    configs = await LlmConfig.find({"_id": {"$in": [*filter(None, ids)]}}).to_list(len(ids))
    return {config.id: config.name for config in configs}


def _flat(
    settings: ChatbotSettings, model_names: Mapping[PydanticObjectId, str]
) -> Iterator[tuple[str, str | None]]:
    for field, value in settings.model_dump(exclude={"texts"}).items():
        shown = model_names.get(value, str(value)) if field in _MODELS and value else value
        yield public_name(field), _text(field, shown)
    for texts in settings.texts:
        for field, value in texts.model_dump(exclude={"language"}).items():
            yield f"texts.{texts.language.upper()}.{public_name(field)}", _text(field, value)


def _text(field: str, value: Any) -> str | None:
    if value is None or value == []:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    text = "\n".join(value) if isinstance(value, list) else str(value)
    return text.upper() if field in _ENUMS else text


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
