"""Widget tokens: refreshed, made, listed and revoked."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from documents.base import utc_now
from documents.database.database import Database
from services.sealing.tokens import fingerprint
from tests.api.operations import (
    Json,
    MakeClient,
    VisitorOf,
    codes,
    database_of,
    mutate,
    new_chatbot,
)
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

WHO = "{ viewer { visitor { id } user { id } } }"


@pytest_asyncio.fixture
async def database(server: ServerProcess) -> AsyncGenerator[Database, None]:
    async with database_of(server) as opened:
        yield opened


@pytest_asyncio.fixture
async def nobody(server: ServerProcess) -> AsyncGenerator[GraphQLClient, None]:
    async with caller(server, origin=server.url) as made:
        yield made


@asynccontextmanager
async def caller(
    server: ServerProcess, token: str | None = None, origin: str | None = None
) -> AsyncGenerator[GraphQLClient, None]:
    made = GraphQLClient(server.url, token, origin)
    try:
        yield made
    finally:
        await made.close()


async def refreshed(who: GraphQLClient, token: str | None) -> Json:
    given = {"widgetToken": token}
    return await mutate(who, "refreshWidgetToken", given, "widgetToken expiresAt")


async def visitor_id(who: GraphQLClient) -> str:
    return str((await who.execute(WHO))["viewer"]["visitor"]["id"])


async def stored(database: Database, token: str | None) -> Json:
    found: Json | None = await database.database["widget_tokens"].find_one(
        {"token_hash": fingerprint(token or "")}
    )
    assert found is not None
    return found


async def change(database: Database, token: str | None, **fields: Any) -> None:
    await database.database["widget_tokens"].update_one(
        {"token_hash": fingerprint(token or "")}, {"$set": fields}
    )


async def test_refreshed_token_speaks_for_the_same_visitor_for_seven_days(
    visitor_of: VisitorOf, nobody: GraphQLClient
) -> None:
    visitor = await visitor_of()
    who = await visitor_id(visitor)

    result = await refreshed(nobody, visitor.token)

    assert result["widgetToken"] != visitor.token
    left = datetime.fromisoformat(result["expiresAt"]) - utc_now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
    visitor.token = result["widgetToken"]
    assert await visitor_id(visitor) == who


async def test_predecessor_stays_valid_for_a_minute_and_no_longer(
    server: ServerProcess, visitor_of: VisitorOf, nobody: GraphQLClient, database: Database
) -> None:
    visitor = await visitor_of()
    await refreshed(nobody, visitor.token)

    assert await visitor_id(visitor), "other tabs still show the old one"
    left = (await stored(database, visitor.token))["expires_at"] - utc_now()
    assert timedelta(seconds=30) < left <= timedelta(seconds=60)
    again = await refreshed(nobody, visitor.token)
    assert again["__typename"] == "RefreshWidgetTokenSuccess", "a second tab asks too"

    past = utc_now() - timedelta(seconds=1)
    await change(database, visitor.token, expires_at=past, refreshable_until=past)
    assert await codes(visitor, WHO, {}) == ["TOKEN_EXPIRED"]
    assert (await refreshed(nobody, visitor.token))["code"] == "INVALID_TOKEN"


async def test_refreshing_again_and_again_does_not_prolong_the_old_token(
    visitor_of: VisitorOf, nobody: GraphQLClient, database: Database
) -> None:
    visitor = await visitor_of()
    await refreshed(nobody, visitor.token)
    first = (await stored(database, visitor.token))["expires_at"]
    await refreshed(nobody, visitor.token)
    assert (await stored(database, visitor.token))["expires_at"] == first


@pytest.mark.parametrize(
    ("ended_before", "outcome"),
    [
        (timedelta(hours=23), "RefreshWidgetTokenSuccess"),
        (timedelta(hours=25), "RefusedError"),
    ],
)
async def test_expired_token_is_refreshed_within_a_day(
    visitor_of: VisitorOf,
    nobody: GraphQLClient,
    database: Database,
    ended_before: timedelta,
    outcome: str,
) -> None:
    visitor = await visitor_of()
    ended = utc_now() - ended_before
    until = ended + timedelta(hours=24)
    await change(database, visitor.token, expires_at=ended, refreshable_until=until)
    assert (await refreshed(nobody, visitor.token))["__typename"] == outcome


async def test_revoked_and_forged_tokens_are_not_refreshed(
    visitor_of: VisitorOf, nobody: GraphQLClient, admin: GraphQLClient, database: Database
) -> None:
    visitor = await visitor_of()
    await change(database, visitor.token, revoked_at=utc_now())
    forged = f"{(visitor.token or '')[:-6]}AAAAAA"
    for token in (visitor.token, forged, admin.token, "", "no token", "🦜"):
        result = await refreshed(nobody, token)
        assert (result["code"], result["path"]) == ("INVALID_TOKEN", ["input", "widgetToken"])


async def test_token_is_refreshed_from_its_own_origin_only(
    server: ServerProcess, visitor_of: VisitorOf, admin: GraphQLClient, make_client: MakeClient
) -> None:
    foreign = "https://other-client.example"
    await new_chatbot(admin, await make_client(), settings={"allowedOrigins": [foreign]})
    visitor = await visitor_of()
    for origin in (None, foreign, "http://127.0.0.1:1"):
        async with caller(server, origin=origin) as elsewhere:
            result = await refreshed(elsewhere, visitor.token)
            assert result["code"] == "ORIGIN_NOT_ALLOWED", origin
    assert await visitor_id(visitor), "the token is as good as before"


@pytest.mark.parametrize("header", ["no token at all", "admin"])
async def test_refreshing_ignores_the_authorization_header(
    server: ServerProcess, visitor_of: VisitorOf, admin: GraphQLClient, header: str
) -> None:
    visitor = await visitor_of()
    token = admin.token if header == "admin" else header
    async with caller(server, token, server.url) as odd:
        result = await refreshed(odd, visitor.token)
        assert result["__typename"] == "RefreshWidgetTokenSuccess"


async def test_use_is_noted_at_most_once_a_minute(
    visitor_of: VisitorOf, database: Database
) -> None:
    visitor = await visitor_of()
    assert (await stored(database, visitor.token))["last_used_at"] is None
    await visitor_id(visitor)
    noted = (await stored(database, visitor.token))["last_used_at"]
    assert noted is not None

    await visitor_id(visitor)
    assert (await stored(database, visitor.token))["last_used_at"] == noted

    await change(database, visitor.token, last_used_at=utc_now() - timedelta(seconds=61))
    await visitor_id(visitor)
    assert (await stored(database, visitor.token))["last_used_at"] >= noted


async def test_database_clears_tokens_away_some_time_after_their_end(database: Database) -> None:
    indexes = await database.database["widget_tokens"].index_information()
    assert indexes["expiry"]["expireAfterSeconds"] >= timedelta(days=1).total_seconds()
