"""Baseline: the same page by hand, without GraphQL: FastAPI, the driver's dictionaries and orjson.

Nobody chooses fields. It is what one would write for this one page and no other. One route lets
everybody in, the other looks up whoever asks, as every page for somebody signed in must.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import jwt
import orjson
from bson import ObjectId
from fastapi import FastAPI, Request, Response
from pymongo import AsyncMongoClient


@asynccontextmanager
async def connected(application: FastAPI) -> AsyncGenerator[None, None]:
    mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        os.environ["BENCHMARK_MONGODB_URL"], tz_aware=True
    )
    application.state.database = mongo["parlance"]
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
    return await page(request, client_id, first)


@app.get("/own-chatbots")
async def own_chatbots(request: Request, client: str, first: int = 20) -> Response:
    database, token = request.app.state.database, request.headers["authorization"][7:]
    claims = jwt.decode(token, os.environ["BENCHMARK_TOKEN_KEY"], algorithms=["HS256"])
    user_id = ObjectId(claims["sub"])
    living = {"_id": ObjectId(claims["sid"]), "user_id": user_id, "revoked_at": None}
    user = await database["users"].find_one({"_id": user_id, "active": True})
    if not user or not await database["sessions"].find_one(living):
        return Response(status_code=401)
    found = await database["clients"].find_one({"_id": ObjectId(client)})
    if not found or not user["is_admin"]:
        return Response(status_code=404)
    return await page(request, found["client_id"], first)


async def page(request: Request, client_id: str, first: int) -> Response:
    chatbots = request.app.state.database["chatbots"]
    found = chatbots.find({"client_id": client_id}, WANTED).sort("_id", -1).limit(first)
    shown = [chatbot_from(one) for one in await found.to_list()]
    return Response(orjson.dumps(shown), media_type="application/json")
