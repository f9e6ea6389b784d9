"""/embed/{embedKey}: a chatbot as a page of its own, for an iframe or a link.

`?language=de` and `?theme=dark` choose for the visitor, and `#preview=TOKEN` shows the draft. Only
pages of the chatbot's allowed origins may frame it: a browser shows any other an empty frame, and
says so in its console. The nonce in it (`data-embed-nonce`) proves to `startVisit` that the visit
begins on this page; a page that stayed open for long fetches itself again for another one. No page
of another origin can read it, since there are no CORS headers.
"""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from api.routes.embed_page import EmbedPage, notice_of, page_of
from api.settings import Settings
from documents.chatbots import Chatbot
from documents.clients import Client
from services.answering.phrases import phrase
from services.languages.codes import LANGUAGES, negotiate_language
from services.publishing.policy_sources import connect_sources, image_sources
from services.visits.page_origins import PageOrigins
from services.visits.showing import shown_chatbot

THEMES: Final = frozenset({"light", "dark", "auto"})
EVERYBODY: Final = "*"
MAX_TAG: Final = 35
"""RFC 5646, section 4.4.1: implementations should allow for 35 characters."""

HEADERS: Final = {"Cross-Origin-Resource-Policy": "cross-origin", "Vary": "Accept-Language"}

router = APIRouter(include_in_schema=False)


@router.api_route("/embed/{embed_key}", methods=["GET", "HEAD"])
async def embed_page(embed_key: str, request: Request) -> Response:
    """The page of a chatbot, or one sentence about why there is none."""
    shown, wanted = await shown_chatbot(embed_key), _wanted_language(request)
    if shown is None:
        return _notice(phrase("unknown_embed_key", wanted), wanted, EVERYBODY, 404)
    chatbot, client = shown
    ancestors = _page_origins(request).frame_ancestors(chatbot)
    if not _is_on(chatbot, client):
        return _notice(phrase("chatbot_inactive", wanted), wanted, ancestors, 403)
    html, policy = page_of(_page(chatbot, ancestors, wanted, request))
    return HTMLResponse(html, headers={**HEADERS, "Content-Security-Policy": policy})


def _page(chatbot: Chatbot, ancestors: str, wanted: str, request: Request) -> EmbedPage:
    settings: Settings = request.app.state.settings
    published = chatbot.published
    return EmbedPage(
        embed_key=chatbot.embed_key,
        title=published.name,
        language=negotiate_language(wanted, published.languages, published.default_language),
        embed_nonce=_page_origins(request).nonce_for(chatbot).text,
        asked=_asked(request),
        connect=connect_sources(settings.base_url),
        images=image_sources(published, settings.base_url),
        frame_ancestors=ancestors,
    )


def _asked(request: Request) -> dict[str, str]:
    """What the address says about the widget, as attributes of its script."""
    asked: dict[str, str] = {}
    if (theme := request.query_params.get("theme")) in THEMES:
        asked["data-theme"] = str(theme)
    if language := request.query_params.get("language"):
        asked["data-language"] = language[:MAX_TAG]
    return asked


def _wanted_language(request: Request) -> str:
    return request.query_params.get("language") or request.headers.get("Accept-Language", "")


def _notice(text: str, wanted: str, ancestors: str, status: int) -> Response:
    html, policy = notice_of(text, negotiate_language(wanted, LANGUAGES), ancestors)
    return HTMLResponse(html, status, {**HEADERS, "Content-Security-Policy": policy})


def _is_on(chatbot: Chatbot, client: Client) -> bool:
    return chatbot.active and client.active


def _page_origins(request: Request) -> PageOrigins:
    origins: PageOrigins = request.app.state.wiring.page_origins
    return origins
