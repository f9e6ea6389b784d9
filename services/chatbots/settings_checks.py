"""Checks of chatbot settings: each for what it is, all problems told at once."""

from collections.abc import Callable, Mapping
from typing import Any

from documents.chatbots import ChatbotSettings, ChatbotTexts
from documents.ids import PydanticObjectId
from documents.llm_configs import held_llm_config
from documents.transactions import WriteSession
from services.chatbots.logos import Logos
from services.field_checks import FieldChecks
from services.languages.codes import LANGUAGES
from services.origins import ANY_ORIGIN, normalized_origin

SettingsChange = Mapping[str, Any]
"""New values by the field names of `ChatbotSettings`, and uploads; what is left out stays."""

MAX_NAME = 100
MAX_INSTRUCTIONS = 8_000
MAX_ORIGINS = 50
MAX_ORIGIN = 300
"""Characters; what is longer is not even taken apart."""

MAX_STARTERS = 6
MAX_AUTO_OPEN_DELAY_MS = 600_000


class SettingsChecks:
    """Applies changes to settings."""

    def __init__(self, logos: Logos) -> None:
        self._logos = logos

    async def applied(
        self,
        settings: ChatbotSettings,
        change: SettingsChange,
        client_id: str,
        checks: FieldChecks,
        session: WriteSession,
    ) -> ChatbotSettings:
        """The settings after a change; problems are noted in `checks` by GraphQL's field names.

        Models that are chosen anew are held until the transaction ends, uploads kept from then on.
        """
        cleaned = await self._logos.settled(change, client_id, checks, session)
        for field, value in cleaned.items():
            check = _CHECKS.get(field)
            if check is not None and value is not None:
                cleaned[field] = check(checks, value)
        result = settings.model_copy(update=cleaned)
        if result.languages and result.default_language not in result.languages:
            checks.wrong("defaultLanguage", "must be one of the languages")
        for field, name in _MODELS.items():
            chosen = getattr(result, field)
            if field in change and chosen is not None and chosen != getattr(settings, field):
                await _check_model(chosen, client_id, name, checks, session)
        return result


def _name(checks: FieldChecks, value: str) -> str:
    return checks.line("name", value, longest=MAX_NAME)


def _color(field: str) -> Callable[[FieldChecks, str], str]:
    return lambda checks, value: checks.color(field, value)


def _address(field: str) -> Callable[[FieldChecks, str], str]:
    return lambda checks, value: checks.web_address(field, value)


def _delay(checks: FieldChecks, value: int) -> int:
    checks.number("autoOpenDelayMs", value, least=0, most=MAX_AUTO_OPEN_DELAY_MS)
    return value


def _languages(checks: FieldChecks, value: list[str]) -> list[str]:
    checks.at_most("languages", value, len(LANGUAGES))
    unique = list(dict.fromkeys(value))
    if not unique:
        checks.wrong("languages", "needs at least one language")
    return unique


def _texts(checks: FieldChecks, value: list[ChatbotTexts]) -> list[ChatbotTexts]:
    if len(value) > len(LANGUAGES):
        checks.at_most("texts", value, len(LANGUAGES))
    elif len({one.language for one in value}) != len(value):
        checks.wrong("texts", "may hold each language once")
    return [
        _of_one_language(checks.within("texts", str(index)), texts)
        for index, texts in enumerate(value[: len(LANGUAGES)])
    ]


def _of_one_language(checks: FieldChecks, texts: ChatbotTexts) -> ChatbotTexts:
    def text(field: str, value: str | None, longest: int) -> str | None:
        given = value is not None and value.strip()
        return checks.text(field, value, longest=longest) if given and value else None

    checks.at_most("starterQuestions", texts.starter_questions, MAX_STARTERS)
    starters = checks.within("starterQuestions")
    return ChatbotTexts(
        language=texts.language,
        welcome_message=text("welcomeMessage", texts.welcome_message, 2_000),
        starter_questions=[
            starters.line(str(index), question, longest=200)
            for index, question in enumerate(texts.starter_questions[:MAX_STARTERS])
        ],
        placeholder=text("placeholder", texts.placeholder, 200),
        consent_text=text("consentText", texts.consent_text, 4_000),
        contact_text=text("contactText", texts.contact_text, 1_000),
    )


def _origins(checks: FieldChecks, value: list[str]) -> list[str]:
    checks.at_most("allowedOrigins", value, MAX_ORIGINS)
    inside, cleaned = checks.within("allowedOrigins"), []
    for index, text in enumerate(value[:MAX_ORIGINS]):
        origin = ANY_ORIGIN if text.strip() == ANY_ORIGIN else _origin(text)
        if origin is None:
            inside.wrong(str(index), "is not an origin, such as https://shop.example.com")
        else:
            cleaned.append(origin)
    return list(dict.fromkeys(cleaned))


def _origin(text: str) -> str | None:
    return normalized_origin(text) if len(text) <= MAX_ORIGIN else None


def _image_hosts(checks: FieldChecks, value: list[str]) -> list[str]:
    checks.at_most("allowedImageHosts", value, MAX_ORIGINS)
    inside = checks.within("allowedImageHosts")
    hosts = [inside.domain(str(index), host) for index, host in enumerate(value[:MAX_ORIGINS])]
    return list(dict.fromkeys(hosts))


def _email(checks: FieldChecks, value: str) -> str:
    return checks.email("contactEmail", value)


def _instructions(checks: FieldChecks, value: str) -> str:
    return checks.text("customInstructions", value, longest=MAX_INSTRUCTIONS, shortest=0)


_CHECKS: dict[str, Callable[[FieldChecks, Any], Any]] = {
    "name": _name,
    "primary_color": _color("primaryColor"),
    "secondary_color": _color("secondaryColor"),
    "contact_url": _address("contactUrl"),
    "auto_open_delay_ms": _delay,
    "languages": _languages,
    "texts": _texts,
    "allowed_origins": _origins,
    "allowed_image_hosts": _image_hosts,
    "contact_email": _email,
    "custom_instructions": _instructions,
}


_MODELS = {"default_llm_id": "defaultLlmId", "fallback_llm_id": "fallbackLlmId"}


async def _check_model(
    config_id: PydanticObjectId,
    client_id: str,
    field: str,
    checks: FieldChecks,
    session: WriteSession,
) -> None:
    config = await held_llm_config(config_id, client_id, session)
    if config is None:
        checks.wrong(field, "is not a language model that this client may use")
    elif not config.active:
        checks.wrong(field, "is a language model that is switched off")
