"""Following what happens in tests, over the API."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

from tests.graphql_clients import GraphQLClient, Json

CURSOR = "query ($client: ID) { liveCursor(clientId: $client) }"
VISIT_EVENTS = """
subscription ($after: String) {
  visitEvents(after: $after) {
    cursor kind conversationId messageId conversation { id title } chatbot { name version }
  }
}
"""
CONVERSATION_EVENTS = """
subscription ($client: ID, $chatbot: ID, $conversation: ID, $after: String) {
  conversationEvents(
    clientId: $client, chatbotId: $chatbot, conversationId: $conversation, after: $after
  ) {
    __typename cursor conversation { id title status messageCount }
    ... on MessageCreated { newMessage { id sender status content } }
    ... on MessageUpdated { changedMessage { id sender status content } }
  }
}
"""
PATIENCE_SECONDS = 20.0


async def cursor_now(caller: GraphQLClient, client_id: str | None = None) -> str:
    """Where the streams stand."""
    return str((await caller.execute(CURSOR, {"client": client_id}))["liveCursor"])


class Stream:
    """One subscription, read event by event; it fails rather than hang."""

    def __init__(self, field: str, results: AsyncGenerator[Json, None]) -> None:
        self._field = field
        self._results = results

    async def next(self) -> Json:
        async with asyncio.timeout(PATIENCE_SECONDS):
            event: Json = (await anext(self._results))[self._field]
            return event

    async def many(self, count: int) -> list[Json]:
        return [await self.next() for _ in range(count)]

    async def until(self, kind: str) -> list[Json]:
        """The events up to the first of a kind."""
        events = [await self.next()]
        while kind not in {events[-1].get("kind"), events[-1].get("__typename")}:
            events.append(await self.next())
        return events


@asynccontextmanager
async def watching(
    caller: GraphQLClient, field: str, document: str, **variables: object
) -> AsyncIterator[Stream]:
    """A subscription on a socket of its own."""
    async with aclosing(caller.subscribe(document, variables)) as results:
        yield Stream(field, results)


@asynccontextmanager
async def visit_events(caller: GraphQLClient, after: str | None = None) -> AsyncIterator[Stream]:
    """`visitEvents`, from now on or after a cursor."""
    after = after or await cursor_now(caller)
    async with watching(caller, "visitEvents", VISIT_EVENTS, after=after) as stream:
        yield stream


@asynccontextmanager
async def conversation_events(
    caller: GraphQLClient,
    client: str | None = None,
    after: str | None = None,
    **narrowed: str | None,
) -> AsyncIterator[Stream]:
    """`conversationEvents`, from now on or after a cursor."""
    after = after or await cursor_now(caller, client)
    given = {"client": client, "after": after, **narrowed}
    async with watching(caller, "conversationEvents", CONVERSATION_EVENTS, **given) as stream:
        yield stream
