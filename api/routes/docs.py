"""/docs: the documentation of this very version, for everybody who uses it.

Public like the schema: what it says is in the open source.
"""

import html
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response

from api.documentation import ADDRESS, Documentation
from api.routes.page_files import PAGE, PageFiles

MAX_AGE: Final = "public, max-age=3600"

router = APIRouter(include_in_schema=False)
_files = PageFiles("docs")
_documentation = Documentation()


@router.api_route(f"{ADDRESS}/style.css", methods=["GET", "HEAD"])
def docs_style(request: Request) -> Response:
    """How the pages look."""
    return _files.part("style.css", request)


@router.api_route(f"{ADDRESS}/pictures/{{name}}", methods=["GET", "HEAD"])
def docs_picture(name: str) -> Response:
    """A picture of a page."""
    if name not in _documentation.pictures:
        raise HTTPException(404)
    content = _documentation.pictures[name].read_bytes()
    return Response(content, media_type="image/png", headers={"Cache-Control": MAX_AGE})


@router.api_route(ADDRESS, methods=["GET", "HEAD"])
@router.api_route(f"{ADDRESS}/{{address:path}}", methods=["GET", "HEAD"])
def docs_page(request: Request, address: str = "") -> Response:
    """A page."""
    page = _documentation.page(address)
    if page is None:
        raise HTTPException(404)
    title = f"{html.escape(page.title)} · Parlance" if address else "Parlance"
    changes = {
        "<title>Parlance</title>": f"<title>{title}</title>",
        '<main id="page"></main>': f'<main id="page">{page.html}</main>',
    }
    return _files.page(request, PAGE, changes)
