"""/dashboard/: the example dashboard of examples/react, once `make example` has built it.

All its pages stand behind one file: an address that names no file is answered with index.html,
whose script reads the address. It is a public page like any other and holds no authority; people
sign in to it.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.routes.page_files import PAGE
from api.settings import Settings

PATH: Final = "/dashboard"
EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "react" / "dist"
FOR_GOOD: Final = "public, max-age=31536000, immutable"
HASHED: Final = "assets/"
"""The folder in which the build puts files whose names change with what is in them."""

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: https:",  # logos and launchers' pictures of clients, in the preview
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


class Dashboard(StaticFiles):
    """The built files; they may be built, or built anew, while the server runs."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(directory=settings.dashboard_dir or EXAMPLE, check_dir=False)

    async def check_config(self) -> None:
        """Nothing: that there is no folder yet is no mistake, and Starlette would call it one."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or the page where the path names none.

        Raises:
            HTTPException: 404, the dashboard is not built or has no such file.
        """
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != HTTPStatus.NOT_FOUND or Path(path).suffix:
                raise
            path = PAGE
            response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_GOOD if path.startswith(HASHED) else "no-cache"
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        return response


def is_built(settings: Settings) -> bool:
    """Whether there is a dashboard to look at."""
    return ((settings.dashboard_dir or EXAMPLE) / PAGE).is_file()
