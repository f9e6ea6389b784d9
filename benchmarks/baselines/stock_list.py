"""Baseline: the same page of chatbots as a tutorial would write it with Beanie and Strawberry.

Documents by `find(...).to_list()`, a type for each of them, Strawberry's own router with all
defaults. Nobody signs in, nothing is limited, logged, counted or masked.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum

import strawberry
from beanie import Document, PydanticObjectId, init_beanie
from fastapi import FastAPI
from pydantic import BaseModel
from pymongo import AsyncMongoClient
from strawberry.fastapi import GraphQLRouter


class TextsModel(BaseModel):
    language: str
    welcome_message: str | None = None
    starter_questions: list[str] = []
    placeholder: str | None = None
    consent_text: str | None = None
    contact_text: str | None = None


class SettingsModel(BaseModel):
    name: str
    primary_color: str
    secondary_color: str
    color_scheme: str
    position: str
    logo_url: str | None = None
    bubble_icon_url: str | None = None
    show_branding: bool = True
    auto_open: bool = False
    auto_open_delay_ms: int = 5000
    languages: list[str]
    default_language: str
    texts: list[TextsModel] = []
    allowed_origins: list[str] = []
    allowed_image_hosts: list[str] = []
    contact_email: str | None = None
    contact_url: str | None = None
    custom_instructions: str = ""
    knowledge_mode: str = "strict"
    default_llm_id: PydanticObjectId
    fallback_llm_id: PydanticObjectId | None = None


class ChatbotDocument(Document):
    client_id: str
    embed_key: str
    active: bool
    draft: SettingsModel
    published: SettingsModel
    published_version_id: PydanticObjectId
    published_number: int
    revision: int
    created_at: datetime
    updated_at: datetime

    class Settings:
        name = "chatbots"


@strawberry.enum
class WidgetPosition(Enum):
    BOTTOM_RIGHT = "bottom_right"
    BOTTOM_LEFT = "bottom_left"
    TOP_RIGHT = "top_right"
    TOP_LEFT = "top_left"


@strawberry.enum
class ColorScheme(Enum):
    LIGHT = "light"
    DARK = "dark"
    AUTO = "auto"


@strawberry.type
class ChatbotSettings:
    name: str
    primary_color: str
    secondary_color: str
    color_scheme: ColorScheme
    position: WidgetPosition
    logo_url: str | None
    show_branding: bool
    languages: list[str]
    default_language: str


@strawberry.type
class Chatbot:
    id: strawberry.ID
    embed_key: str
    active: bool
    created_at: datetime
    updated_at: datetime
    revision: int
    draft: ChatbotSettings


def chatbot_from(document: ChatbotDocument) -> Chatbot:
    draft = document.draft
    return Chatbot(
        id=strawberry.ID(str(document.id)),
        embed_key=document.embed_key,
        active=document.active,
        created_at=document.created_at,
        updated_at=document.updated_at,
        revision=document.revision,
        draft=ChatbotSettings(
            name=draft.name,
            primary_color=draft.primary_color,
            secondary_color=draft.secondary_color,
            color_scheme=ColorScheme(draft.color_scheme),
            position=WidgetPosition(draft.position),
            logo_url=draft.logo_url,
            show_branding=draft.show_branding,
            languages=draft.languages,
            default_language=draft.default_language,
        ),
    )


@strawberry.type
class Query:
    @strawberry.field
    async def chatbots(self, client_id: str, first: int = 20) -> list[Chatbot]:
        query = ChatbotDocument.find(ChatbotDocument.client_id == client_id).sort("-_id")
        return [chatbot_from(one) for one in await query.limit(first).to_list()]


@asynccontextmanager
async def connected(_: FastAPI) -> AsyncGenerator[None, None]:
    mongo: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
        os.environ["BENCHMARK_MONGODB_URL"], tz_aware=True
    )
    await init_beanie(database=mongo["parlance"], document_models=[ChatbotDocument])
    yield
    await mongo.close()


app = FastAPI(lifespan=connected)
app.include_router(GraphQLRouter(strawberry.Schema(query=Query)), prefix="/graphql")
