"""/exports/<code>: a file for whoever has its link, once.

The code is all that is asked for: a browser opens the link, and cannot send a token. GET only, so
that a program which only looks whether the link leads anywhere does not use it up.
"""

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from services.downloads.downloads import Downloads

GONE = "This link leads nowhere: it was used already, has ended, or never was. Ask for another.\n"

router = APIRouter(include_in_schema=False)


@router.get("/exports/{code}")
async def exported(code: str, request: Request) -> Response:
    """The file, streamed."""
    downloads: Downloads = request.app.state.wiring.downloads
    download = await downloads.claim(code)
    if download is None:
        return PlainTextResponse(GONE, 404)
    return StreamingResponse(
        downloads.content(download),
        media_type=download.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{download.file_name}"',
            "Content-Length": str(download.size_bytes),
            "X-Robots-Tag": "noindex",
        },
    )
