"""The two clients A and B on a running server, and calls of everybody who may come to them."""

import json
import secrets
from typing import Any

from services.accounts.access_tokens import AccessTokens, TokenInvalidError
from services.sealing.keys import DerivedKeys
from tests.api.matrix.callers import SCOPES, Caller
from tests.api.matrix.documents import document_of, root_fields, variables_of
from tests.api.matrix.people import new_double, new_session
from tests.api.matrix.row import NewText, Reference, Row
from tests.api.matrix.things import Documents, Side, Thing, copy_of
from tests.api.operations import done
from tests.conftest import START_VISIT
from tests.graphql_clients import GraphQLClient, Json
from tests.server_process import ServerProcess

SERVERS = frozenset({Caller.KEY, Caller.KEY_WITHOUT, Caller.KEY_OF_B})
"""Callers that are programs: no page is behind them, so they send no Origin."""


class World:
    """Everything that the tests of the matrix share."""

    def __init__(self, server: ServerProcess, database: Documents, admin: GraphQLClient) -> None:
        self.server = server
        self.database = database
        self.admin = admin
        self.a = Side("")
        self.b = Side("")
        self.others: dict[str, Thing] = {}
        """What another visitor of A has."""

        self.access_tokens = AccessTokens(DerivedKeys((server.data_dir / "secret.key").read_text()))
        self._caller = GraphQLClient(server.url)
        self._prepared: dict[Caller, str] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()
        await self.admin.close()

    async def call(
        self, caller: Caller, row: Row, arguments: Json, scopes: frozenset[str] | None = None
    ) -> Json:
        """What the caller gets for the row's operation; of a stream, the first event.

        Args:
            caller: Who calls.
            row: What is called.
            arguments: The row's, with values in the places of references.
            scopes: Those of an API key; left out: one of the row's.
        """
        return await self.call_with(caller, row, variables_of(row.operation, arguments), scopes)

    async def call_with(
        self,
        caller: Caller,
        row: Row,
        variables: Json,
        scopes: frozenset[str] | None = None,
        selection: str | None = None,
    ) -> Json:
        """The same with variables, which for a mutation have an `input`, and with a selection."""
        document = document_of(row.operation, variables, selection)
        prepared = self._prepared.pop(caller, None)
        self._caller.token = prepared or await self._token_of(caller, row, scopes)
        from_page = row.from_page or caller not in SERVERS
        self._caller.origin = self.server.url if from_page else None
        if root_fields()[row.operation][0] == "subscription":
            return await self._first_event(document, variables)
        return await self._caller.send(document, variables)

    async def _first_event(self, document: str, variables: Json) -> Json:
        body = {"query": document, "variables": variables}
        headers = self._caller.headers() | {"accept": "text/event-stream"}
        http = self._caller._http
        async with http.stream("POST", "/graphql", json=body, headers=headers) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):
                    first: Json = json.loads(line.removeprefix("data: "))
                    return first
        raise AssertionError(f"no event came for {document}")

    async def prepare(self, caller: Caller, row: Row) -> None:
        """Make what the caller needs for its next call, before anything is counted."""
        token = await self._token_of(caller, row, None)
        if token is not None:
            self._prepared[caller] = token

    async def _token_of(
        self, caller: Caller, row: Row, scopes: frozenset[str] | None
    ) -> str | None:
        if caller is Caller.NOBODY:
            return None
        if caller is Caller.KEY:
            return await self.key(self.a, scopes or frozenset({min(row.expected.scopes)}))
        if caller is Caller.KEY_WITHOUT:
            return await self.key(self.a, SCOPES - row.expected.scopes)
        if caller is Caller.KEY_OF_B:
            return await self.key(self.b, SCOPES)
        token = self._token_of_long_standing(caller)
        return await self._renewed(token, row)

    def _token_of_long_standing(self, caller: Caller) -> str:
        if caller is Caller.ADMIN:
            return self.admin.token or ""
        side = self.b if caller in {Caller.VISITOR_OF_B, Caller.OWNER_OF_B} else self.a
        return side.tokens[caller]

    async def _renewed(self, token: str, row: Row) -> str:
        """A token of a session of its own, or of a double, when it is a person's."""
        if not (row.from_new_session or row.from_new_person):
            return token
        try:
            user_id = self.access_tokens.read(token).user_id
        except TokenInvalidError:
            return token
        if row.from_new_person:
            user_id = await new_double(self.database, user_id)
        return await new_session(self.database, self.access_tokens, user_id)

    def foreign_to(self, caller: Caller, name: str) -> list[Thing]:
        """The things of this name that are not for a caller of A."""
        of_another_visitor = caller is Caller.VISITOR and name in self.others
        return [self.b.things[name], *([self.others[name]] if of_another_visitor else [])]

    async def visit_by_page(self) -> Thing:
        """A visit that a page of A has just begun, with its token."""
        self._caller.token, self._caller.origin = None, self.server.url
        key = {"key": self.a.things["chatbot"].document["embed_key"]}
        started = (await self._caller.execute(START_VISIT, key))["startVisit"]
        return Thing("Visit", "", {"widget_token": started["widgetToken"]})

    async def key(self, side: Side, scopes: frozenset[str]) -> str:
        """The secret of an API key with these scopes."""
        if scopes not in side.keys:
            client_id = side.things["client"].id
            given = {"clientId": client_id, "name": "A program", "scopes": sorted(scopes)}
            side.keys[scopes] = (await done(self.admin, "createApiKey", given, "secret"))["secret"]
        return side.keys[scopes]


class Filling:
    """Fills the references in the arguments of one call."""

    def __init__(self, world: World, things: dict[str, Thing] | None = None) -> None:
        self._world = world
        self._things = things or world.a.things
        self._new: dict[str, Thing] = {}

    async def filled(self, value: Any) -> Any:
        """The value with ids and texts in the places of references."""
        match value:
            case Reference():
                return (await self.thing(value)).value(value.attribute)
            case NewText():
                return f"new-{secrets.token_hex(6)}{value.ending}"
            case dict():
                return {name: await self.filled(one) for name, one in value.items()}
            case list():
                return [await self.filled(one) for one in value]
        return value

    async def thing(self, reference: Reference) -> Thing:
        """What a reference means in this call."""
        name = reference.thing
        if name == "visit_by_page":
            return await self._world.visit_by_page()
        if not reference.is_new:
            return self._things[name]
        if name not in self._new:
            self._new[name] = await copy_of(self._world.database, self._things[name])
        return self._new[name]
