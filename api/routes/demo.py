"""The demo page at /demo: a plain chat with one of this installation's chatbots.

It is public, like the widget it stands in for, and gets no more trust: the page runs no inline
script or style, loads nothing from elsewhere, and its script cannot turn text into markup. The
names are a fixed list, so that no path of a request ever reaches the file system.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response

import widget

PAGE: Final = "index.html"
MEDIA_TYPES: Final[Mapping[str, str]] = {
    PAGE: "text/html; charset=utf-8",
    "chat.js": "text/javascript; charset=utf-8",
    "following.js": "text/javascript; charset=utf-8",
    "memory.js": "text/javascript; charset=utf-8",
    "transport.js": "text/javascript; charset=utf-8",
    "view.js": "text/javascript; charset=utf-8",
    "visit.js": "text/javascript; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""What may be served, with its content type."""

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_ETAG_CHARACTERS = 32

router = APIRouter(include_in_schema=False)


@router.api_route("/demo", methods=["GET", "HEAD"])
def demo_page(request: Request) -> Response:
    """The page itself."""
    return _file(PAGE, request)


@router.api_route("/demo/{name}", methods=["GET", "HEAD"])
def demo_file(name: str, request: Request) -> Response:
    """What the page is made of."""
    if name not in MEDIA_TYPES or name == PAGE:
        raise HTTPException(404)
    return _file(name, request)


def _file(name: str, request: Request) -> Response:
    content = (_folder() / name).read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:_ETAG_CHARACTERS]}"'
    headers = {**HEADERS, "ETag": etag}
    if _holds(request.headers.get("If-None-Match", ""), etag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=MEDIA_TYPES[name], headers=headers)


def _folder() -> Path:
    return Path(widget.__path__[0]) / "demo"


def _holds(if_none_match: str, etag: str) -> bool:
    """Whether the browser's copy is current; a proxy that compresses makes its ETag weak."""
    return any(held.strip().removeprefix("W/") in {etag, "*"} for held in if_none_match.split(","))
