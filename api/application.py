"""The web application: middleware in the order in which it runs, then the routes."""

from collections.abc import Mapping

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Lifespan

from api.lifespan import running, working
from api.middleware.body_limit import BodyLimit
from api.middleware.correlation import Correlation
from api.middleware.faults import Faults
from api.middleware.origins import ApiOrigins
from api.middleware.security_headers import SecurityHeaders
from api.routes import (
    account,
    dashboard,
    demo,
    docs,
    embed,
    exports,
    operations,
    plugins,
    uploads,
    widget,
    widget_config,
)
from api.settings import Settings


def create_application(settings: Settings) -> FastAPI:
    """The application for these settings; it opens its database when the server starts it."""
    application = _application(settings, running)
    application.include_router(demo.router)
    application.include_router(docs.router)
    application.include_router(uploads.router)
    application.include_router(exports.router)
    application.include_router(account.router)
    application.include_router(widget.router)
    application.include_router(embed.router)
    application.include_router(widget_config.router)
    application.include_router(plugins.router)
    application.mount(dashboard.PATH, dashboard.Dashboard(settings))
    application.add_api_route("/", _front_door, methods=["GET"], include_in_schema=False)
    application.add_api_route("/favicon.ico", _no_icon, methods=["GET"], include_in_schema=False)
    return application


def create_worker(settings: Settings) -> FastAPI:
    """Background work alone, with the routes by which operators watch it."""
    return _application(settings, working)


def _application(settings: Settings, lifespan: Lifespan[FastAPI]) -> FastAPI:
    application = FastAPI(
        title="Parlance",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=[
            Middleware(Correlation),
            Middleware(SecurityHeaders, only_https=settings.base_url.startswith("https://")),
            Middleware(ApiOrigins),
            Middleware(Faults),
            Middleware(BodyLimit, by_path={uploads.PATH: uploads.MAX_BODY_BYTES}),
        ],
    )
    application.state.settings = settings
    application.state.stopping = False
    application.state.start_problem = None
    application.state.first_password = None
    application.include_router(operations.router)
    application.add_exception_handler(404, _not_found)
    application.add_exception_handler(HTTPException, _refused)
    application.add_exception_handler(Exception, _fault)
    return application


async def _front_door() -> Response:
    return RedirectResponse("/demo", status_code=307)


async def _no_icon() -> Response:
    """Browsers ask for it on every site, and report in the console that there is none."""
    return Response(status_code=204, headers={"Cache-Control": "public, max-age=86400"})


async def _fault(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """The answer to a fault of the middleware itself; uvicorn logs it."""
    return _problem("INTERNAL", "Something went wrong on our side.", 500)


async def _not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return _problem("NOT_FOUND", f"There is nothing at {request.url.path[:200]}.", 404)


async def _refused(request: Request, error: Exception) -> Response:
    """The answer to every other refusal of a route, such as a method that it does not have."""
    if not isinstance(error, HTTPException):
        raise error
    message = f"{request.method[:20]} {request.url.path[:200]}: {error.detail}."
    return _problem("BAD_REQUEST", message, error.status_code, error.headers)


def _problem(
    code: str, message: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JSONResponse(body, status, headers)
