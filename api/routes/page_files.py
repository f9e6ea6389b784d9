"""Serves the files of a public page: no inline script or style, and nothing from elsewhere.

Its script cannot turn text into markup. The names are a fixed list, so that no path of a request
ever reaches the file system.
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


class PageFiles:
    """A page and what it is made of, in one folder of `widget/`."""

    def __init__(self, folder: str, media_types: Mapping[str, str]) -> None:
        """`media_types`: what may be served, with its content type."""
        self._folder = folder
        self._media_types = media_types

    def page(self, request: Request, changes: Mapping[str, str] | None = None) -> Response:
        """The page itself; `changes` are texts to be found in it, with what stands there instead."""
        return self._file(PAGE, request, changes or {})

    def part(self, name: str, request: Request) -> Response:
        """What the page is made of.

        Raises:
            HTTPException: 404, there is no such part.
        """
        if name not in self._media_types or name == PAGE:
            raise HTTPException(404)
        return self._file(name, request, {})

    def _file(self, name: str, request: Request, changes: Mapping[str, str]) -> Response:
        content = (Path(widget.__path__[0]) / self._folder / name).read_bytes()
        for found, instead in changes.items():
            content = content.replace(found.encode(), instead.encode())
        etag = f'"{hashlib.sha256(content).hexdigest()[:_ETAG_CHARACTERS]}"'
        headers = {**HEADERS, "ETag": etag}
        if holds(request.headers.get("If-None-Match", ""), etag):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=self._media_types[name], headers=headers)


def holds(if_none_match: str, etag: str) -> bool:
    """Whether the browser's copy is current; a proxy that compresses makes its ETag weak."""
    return any(held.strip().removeprefix("W/") in {etag, "*"} for held in if_none_match.split(","))
