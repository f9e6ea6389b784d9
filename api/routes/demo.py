"""The demo pages: a fictional company's site with the widget, and a test page for integrators.

They are public, like the widget that they show, and get no more trust.
"""

import re
from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response

from api.routes.page_files import HTML, PAGE, SCRIPT, STYLE, PageFiles

TEST_PAGE: Final = "test.html"
MEDIA_TYPES: Final[Mapping[str, str]] = {
    PAGE: HTML,
    TEST_PAGE: HTML,
    "language.js": SCRIPT,
    "site.js": SCRIPT,
    "test.js": SCRIPT,
    "texts.js": SCRIPT,
    "site.css": STYLE,
    "icon.svg": "image/svg+xml",
    "northlight.svg": "image/svg+xml",
}
"""What may be served, with its content type."""

EMBED_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""What may stand in the page's script element; nothing in it can end the attribute."""

router = APIRouter(include_in_schema=False)
_files = PageFiles("demo", MEDIA_TYPES)


@router.api_route("/demo", methods=["GET", "HEAD"])
def demo_page(request: Request) -> Response:
    """The company's page, with the chatbot that the address names, or with the demo's."""
    chatbot = request.query_params.get("chatbot", "")
    if not EMBED_KEY.fullmatch(chatbot):
        return _files.page(request)
    return _files.page(request, {'data-chatbot="demo"': f'data-chatbot="{chatbot}"'})


@router.api_route("/demo/test", methods=["GET", "HEAD"])
def integrators_page(request: Request) -> Response:
    """The page that shows what the widget does."""
    return _files.part(TEST_PAGE, request)


@router.api_route("/demo/{name}", methods=["GET", "HEAD"])
def demo_file(name: str, request: Request) -> Response:
    """What the pages are made of."""
    return _files.part(name, request)
