"""The page at /account: where links in mails lead when there is no dashboard.

The code stands in the link's fragment, so it never comes here.
"""

from typing import Final

from fastapi import APIRouter, Request, Response

from api.routes.page_files import PageFiles

ACCOUNT_PAGE: Final = "/account"

router = APIRouter(include_in_schema=False)
_files = PageFiles("account")


@router.api_route(ACCOUNT_PAGE, methods=["GET", "HEAD"])
def account_page(request: Request) -> Response:
    """The page itself."""
    return _files.page(request)


@router.api_route(f"{ACCOUNT_PAGE}/{{name}}", methods=["GET", "HEAD"])
def account_file(name: str, request: Request) -> Response:
    """What the page is made of."""
    return _files.part(name, request)
