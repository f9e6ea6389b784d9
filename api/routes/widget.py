"""The widget's files, for every page in the world.

    GET /widget.js               the loader, under the one name that stands in clients' pages
    GET /widget.js?build=<hash>  the loader of that build, for pages that pin it by its integrity
    GET /widget/{file}           each file of a build, under the name with its hash, for good

All are public, carry no authority and read no cookie. They come compressed (brotli or gzip), which
was done once for all requests. Builds that were served once stay: an update breaks no page.
"""

from collections.abc import Mapping
from typing import Final

import structlog
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import JSONResponse, Response

from api.routes.content_coding import coding_for
from api.routes.page_files import SCRIPT, holds
from services.publishing.kept_files import KeptFiles
from services.publishing.widget_build import (
    BuiltFile,
    WidgetBuild,
    WidgetBuilds,
    WidgetNotBuiltError,
)

LOADER_SECONDS: Final = 300
"""So long may a browser use its loader without asking: that late it learns of a new build."""

HEADERS: Final[Mapping[str, str]] = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}
SHORT: Final = f"public, max-age={LOADER_SECONDS}, must-revalidate"
FOR_GOOD: Final = "public, max-age=31536000, immutable"

log = structlog.get_logger()
router = APIRouter(include_in_schema=False)


@router.api_route("/widget.js", methods=["GET", "HEAD"])
async def loader(request: Request, build: str | None = None) -> Response:
    """The script that a page loads; the newest where nobody knows the build that it pins."""
    try:
        newest = (await _build(request)).loader
    except WidgetNotBuiltError as error:
        return _not_built(error)
    if build is None:
        return _file(newest, SHORT, request)
    pinned = await _found(f"loader-{build}.js", request)
    return _file(pinned, FOR_GOOD, request) if pinned else _file(newest, SHORT, request)


@router.api_route("/widget/{name}", methods=["GET", "HEAD"])
async def built(name: str, request: Request) -> Response:
    """A file of this build or of an earlier one."""
    try:
        file = await _found(name, request)
    except WidgetNotBuiltError as error:
        return _not_built(error)
    if file is None:
        raise HTTPException(404)
    return _file(file, FOR_GOOD, request)


async def _build(request: Request) -> WidgetBuild:
    builds: WidgetBuilds = request.app.state.widget_builds
    return await builds.current()


async def _found(name: str, request: Request) -> BuiltFile | None:
    files = (await _build(request)).files
    kept: KeptFiles = request.app.state.kept_files
    return files[name] if name in files else await kept.find(name)


def _file(file: BuiltFile, kept: str, request: Request) -> Response:
    coding = coding_for(request.headers.get("Accept-Encoding", ""), file.encoded)
    etag = f'"{file.content_hash[:32]}{f"-{coding}" if coding else ""}"'
    headers = {**HEADERS, "Cache-Control": kept, "ETag": etag}
    if holds(request.headers.get("If-None-Match", ""), etag):
        return Response(status_code=304, headers=headers)
    if coding is None:
        return Response(file.content, media_type=SCRIPT, headers=headers)
    headers["Content-Encoding"] = coding
    return Response(file.encoded[coding], media_type=SCRIPT, headers=headers)


def _not_built(error: WidgetNotBuiltError) -> Response:
    """Tell what to do; where the build was looked for is for the log only."""
    log.error("widget_not_built", problem=str(error))
    message = "The widget is not built here. Run `npm ci && npm run build`; the log says more."
    body = {"errors": [{"message": message, "extensions": {"code": "WIDGET_NOT_BUILT"}}]}
    return JSONResponse(body, 503, {"Access-Control-Allow-Origin": "*"})
