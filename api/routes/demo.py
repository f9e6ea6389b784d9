"""/demo and /demo/test: pages that embed one of this installation's chatbots as a client would.

Both are public, and get no more trust than any page with the widget: the chatbot must allow our own
origin. What they are made of stands in `widget/demo`.
"""

import re
from typing import Final

from fastapi import APIRouter, Request, Response

from api.routes.page_files import PAGE, PageFiles

TEST_PAGE: Final = "test.html"
EMBED_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""What may stand in the page's script element; nothing in it can end the attribute."""

router = APIRouter(include_in_schema=False)
_files = PageFiles("demo")


@router.api_route("/demo", methods=["GET", "HEAD"])
def demo_page(request: Request) -> Response:
    """The site of a fictional company, with the chatbot `?chatbot=` or with the demo's."""
    chatbot = request.query_params.get("chatbot", "")
    if not EMBED_KEY.fullmatch(chatbot):
        return _files.page(request)
    return _files.page(request, PAGE, {'data-chatbot="demo"': f'data-chatbot="{chatbot}"'})


@router.api_route("/demo/test", methods=["GET", "HEAD"])
def test_page(request: Request) -> Response:
    """For integrators: the widget beside a log of what it does."""
    return _files.page(request, TEST_PAGE)


@router.api_route("/demo/{name}", methods=["GET", "HEAD"])
def demo_file(name: str, request: Request) -> Response:
    """What the pages are made of."""
    return _files.part(name, request)
