"""/plugins/{chatbot}/...: what a site's plugin and the WordPress around it ask us for.

    POST   /plugins/{chatbot}/connect      spends a one-time code for the plugin's keys
    GET    /plugins/{chatbot}/connection   whether its API key is good, and how the chatbot is
    DELETE /plugins/{chatbot}/connection   ends its keys
    POST   /plugins/{chatbot}/source       finds or makes the source that the site's posts go to
    GET    /plugins/{chatbot}/update.json  which version there is
    GET    /plugins/{chatbot}.zip          that version; it has nothing in it that pages do not say

`{chatbot}` is the embed key. Refusals are sentences for the person who looks after the site.
"""

import asyncio
from typing import Any, Final, TypeVar

import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response

from documents.api_keys import ApiKey
from documents.chatbots import Chatbot
from graphql_schema.context import Services
from graphql_schema.errors import AuthorizationError
from graphql_schema.node import global_id
from graphql_schema.viewers import ApiKeyViewer
from services.audit.acts import Act, Actor, acting
from services.knowledge.errors import (
    ChatbotsNotFoundError,
    KnowledgeInputError,
    TooManySourcesError,
)
from services.origins import normalized_origin
from services.publishing.plugin_connections import ConnectionCodeError
from services.rate_limits.rate_limits import RateLimitedError
from services.refusals import InvalidFieldsError, LimitReachedError
from services.visits.embedding_origins import EmbeddingOrigins
from services.visits.showing import shown_chatbot
from wordpress_plugin.package import Package

MAX_BODY_BYTES: Final = 10_000
BODY_SECONDS: Final = 10.0
UPDATE_KEPT_SECONDS: Final = 3600
ZIP: Final = "application/zip"
NO_STORE: Final = {"Cache-Control": "no-store, private"}

router = APIRouter(include_in_schema=False)


class Wish(BaseModel):
    """What a plugin sends to be connected."""

    model_config = ConfigDict(extra="ignore")

    code: str = Field(min_length=1, max_length=200)
    site_url: str = Field(alias="siteUrl", min_length=1, max_length=2000)


class SourceWish(BaseModel):
    """Which site a plugin wants to send posts of."""

    model_config = ConfigDict(extra="ignore")

    site_url: str = Field(alias="siteUrl", min_length=1, max_length=2000)


W = TypeVar("W", Wish, SourceWish)


class PluginRefusedError(Exception):
    """A plugin does not get what it asks for.

    Attributes:
        status: of the response.
        code: for programs.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@router.post("/plugins/{embed_key}/connect")
async def connect(embed_key: str, request: Request) -> Response:
    """Spend a connection code."""
    try:
        return await _connected(embed_key, request)
    except PluginRefusedError as refusal:
        return _refused(refusal)


@router.get("/plugins/{embed_key}/connection")
async def connection(embed_key: str, request: Request, site: str = "") -> Response:
    """How the connection is: the test on the plugin's settings page."""
    try:
        await _key_for(embed_key, request)
        chatbot = await _chatbot(embed_key)
    except PluginRefusedError as refusal:
        return _refused(refusal)
    return _told({"chatbot": _about(chatbot, site, request)})


@router.post("/plugins/{embed_key}/source")
async def source(embed_key: str, request: Request) -> Response:
    """The id of the source that this site's posts go to."""
    try:
        return await _source(embed_key, request)
    except PluginRefusedError as refusal:
        return _refused(refusal)


@router.delete("/plugins/{embed_key}/connection")
async def disconnect(embed_key: str, request: Request) -> Response:
    """End the keys of the plugin that asks."""
    try:
        key = await _key_for(embed_key, request)
    except PluginRefusedError as refusal:
        return _refused(refusal)
    with acting(Act(_actor(key, request), "disconnectPlugin")):
        await _services(request).plugin_connections.end(key)
    return Response(status_code=204, headers=NO_STORE)


@router.get("/plugins/{embed_key}/update.json")
async def update(embed_key: str, request: Request) -> Response:
    """The newest version, its package and the package's hash."""
    try:
        package = await _package(embed_key, request)
    except PluginRefusedError as refusal:
        return _refused(refusal)
    body = {
        "slug": package.slug,
        "version": package.version,
        "package": f"{_services(request).public_url}/plugins/{embed_key}.zip",
        "sha256": package.sha256,
        "requires": "6.1",
        "requiresPhp": "7.4",
        "tested": package.tested,
        "changelog": package.changelog,
    }
    headers = {"Cache-Control": f"public, max-age={UPDATE_KEPT_SECONDS}"}
    return Response(orjson.dumps(body), media_type="application/json", headers=headers)


@router.get("/plugins/{embed_key}.zip")
async def package_file(embed_key: str, request: Request) -> Response:
    """The self-updating package."""
    try:
        package = await _package(embed_key, request)
    except PluginRefusedError as refusal:
        return _refused(refusal)
    headers = {
        "Content-Disposition": f'attachment; filename="{package.file_name}"',
        "X-Robots-Tag": "noindex",
    }
    return Response(package.content, media_type=ZIP, headers=headers)


async def _connected(embed_key: str, request: Request) -> Response:
    wish = await _wish(request, Wish)
    services, address = _services(request), _address(request)
    with acting(Act(Actor("A plugin with a connection code", None, address), "connectPlugin")):
        try:
            await services.rate_limits.code(address)
            made = await services.plugin_connections.exchange(embed_key, wish.code, wish.site_url)
        except ConnectionCodeError as error:
            raise PluginRefusedError(403, error.code, str(error)) from error
        except LimitReachedError as error:
            raise PluginRefusedError(409, "LIMIT_REACHED", str(error)) from error
        except RateLimitedError as error:
            message = "Too many codes were tried from here. Wait a quarter of an hour."
            raise PluginRefusedError(429, "RATE_LIMITED", message) from error
    return _told(
        {
            "apiKey": made.api_secret,
            "clientId": made.chatbot.client_id,
            "signingKeyId": made.signing_key_id,
            "signingSecret": made.signing_secret,
            "chatbot": _about(made.chatbot, wish.site_url, request),
        }
    )


async def _source(embed_key: str, request: Request) -> Response:
    key = await _key_for(embed_key, request)
    if "knowledge_write" not in key.scopes:
        raise PluginRefusedError(403, "FORBIDDEN", "This key may not send content.")
    wish, chatbot = await _wish(request, SourceWish), await _chatbot(embed_key)
    with acting(Act(_actor(key, request), "findPluginSource")):
        try:
            found = await _services(request).site_sources.source_of(chatbot, wish.site_url)
        except TooManySourcesError as error:
            message = f"The chatbot has {error.limit} sources of knowledge. Delete one there first."
            raise PluginRefusedError(409, "LIMIT_REACHED", message) from error
        except ChatbotsNotFoundError as error:
            raise PluginRefusedError(404, "NOT_FOUND", "There is no such chatbot.") from error
        except (KnowledgeInputError, InvalidFieldsError) as error:
            message = "`siteUrl` must be the site's http(s) address."
            raise PluginRefusedError(400, "INVALID_INPUT", message) from error
    return _told({"sourceId": global_id("KnowledgeSource", found.id)})


async def _wish(request: Request, kind: type[W]) -> W:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.body()
        if len(body) > MAX_BODY_BYTES:
            raise PluginRefusedError(413, "BODY_TOO_LARGE", "This is no connection code.")
        return kind.model_validate_json(body)
    except TimeoutError as error:
        raise PluginRefusedError(408, "TIMEOUT", "The request took too long.") from error
    except ValidationError as error:
        message = f"{_names(kind)} must be sent, as JSON."
        raise PluginRefusedError(400, "INVALID_INPUT", message) from error


def _names(kind: type[BaseModel]) -> str:
    return " and ".join(f"`{one.alias or name}`" for name, one in kind.model_fields.items())


def _actor(key: ApiKey, request: Request) -> Actor:
    return Actor(f"API key {key.name} ({key.prefix}…)", None, _address(request))


async def _key_for(embed_key: str, request: Request) -> ApiKey:
    """The plugin's API key; it must be one of the chatbot's client."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise _unauthorized("The plugin must show its API key.")
    try:
        viewer = await request.app.state.wiring.identify(token.strip())
    except AuthorizationError as error:
        raise _unauthorized("The plugin's key was revoked or has expired.") from error
    chatbot = await _chatbot(embed_key)
    if not isinstance(viewer, ApiKeyViewer) or viewer.key.client_id != chatbot.client_id:
        raise _unauthorized("This key is not for this chatbot.")
    return viewer.key


async def _chatbot(embed_key: str) -> Chatbot:
    shown = await shown_chatbot(embed_key)
    if shown is None:
        raise PluginRefusedError(404, "NOT_FOUND", "There is no such chatbot.")
    return shown[0]


async def _package(embed_key: str, request: Request) -> Package:
    chatbot = await _chatbot(embed_key)
    return await _services(request).plugin_packages.packed(chatbot, "self_updating")


def _about(chatbot: Chatbot, site_url: str, request: Request) -> dict[str, Any]:
    origins: EmbeddingOrigins = request.app.state.wiring.origins
    parts = site_url.split("/", 3)
    origin = normalized_origin("/".join(parts[:3]))
    return {
        "id": global_id("Chatbot", chatbot.id),
        "name": chatbot.published.name,
        "active": chatbot.active,
        "origin": origin,
        "originAllowed": origin is not None and origins.allowed_by(chatbot, origin),
    }


def _told(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json", headers=NO_STORE)


def _refused(refusal: PluginRefusedError) -> Response:
    body = {"errors": [{"message": str(refusal), "extensions": {"code": refusal.code}}]}
    headers = {"WWW-Authenticate": "Bearer"} if refusal.code == "UNAUTHENTICATED" else {}
    return JSONResponse(body, refusal.status, {**NO_STORE, **headers})


def _unauthorized(message: str) -> PluginRefusedError:
    return PluginRefusedError(401, "UNAUTHENTICATED", f"{message} Connect the plugin anew.")


def _services(request: Request) -> Services:
    services: Services = request.app.state.wiring.services
    return services


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None
