"""For those who run Parlance: is it alive, is it ready, how much does it do."""

import hmac
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api.metrics import HOOKS, MODELS, MONGOD_RESTARTS, NOTICES, RUNNING_ANSWERS, rendered
from api.settings import Settings
from documents.database.database import Database
from documents.errors import DatabaseUnavailableError
from graphql_schema.exports import possible_types_text, schema_text
from services.hooks.sandbox.sandbox import Sandbox

PING_SECONDS = 1.5
PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter()


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def healthz() -> PlainTextResponse:
    """Whether the process answers at all; says nothing about its surroundings."""
    return PlainTextResponse("ok\n")


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def readyz(request: Request) -> Response:
    """200 when requests can be served, else 503; details only with PARLANCE_METRICS_TOKEN."""
    checks = {"database": await _database_answers(request), "stopping": not _stopping(request)}
    status = 200 if all(checks.values()) else 503
    if not _may_see_details(request):
        return JSONResponse({"ready": status == 200}, status_code=status)  # noqa: PLR2004
    details: dict[str, Any] = {
        "ready": status == 200,  # noqa: PLR2004
        "database": "ok" if checks["database"] else "unreachable",
        "running_answers": request.app.state.wiring.generations.running,
        "draining": _stopping(request),
        "hooks": _hooks(request),
    }
    return JSONResponse(details, status_code=status)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus' view; needs `Authorization: Bearer` with PARLANCE_METRICS_TOKEN."""
    if not _may_see_details(request):
        return PlainTextResponse(
            "Set PARLANCE_METRICS_TOKEN and send it as `Authorization: Bearer <token>`.\n",
            status_code=401,
            headers={"www-authenticate": "Bearer"},
        )
    RUNNING_ANSWERS.set(request.app.state.wiring.generations.running)
    MODELS.states = request.app.state.wiring.gates.states
    database: Database = request.app.state.database
    NOTICES.figures = request.app.state.wiring.notices.attempting.figures
    HOOKS.sandbox = request.app.state.wiring.sandbox
    MONGOD_RESTARTS.set(database.mongod_restarts)
    return Response(rendered(), media_type=PROMETHEUS_TEXT)


@router.api_route("/schema.graphql", methods=["GET", "HEAD"])
async def schema_file() -> Response:
    """The public schema, for code generators. It is no secret."""
    return _public_file(schema_text(), "application/graphql; charset=utf-8")


@router.api_route("/possible_types.json", methods=["GET", "HEAD"])
async def possible_types_file() -> Response:
    """Which types stand behind interfaces and unions, for the caches of GraphQL clients."""
    return _public_file(possible_types_text(), "application/json")


def _public_file(text: str, media_type: str) -> Response:
    return Response(
        text,
        media_type=media_type,
        headers={"access-control-allow-origin": "*", "cache-control": "no-cache"},
    )


def _hooks(request: Request) -> dict[str, Any]:
    """What holds hooks on this machine, and why they cannot run if they cannot."""
    sandbox: Sandbox = request.app.state.wiring.sandbox
    return {"problem": sandbox.problem, "layers": dict(sandbox.layers)}


async def _database_answers(request: Request) -> bool:
    database: Database = request.app.state.database
    try:
        await database.ping(PING_SECONDS)
    except DatabaseUnavailableError:
        return False
    return True


def _stopping(request: Request) -> bool:
    return bool(getattr(request.app.state, "stopping", False))


def _may_see_details(request: Request) -> bool:
    settings: Settings = request.app.state.settings
    if settings.metrics_token is None:
        return False
    given = request.headers.get("authorization", "")
    wanted = f"Bearer {settings.metrics_token.get_secret_value()}"
    return hmac.compare_digest(given.encode(), wanted.encode())
