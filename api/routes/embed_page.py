"""The HTML of the embed page: nothing but the widget, as large as its frame.

Its policy allows only the scripts that carry this load's nonce: the widget's, and the few words
that read a preview's token after the `#` of the address, which no server sees.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Final

from services.languages.codes import RIGHT_TO_LEFT

STYLE: Final = """
html, body { height: 100%; margin: 0; }
body { font: 1rem/1.5 system-ui, sans-serif; color-scheme: light dark; }
p { margin: 0; padding: 2rem 1rem; text-align: center; }
"""

PREVIEW: Final = """
{
  const token = new URLSearchParams(location.hash.slice(1)).get("preview");
  if (token) document.querySelector("script[data-chatbot]").dataset.previewToken = token;
}
"""
"""Runs before the widget, which is deferred: an `async` one from the cache could be faster."""


@dataclass(frozen=True, slots=True)
class EmbedPage:
    """What the page of a chatbot needs to know.

    Attributes:
        asked: Attributes of the widget's script that the page's address asked for.
        connect: Where the widget asks, in the words of Content Security Policy, as the next two.
        images: Where its pictures come from.
        frame_ancestors: Who may frame the page.
    """

    embed_key: str
    title: str
    language: str
    embed_nonce: str
    asked: dict[str, str]
    connect: Iterable[str]
    images: Iterable[str]
    frame_ancestors: str


def page_of(page: EmbedPage) -> tuple[str, str]:
    """The HTML, and its Content-Security-Policy."""
    nonce = secrets.token_urlsafe(16)
    attributes = {
        "data-chatbot": page.embed_key,
        "data-display": "page",
        "data-embed-nonce": page.embed_nonce,
        **page.asked,
    }
    shown = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    widget = f'<script defer src="/widget.js"{shown} nonce="{nonce}"></script>'
    body = f'{widget}\n<script nonce="{nonce}">{PREVIEW}</script>'
    return _document(page.title, page.language, body, nonce), "; ".join(_policy(page, nonce))


def notice_of(text: str, language: str, frame_ancestors: str) -> tuple[str, str]:
    """A page that says one sentence, and its Content-Security-Policy."""
    nonce = secrets.token_urlsafe(16)
    policy = (
        "default-src 'none'",
        f"style-src 'nonce-{nonce}'",
        "base-uri 'none'",
        "form-action 'none'",
        f"frame-ancestors {frame_ancestors}",
    )
    return _document(text, language, f"<p>{escape(text)}</p>", nonce), "; ".join(policy)


def _policy(page: EmbedPage, nonce: str) -> Iterable[str]:
    return (
        "default-src 'none'",
        f"script-src 'nonce-{nonce}'",
        f"style-src 'nonce-{nonce}'",
        f"connect-src 'self' {' '.join(page.connect)}",
        f"img-src 'self' {' '.join(page.images)}",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        f"frame-ancestors {page.frame_ancestors}",
    )


def _document(title: str, language: str, body: str, nonce: str) -> str:
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    return f"""<!doctype html>
<html lang="{escape(language)}" dir="{direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(title)}</title>
<style nonce="{nonce}">{STYLE}</style>
</head>
<body>
{body}
</body>
</html>
"""
