"""Serves the files of a public page: no inline script or style, and nothing from elsewhere.

Its script cannot turn text into markup. The names are those of the folder when the server starts,
so that no path of a request ever reaches the file system.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fastapi import HTTPException, Request, Response

import widget

PAGE: Final = "index.html"
HTML: Final = "text/html; charset=utf-8"
SCRIPT: Final = "text/javascript; charset=utf-8"
STYLE: Final = "text/css; charset=utf-8"
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
MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".html": HTML,
    ".js": SCRIPT,
    ".css": STYLE,
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
}
"""What may be served, by the ending of its name."""


class PageFiles:
    """A page and what it is made of, in one folder of `widget/`."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(widget.__path__[0]) / folder
        self._names = {one.name for one in self._folder.iterdir() if one.suffix in MEDIA_TYPES}

    def page(
        self, request: Request, name: str = PAGE, changes: Mapping[str, str] | None = None
    ) -> Response:
        """A page; `changes` are texts to be found in it, with what stands there instead.

        Raises:
            HTTPException: 404, there is no such page.
        """
        if name not in self._names:
            raise HTTPException(404)
        return self._file(name, request, changes or {})

    def part(self, name: str, request: Request) -> Response:
        """What a page is made of.

        Raises:
            HTTPException: 404, there is no such part.
        """
        if name not in self._names or name.endswith(".html"):
            raise HTTPException(404)
        return self._file(name, request, {})

    def _file(self, name: str, request: Request, changes: Mapping[str, str]) -> Response:
        path = self._folder / name
        content = path.read_bytes()
        for found, instead in changes.items():
            content = content.replace(found.encode(), instead.encode())
        etag = f'"{hashlib.sha256(content).hexdigest()[:_ETAG_CHARACTERS]}"'
        headers = {**HEADERS, "ETag": etag}
        if holds(request.headers.get("If-None-Match", ""), etag):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=MEDIA_TYPES[path.suffix], headers=headers)


def holds(if_none_match: str, etag: str) -> bool:
    """Whether the browser's copy is current; a proxy that compresses makes its ETag weak."""
    return any(held.strip().removeprefix("W/") in {etag, "*"} for held in if_none_match.split(","))
