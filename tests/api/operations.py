"""Calls of the API as a dashboard makes them, for tests of people's queries and mutations."""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from documents.database.database import Database
from documents.database.opening import attach_database
from documents.database.options import DatabaseOptions
from documents.users import RoleName
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

Json = dict[str, Any]
MakeClient = Callable[..., Awaitable[str]]
PersonOf = Callable[[str, RoleName], Awaitable[GraphQLClient]]
VisitorOf = Callable[..., Awaitable[GraphQLClient]]

KeyOf = Callable[..., Awaitable[GraphQLClient]]

Operations = dict[str, tuple[str, Json]]
"""Documents with variables, by the name of the root field."""

API_KEY = "id name scopes prefix createdAt lastUsedAt expiresAt revokedAt client { slug }"
ALL_SCOPES = [
    "CHATBOTS_READ",
    "CHATBOTS_WRITE",
    "CONVERSATIONS_READ",
    "CONVERSATIONS_WRITE",
    "KNOWLEDGE_WRITE",
    "REPORTS_READ",
    "VISITORS_WRITE",
    "ASK",
]

ROLES: tuple[RoleName, ...] = ("agent", "editor")
"""The most that may not edit, and the least that may."""

MAY_EDIT = frozenset({"editor"})
UNKNOWN_OBJECT_ID = "0123456789abcdef01234567"
MALFORMED_IDS = ("", "demo", "Q2xpZW50", "🦜", "Q2xpZW50OmRlbW8=", "\x00", "a" * 10_000)


async def mutate(
    caller: GraphQLClient, name: str, given: Json, fields: str, fragments: str = ""
) -> Json:
    """The result of a mutation, whichever member of its union it is."""
    kind = name[0].upper() + name[1:]
    document = (
        f"mutation ($input: {kind}Input!) {{ result: {name}(input: $input) {{ __typename"
        f" ... on {kind}Success {{ {fields} }} ... on UserError {{ code message path }}"
        f" {fragments} }} }}"
    )
    result: Json = (await caller.execute(document, {"input": given}))["result"]
    return result


async def done(caller: GraphQLClient, name: str, given: Json, fields: str) -> Json:
    """The result of a mutation that must succeed."""
    result = await mutate(caller, name, given, fields)
    assert result["__typename"] == name[0].upper() + name[1:] + "Success", result
    return result


async def codes(caller: GraphQLClient, document: str, variables: Json) -> list[str | None]:
    """The `extensions.code` of the errors of an operation."""
    answer = await caller.send(document, variables)
    return [error["extensions"].get("code") for error in answer.get("errors", [])]


def mutation(name: str) -> str:
    """A mutation of which only the kind of the result is of interest."""
    kind = name[0].upper() + name[1:]
    return f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ __typename }} }}"


def new_slug() -> str:
    """A slug that no other test has."""
    return f"client-{secrets.token_hex(5)}"


OPEN = {"knowledgeMode": "OPEN"}
"""Settings of a chatbot whose model is asked whatever the chatbot knows."""


async def new_chatbot(admin: GraphQLClient, client_id: str, **more: Any) -> str:
    """The id of a new chatbot."""
    given = {"clientId": client_id, "name": "Helper", **more}
    return str((await done(admin, "createChatbot", given, "chatbot { id }"))["chatbot"]["id"])


async def new_source(admin: GraphQLClient, chatbot_ids: list[str], **more: Any) -> str:
    """The id of a new knowledge source."""
    given = {
        "chatbotIds": chatbot_ids,
        "kind": "TEXT",
        "title": "Opening hours",
        "text": "We open at nine.",
        **more,
    }
    return str((await done(admin, "addKnowledgeSource", given, "source { id }"))["source"]["id"])


async def new_key(caller: GraphQLClient, client_id: str, **more: object) -> Json:
    """A new API key of a client, with its secret."""
    given = {"clientId": client_id, "name": "Shop", "scopes": ["CHATBOTS_READ"], **more}
    return await done(caller, "createApiKey", given, f"secret apiKey {{ {API_KEY} }}")


@asynccontextmanager
async def database_of(server: ServerProcess) -> AsyncGenerator[Database, None]:
    """The database of a running server, to look at what is stored."""
    database = await attach_database(DatabaseOptions(mongodb_url=None, data_dir=server.data_dir))
    try:
        yield database
    finally:
        await database.close()


class Listing:
    """Pages of one connection field."""

    def __init__(self, caller: GraphQLClient, field: str, declared: str = "", **given: Any) -> None:
        self._caller = caller
        arguments = "".join(f" {name}: ${name}" for name in given)
        self._document = (
            f"query ($first: Int!, $after: String{declared}) {{"
            f" list: {field}(first: $first, after: $after{arguments}) {{"
            " edges { cursor node { id } } totalCount"
            " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
        )
        self._given = given

    async def page(self, first: int = 20, after: str | None = None) -> Json:
        variables = {"first": first, "after": after, **self._given}
        page: Json = (await self._caller.execute(self._document, variables))["list"]
        return page

    async def ids(self, first: int = 100) -> list[str]:
        return ids_on(await self.page(first))

    async def all_ids(self) -> list[str]:
        """Those of every page; other tests may have left many pages behind."""
        page = await self.page(100)
        ids = ids_on(page)
        while page["pageInfo"]["hasNextPage"]:
            page = await self.page(100, page["pageInfo"]["endCursor"])
            ids += ids_on(page)
        return ids

    async def codes(self, first: int, after: str | None = None) -> list[str | None]:
        variables = {"first": first, "after": after, **self._given}
        return await codes(self._caller, self._document, variables)


def ids_on(page: Json) -> list[str]:
    """The ids on a page."""
    return [edge["node"]["id"] for edge in page["edges"]]


async def check_people_only(
    operations: Operations, nobody: GraphQLClient, visitor: GraphQLClient
) -> None:
    """Nobody is asked to sign in, and a visitor is told that this is not for visitors."""
    for document, variables in operations.values():
        assert await codes(nobody, document, variables) == ["UNAUTHENTICATED"], document
        assert await codes(visitor, document, variables) == ["FORBIDDEN"], document


async def check_paging(listing: Listing, oldest_first: list[str], add: Callable[[], Any]) -> None:
    """Walks a list of at least three items in pages of two while `add` puts more in front."""
    newest_first = oldest_first[::-1]
    first = await listing.page(2)
    assert ids_on(first) == newest_first[:2]
    assert first["totalCount"] == len(newest_first)
    assert first["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": first["edges"][0]["cursor"],
        "endCursor": first["edges"][1]["cursor"],
    }

    added = await add()
    seen = ids_on(first)
    page = first
    while page["pageInfo"]["hasNextPage"]:
        page = await listing.page(2, page["pageInfo"]["endCursor"])
        seen += ids_on(page)
    assert seen == newest_first, "an insertion moved the pages"
    assert page["pageInfo"]["hasPreviousPage"]
    assert (await listing.ids())[0] == added

    for size in (0, -1, 101):
        assert await listing.codes(size) == ["INVALID_INPUT"]
    for cursor in ("", "nonsense", "🦜", "bm90LWFuLWlk"):
        assert await listing.codes(5, cursor) == ["INVALID_INPUT"]
