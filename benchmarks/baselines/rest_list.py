"""Baseline: the same page by hand, without GraphQL: FastAPI, the driver's dictionaries and orjson.

Nobody signs in, nobody chooses fields. It is what one would write for this one page and no other.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from pymongo import AsyncMongoClient


@asynccontextmanager
async def connected(application: FastAPI) -> AsyncGenerator[None, None]:
    mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        os.environ["BENCHMARK_MONGODB_URL"], tz_aware=True
    )
    application.state.chatbots = mongo["parlance"]["chatbots"]
    yield
    await mongo.close()


def chatbot_from(stored: dict[str, Any]) -> dict[str, Any]:
    draft = stored["draft"]
    return {
        "id": str(stored["_id"]),
        "embedKey": stored["embed_key"],
        "active": stored["active"],
        "createdAt": stored["created_at"],
        "updatedAt": stored["updated_at"],
        "revision": stored["revision"],
        "draft": {
            "name": draft["name"],
            "primaryColor": draft["primary_color"],
            "secondaryColor": draft["secondary_color"],
            "colorScheme": draft["color_scheme"],
            "position": draft["position"],
            "logoUrl": draft["logo_url"],
            "showBranding": draft["show_branding"],
            "languages": draft["languages"],
            "defaultLanguage": draft["default_language"],
        },
    }


OF_A_CHATBOT = ("embed_key", "active", "created_at", "updated_at", "revision")
OF_ITS_DRAFT = (
    "name",
    "primary_color",
    "secondary_color",
    "color_scheme",
    "position",
    "logo_url",
    "show_branding",
    "languages",
    "default_language",
)
WANTED = dict.fromkeys((*OF_A_CHATBOT, *(f"draft.{name}" for name in OF_ITS_DRAFT)), 1)

app = FastAPI(lifespan=connected)


@app.get("/chatbots")
async def chatbots(request: Request, client_id: str, first: int = 20) -> Response:
    found = request.app.state.chatbots.find({"client_id": client_id}, WANTED).sort("_id", -1)
    page = [chatbot_from(one) for one in await found.limit(first).to_list()]
    return Response(orjson.dumps(page), media_type="application/json")
