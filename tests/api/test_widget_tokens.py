"""Widget tokens: refreshed, made, listed and revoked."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from documents.base import utc_now
from documents.database.database import Database
from documents.ids import PydanticObjectId
from graphql_schema.node import global_id
from services.sealing.tokens import fingerprint
from tests.administration import Administrator, chatbot_of_demo
from tests.answers import asking
from tests.api.operations import (
    MAY_EDIT,
    ROLES,
    UNKNOWN_OBJECT_ID,
    Json,
    Listing,
    MakeClient,
    Operations,
    PersonOf,
    VisitorOf,
    check_paging,
    check_people_only,
    codes,
    database_of,
    done,
    mutate,
    mutation,
    new_chatbot,
    new_slug,
)
from tests.graphql_clients import GraphQLClient, GraphQLFailure
from tests.providers.dictation import Dictation, model_that_says
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


CREATED = "widgetToken expiresAt embedCode token { id origin expiresAt revokedAt lastUsedAt }"
TOKENS = """
query ($id: ID!) {
  widgetTokens(chatbotId: $id) {
    edges { node { id revokedAt chatbot { id } visitor { id userId userEmail } } }
  }
}
"""


async def made(who: GraphQLClient, chatbot_id: str, **more: Any) -> Json:
    return await mutate(who, "createWidgetToken", {"chatbotId": chatbot_id, **more}, CREATED)


def operations(chatbot_id: str, token_id: str) -> Operations:
    """Everything that people do with tokens, by the name of the root field."""
    return {
        "createWidgetToken": (
            mutation("createWidgetToken"),
            {"input": {"chatbotId": chatbot_id}},
        ),
        "revokeWidgetToken": (mutation("revokeWidgetToken"), {"input": {"id": token_id}}),
        "revokeChatbotTokens": (
            mutation("revokeChatbotTokens"),
            {"input": {"chatbotId": chatbot_id}},
        ),
        "widgetTokens": (TOKENS, {"id": chatbot_id}),
    }


@pytest.fixture
def slug() -> str:
    return new_slug()


@pytest_asyncio.fixture
async def chatbot(admin: GraphQLClient, make_client: MakeClient, slug: str) -> str:
    return await new_chatbot(admin, await make_client(slug))


async def test_made_token_speaks_for_the_person_it_was_made_for(
    server: ServerProcess, admin: GraphQLClient, chatbot: str
) -> None:
    person = {"userId": "user-17", "userEmail": "Anna@Example.com"}
    result = await made(admin, chatbot, **person, expiresInSeconds=600)

    left = datetime.fromisoformat(result["expiresAt"]) - utc_now()
    assert timedelta(seconds=580) < left <= timedelta(seconds=600)
    async with caller(server, result["widgetToken"], server.url) as widget:
        document = "{ viewer { visitor { id userId userEmail } } }"
        visitor = (await widget.execute(document))["viewer"]["visitor"]
        assert (visitor["userId"], visitor["userEmail"]) == ("user-17", "anna@example.com")
        asked = await widget.execute(
            mutation("askOnce").replace("AskOnceInput", "AskInput"),
            {"input": {"text": "Hello", "idempotencyKey": "q-1"}},
        )
        assert asked["askOnce"]["__typename"] == "AskOnceSuccess"
    again = await made(admin, chatbot, userId="user-17")
    async with caller(server, again["widgetToken"], server.url) as widget:
        assert await visitor_id(widget) == visitor["id"]


async def test_token_without_a_user_id_is_a_new_strangers(
    server: ServerProcess, admin: GraphQLClient, chatbot: str
) -> None:
    first, second = await made(admin, chatbot), await made(admin, chatbot)
    async with (
        caller(server, first["widgetToken"], server.url) as one,
        caller(server, second["widgetToken"], server.url) as other,
    ):
        assert await visitor_id(one) != await visitor_id(other)


async def test_embed_code_holds_what_a_page_needs(
    server: ServerProcess, admin: GraphQLClient, chatbot: str
) -> None:
    result = await made(admin, chatbot)
    assert f'src="{server.url}/widget.js"' in result["embedCode"]
    assert f'data-token="{result["widgetToken"]}"' in result["embedCode"]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"expiresInSeconds": 59}, "expiresInSeconds"),
        ({"expiresInSeconds": 604_801}, "expiresInSeconds"),
        ({"expiresInSeconds": -(2**31)}, "expiresInSeconds"),
        ({"userId": ""}, "userId"),
        ({"userId": "x" * 201}, "userId"),
        ({"userId": "a\x00"}, "userId"),
        ({"userId": "a", "userEmail": "nobody"}, "userEmail"),
        ({"userEmail": "anna@example.com"}, "userEmail"),
        ({"origin": "https://not-allowed.example"}, "origin"),
        ({"origin": "no origin"}, "origin"),
    ],
)
async def test_wrong_wishes_are_refused(
    admin: GraphQLClient, chatbot: str, given: Json, path: str
) -> None:
    result = await made(admin, chatbot, **given)
    assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", path])


async def test_programs_token_is_refreshed_without_an_origin(
    server: ServerProcess, admin: GraphQLClient, chatbot: str
) -> None:
    free = await made(admin, chatbot)
    bound = await made(admin, chatbot, origin=server.url)
    async with caller(server) as program, caller(server, origin=server.url) as page:
        assert (await refreshed(program, free["widgetToken"]))["widgetToken"]
        assert (await refreshed(program, bound["widgetToken"]))["code"] == "ORIGIN_NOT_ALLOWED"
        assert (await refreshed(page, bound["widgetToken"]))["widgetToken"]


async def test_person_has_a_hundred_live_tokens_at_most(
    server: ServerProcess, admin: GraphQLClient, chatbot: str
) -> None:
    for _ in range(100):
        result = await made(admin, chatbot, userId="collector")
        assert "widgetToken" in result
    assert (await made(admin, chatbot, userId="collector"))["code"] == "LIMIT_REACHED"
    assert "widgetToken" in await made(admin, chatbot, userId="another")


async def test_revoked_token_is_refused_and_others_are_not(
    server: ServerProcess, admin: GraphQLClient, chatbot: str
) -> None:
    first, second = await made(admin, chatbot), await made(admin, chatbot)
    given = {"id": first["token"]["id"]}
    ended = await done(admin, "revokeWidgetToken", given, "token { id revokedAt }")
    assert ended["token"]["revokedAt"]
    assert await done(admin, "revokeWidgetToken", given, "token { id revokedAt }") == ended
    async with (
        caller(server, first["widgetToken"], server.url) as one,
        caller(server, second["widgetToken"], server.url) as other,
    ):
        assert await codes(one, WHO, {}) == ["TOKEN_REVOKED"]
        assert await visitor_id(other)


async def test_all_tokens_of_one_chatbot_are_revoked(
    server: ServerProcess, admin: GraphQLClient, make_client: MakeClient, chatbot: str
) -> None:
    other = await new_chatbot(admin, await make_client())
    doomed = [await made(admin, chatbot) for _ in range(3)]
    spared = await made(admin, other)
    result = await done(admin, "revokeChatbotTokens", {"chatbotId": chatbot}, "revokedTokens")
    assert result["revokedTokens"] == 3
    for one in doomed:
        async with caller(server, one["widgetToken"], server.url) as widget:
            assert await codes(widget, WHO, {}) == ["TOKEN_REVOKED"]
            assert (await refreshed(widget, one["widgetToken"]))["code"] == "INVALID_TOKEN"
    async with caller(server, spared["widgetToken"], server.url) as widget:
        assert await visitor_id(widget)
    again = await done(admin, "revokeChatbotTokens", {"chatbotId": chatbot}, "revokedTokens")
    assert again["revokedTokens"] == 0


async def test_running_stream_ends_within_seconds_of_the_revocation(
    admin: GraphQLClient, visitor_of: VisitorOf
) -> None:
    said = Dictation(["Rome ", "was not ", "built in a day."])
    async with model_that_says(said) as model:
        embed_key = await Administrator(admin).chatbot_with_model(model.url)
        chatbot = await chatbot_of_demo(admin, embed_key)
        visitor = await visitor_of(embed_key)
        async with asyncio.timeout(60), aclosing(asking(visitor, "Was it?")) as stream:
            said.say_next()
            async for event in stream:
                if event["__typename"] == "AnswerDelta":
                    break
            given = {"chatbotId": chatbot["id"]}
            await done(admin, "revokeChatbotTokens", given, "revokedTokens")
            with pytest.raises(GraphQLFailure) as ended:
                async for _ in stream:
                    pass
        said.say_the_rest()
    assert ended.value.codes == ["TOKEN_REVOKED"]


async def test_tokens_are_listed_without_their_text(admin: GraphQLClient, chatbot: str) -> None:
    oldest_first = [(await made(admin, chatbot))["token"]["id"] for _ in range(3)]
    listing = Listing(admin, "widgetTokens", ", $chatbotId: ID!", chatbotId=chatbot)

    async def add() -> str:
        return str((await made(admin, chatbot))["token"]["id"])

    await check_paging(listing, oldest_first, add)
    node = (await admin.execute(TOKENS, {"id": chatbot}))["widgetTokens"]["edges"][0]["node"]
    assert node["chatbot"]["id"] == chatbot


async def test_only_editors_make_and_end_tokens(
    admin: GraphQLClient, chatbot: str, slug: str, person_of: PersonOf
) -> None:
    token = (await made(admin, chatbot))["token"]["id"]
    for role in ROLES:
        member = await person_of(slug, role)
        assert (await member.execute(TOKENS, {"id": chatbot}))["widgetTokens"]["edges"]
        for name, (document, variables) in operations(chatbot, token).items():
            if name == "widgetTokens":
                continue
            expected = [] if role in MAY_EDIT else ["FORBIDDEN"]
            assert await codes(member, document, variables) == expected, (role, name)


async def test_tokens_are_for_people_and_servers_only(
    nobody: GraphQLClient, visitor_of: VisitorOf, admin: GraphQLClient, chatbot: str
) -> None:
    token = (await made(admin, chatbot))["token"]["id"]
    await check_people_only(operations(chatbot, token), nobody, await visitor_of())


async def test_foreign_ids_are_unknown_ids(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf, chatbot: str
) -> None:
    other_slug = new_slug()
    await make_client(other_slug)
    foreigner = await person_of(other_slug, "owner")
    token = (await made(admin, chatbot))["token"]["id"]
    unknown_chatbot = global_id("Chatbot", PydanticObjectId(UNKNOWN_OBJECT_ID))
    unknown_token = global_id("WidgetToken", PydanticObjectId(UNKNOWN_OBJECT_ID))
    pairs = [(chatbot, token), (unknown_chatbot, unknown_token), ("demo", chatbot)]
    for chatbot_id, token_id in pairs:
        for name, (document, variables) in operations(chatbot_id, token_id).items():
            if name == "widgetTokens":
                assert await codes(foreigner, document, variables) == ["NOT_FOUND"]
            else:
                result = (await foreigner.execute(document, variables))[name]
                assert result["__typename"] == "NotFoundError", name
    node = (await admin.execute(TOKENS, {"id": chatbot}))["widgetTokens"]["edges"][0]["node"]
    assert node["revokedAt"] is None
