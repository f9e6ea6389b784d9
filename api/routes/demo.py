"""The demo page at /demo: a plain chat with one of this installation's chatbots.

It is public, like the widget it stands in for, and gets no more trust.
"""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response

from api.routes.page_files import HTML, PAGE, SCRIPT, STYLE, PageFiles

MEDIA_TYPES: Final[Mapping[str, str]] = {
    PAGE: HTML,
    "chat.js": SCRIPT,
    "following.js": SCRIPT,
    "memory.js": SCRIPT,
    "transport.js": SCRIPT,
    "view.js": SCRIPT,
    "visit.js": SCRIPT,
    "style.css": STYLE,
    "icon.svg": "image/svg+xml",
}
"""What may be served, with its content type."""

router = APIRouter(include_in_schema=False)
_files = PageFiles("demo", MEDIA_TYPES)


@router.api_route("/demo", methods=["GET", "HEAD"])
def demo_page(request: Request) -> Response:
    """The page itself."""
    return _files.page(request)


@router.api_route("/demo/{name}", methods=["GET", "HEAD"])
def demo_file(name: str, request: Request) -> Response:
    """What the page is made of."""
    return _files.part(name, request)
