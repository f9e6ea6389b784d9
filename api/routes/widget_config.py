"""GET /widget/config/{embedKey}?language=de: what `widgetChatbot` gives, for every load of a page.

A plain GET needs no preflight, and browsers and CDNs may keep it for a minute. Names and values are
those of `WidgetChatbot` in the schema; `words` are what the launcher says. A page that the chatbot
does not allow reads in the answer where to allow it; one of our own origin sends no Origin header.
"""

import hashlib
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.routes.page_files import holds
from graphql_schema.visits.origins import not_allowed_text
from graphql_schema.visits.types import WidgetChatbot, widget_chatbot_from
from services.answering.phrases import phrase
from services.uploads.addresses import shown_to_visitors
from services.visits.embedding_origins import EmbeddingOrigins
from services.visits.launcher_words import open_chat
from services.visits.showing import shown_chatbot

KEPT_SECONDS: Final = 60
MAX_SHOWN: Final = 100
"""Characters of an embed key that nobody has."""

JSON: Final = "application/json"
_ETAG_CHARACTERS = 32

router = APIRouter(include_in_schema=False)


@router.api_route("/widget/config/{embed_key}", methods=["GET", "HEAD"])
async def configuration(embed_key: str, request: Request, language: str | None = None) -> Response:
    """The public settings of a chatbot, its texts in the visitor's language."""
    origin = request.headers.get("Origin")
    headers = {"Vary": "Origin"} | ({"Access-Control-Allow-Origin": origin} if origin else {})
    shown = await shown_chatbot(embed_key)
    if shown is None:
        message = f'There is no chatbot with the embed key "{embed_key[:MAX_SHOWN]}".'
        return _refusal(404, "NOT_FOUND", message, headers)
    if origin is not None and not _origins(request).allowed_by(shown[0], origin):
        return _refusal(403, "ORIGIN_NOT_ALLOWED", not_allowed_text(origin), headers)
    public_url = request.app.state.settings.base_url
    fields = _fields(widget_chatbot_from(*shown, language), public_url)
    body = orjson.dumps(fields | {"words": _words(language)})
    etag = f'"{hashlib.sha256(body).hexdigest()[:_ETAG_CHARACTERS]}"'
    headers |= {"Cache-Control": f"public, max-age={KEPT_SECONDS}", "ETag": etag}
    if holds(request.headers.get("If-None-Match", ""), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=JSON, headers=headers)


def _fields(shown: WidgetChatbot, public_url: str) -> dict[str, Any]:
    texts, settings = shown.texts, shown.settings
    return {
        "name": shown.name,
        "primaryColor": shown.primary_color,
        "secondaryColor": shown.secondary_color,
        "colorScheme": shown.color_scheme.name,
        "position": shown.position.name,
        "logoUrl": shown_to_visitors(settings.logo_url, public_url),
        "bubbleIconUrl": shown_to_visitors(settings.bubble_icon_url, public_url),
        "showBranding": shown.show_branding,
        "autoOpen": shown.auto_open,
        "autoOpenDelayMs": shown.auto_open_delay_ms,
        "languages": [one.name for one in shown.languages],
        "texts": {
            "language": texts.language.name,
            "welcomeMessage": texts.welcome_message,
            "starterQuestions": texts.starter_questions,
            "placeholder": texts.placeholder,
            "consentText": texts.consent_text,
            "contactText": texts.contact_text,
        },
        "contactEmail": shown.contact_email,
        "contactUrl": shown.contact_url,
        "allowedImageHosts": shown.allowed_image_hosts,
        "active": shown.active,
        "maintenanceText": shown.maintenance_text,
        "version": shown.version,
    }


def _words(language: str | None) -> dict[str, str]:
    return {"open": open_chat(language), "unloaded": phrase("provider_failed", language)}


def _refusal(status: int, code: str, message: str, headers: dict[str, str]) -> Response:
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return Response(orjson.dumps(body), status, headers, JSON)


def _origins(request: Request) -> EmbeddingOrigins:
    origins: EmbeddingOrigins = request.app.state.wiring.origins
    return origins
