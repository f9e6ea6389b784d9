"""Anything by its id, and nothing that is not the caller's."""

import secrets
from typing import Any

from documents.ids import PydanticObjectId
from graphql_schema.node import decoded_id, global_id
from graphql_schema.nodes import LOOKUPS, OWN_LOOKUPS
from graphql_schema.schema import schema
from tests.api.operations import (
    MALFORMED_IDS,
    UNKNOWN_OBJECT_ID,
    Json,
    MakeClient,
    PersonOf,
    VisitorOf,
    codes,
    done,
    new_chatbot,
    new_slug,
    new_source,
)
from tests.graphql_clients import GraphQLClient
from tests.unit.answering.processes import until

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
ASK = """
subscription ($input: AskInput!) {
  ask(input: $input) {
    ... on AnswerStarted { conversationId messageId }
    ... on AnswerCompleted { answer { id } }
  }
}
"""
TOKENS_AND_VISITS = """
query ($id: ID!) {
  widgetTokens(chatbotId: $id) { edges { node { id } } }
  visits(chatbotId: $id) { edges { node { id } } }
}
"""
DELIVERIES = "query ($id: ID!) { deliveries(clientId: $id) { edges { node { id } } } }"
VIEWER = "{ viewer { user { id } visitor { id } } }"
NOT_FOR_VIEWERS = {
    *("ApiKey", "AuditEntry", "SigningKey", "Session", "Hook", "HookVersion"),
    *("Report", "ReportSchedule"),
}
"""Tested with the operations that make them."""


async def conversation_of(visitor: GraphQLClient) -> Json:
    """The ids of what a visitor has after asking something, by their types."""
    given = {"text": "When do you open?", "idempotencyKey": secrets.token_hex(8)}
    events = [data["ask"] async for data in visitor.subscribe(ASK, {"input": given})]
    viewer = (await visitor.execute(VIEWER))["viewer"]
    return {
        "Conversation": events[0]["conversationId"],
        "Message": events[0]["messageId"],
        "Visitor": viewer["visitor"]["id"],
    }


async def tenant(
    admin: GraphQLClient, make_client: MakeClient, visitor_of: VisitorOf, slug: str
) -> Json:
    """A client with one thing of each type; their ids by their types."""
    client_id = await make_client(slug)
    config = {"clientId": client_id, "name": "Own", "provider": "LOCAL", "model": "extractive"}
    made = await done(admin, "createLlmConfig", config, "llmConfig { id }")
    chatbot_id = await new_chatbot(admin, client_id)
    document = "query ($id: ID!) { chatbot(id: $id) { embedKey published { id } } }"
    chatbot = (await admin.execute(document, {"id": chatbot_id}))["chatbot"]
    told = {"clientId": client_id, "name": "Office", "events": ["MESSAGE_CREATED"]}
    target = {"target": {"emails": ["office@example.com"]}}
    office = await done(admin, "createIntegration", told | target, "integration { id }")
    visitor = await visitor_of(chatbot["embedKey"])
    stay = await admin.execute(TOKENS_AND_VISITS, {"id": chatbot_id})
    return {
        "Client": client_id,
        "WidgetToken": stay["widgetTokens"]["edges"][0]["node"]["id"],
        "Visit": stay["visits"]["edges"][0]["node"]["id"],
        "LlmConfig": made["llmConfig"]["id"],
        "Chatbot": chatbot_id,
        "ChatbotVersion": chatbot["published"]["id"],
        "KnowledgeSource": await new_source(admin, [chatbot_id]),
        **await conversation_of(visitor),
        "Integration": office["integration"]["id"],
        "Delivery": await delivery_of(admin, client_id),
    }


async def delivery_of(admin: GraphQLClient, client_id: str) -> str:
    """The id of what is on its way to the client's integration."""
    found: list[Json] = []

    async def is_there() -> bool:
        data = await admin.execute(DELIVERIES, {"id": client_id})
        found[:] = data["deliveries"]["edges"]
        return bool(found)

    await until(is_there)
    return str(found[0]["node"]["id"])


async def nodes(caller: GraphQLClient, ids: list[str]) -> list[Any]:
    found: list[Any] = (await caller.execute(NODES, {"ids": ids}))["nodes"]
    return found


def shown(things: Json) -> list[Json]:
    return [{"__typename": kind, "id": id_} for kind, id_ in things.items()]


def test_every_type_with_an_id_can_be_found_by_it() -> None:
    graphql = schema._schema
    node = graphql.type_map["Node"]
    implementing = {one.name for one in graphql.get_possible_types(node)}  # type: ignore[arg-type]
    assert implementing == set(LOOKUPS)
    assert set(OWN_LOOKUPS) < implementing


async def test_people_find_what_is_of_their_clients(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    slug, foreign_slug = new_slug(), new_slug()
    own = await tenant(admin, make_client, visitor_of, slug)
    foreign = await tenant(admin, make_client, visitor_of, foreign_slug)
    members = {
        "own": await person_of(slug, "viewer"),
        "foreign": await person_of(foreign_slug, "owner"),
    }
    users = {
        key: (await one.execute(VIEWER))["viewer"]["user"]["id"] for key, one in members.items()
    }
    own["User"], foreign["User"] = users["own"], users["foreign"]
    assert set(own) == set(LOOKUPS) - NOT_FOR_VIEWERS
    viewer = members["own"]

    assert await nodes(viewer, [*own.values()]) == shown(own)
    assert await nodes(viewer, [*foreign.values()]) == [None] * len(foreign)
    assert await nodes(admin, [*own.values(), *foreign.values()]) == shown(own) + shown(foreign)
    for kind, id_ in own.items():
        found = {"node": {"__typename": kind, "id": id_}}
        assert await viewer.execute(NODE, {"id": id_}) == found
        assert await viewer.execute(NODE, {"id": foreign[kind]}) == {"node": None}


async def test_visitors_find_what_is_their_own(
    admin: GraphQLClient, make_client: MakeClient, visitor_of: VisitorOf
) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    document = "query ($id: ID!) { chatbot(id: $id) { embedKey published { id } client { id } } }"
    chatbot = (await admin.execute(document, {"id": chatbot_id}))["chatbot"]
    visitor, other = [await visitor_of(chatbot["embedKey"]) for _ in range(2)]
    own, foreign = await conversation_of(visitor), await conversation_of(other)
    assert set(own) == set(OWN_LOOKUPS)

    assert await nodes(visitor, [*own.values()]) == shown(own)
    hidden = [*foreign.values(), chatbot_id, chatbot["published"]["id"], chatbot["client"]["id"]]
    assert await nodes(visitor, hidden) == [None] * len(hidden)
    for id_ in hidden:
        assert await visitor.execute(NODE, {"id": id_}) == {"node": None}


async def test_colleagues_are_seen_without_their_other_memberships(
    make_client: MakeClient, person_of: PersonOf, admin: GraphQLClient
) -> None:
    slug = new_slug()
    await make_client(slug)
    viewer, colleague = await person_of(slug, "viewer"), await person_of(slug, "owner")
    admins_id = (await admin.execute(VIEWER))["viewer"]["user"]["id"]
    colleagues_id = (await colleague.execute(VIEWER))["viewer"]["user"]["id"]
    document = """query ($id: ID!) {
      node(id: $id) { ... on User { memberships { role client { slug } } } }
    }"""
    memberships = [{"role": "OWNER", "client": {"slug": slug}}]
    for reader in (viewer, colleague, admin):
        found = await reader.execute(document, {"id": colleagues_id})
        assert found == {"node": {"memberships": memberships}}
    assert await viewer.execute(document, {"id": admins_id}) == {"node": None}


async def test_an_id_that_is_none_gives_null_in_its_place(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    _, client = decoded_id(client_id) or ("", PydanticObjectId())
    unknown = [global_id(kind, PydanticObjectId(UNKNOWN_OBJECT_ID)) for kind in LOOKUPS]
    strange: list[str] = [global_id(kind, client) for kind in ("Nonsense", "client", "")]
    strange += [f"{client_id}x", f" {client_id}", client_id.rstrip("="), f"{client_id}\n"]
    ids = [*MALFORMED_IDS, *unknown, client_id, *strange, client_id]

    found = await nodes(admin, ids)
    assert [index for index, one in enumerate(found) if one] == [
        index for index, one in enumerate(ids) if one == client_id
    ]
    for id_ in (*MALFORMED_IDS, *strange):
        assert await admin.execute(NODE, {"id": id_}) == {"node": None}


async def test_at_most_a_hundred_at_once(admin: GraphQLClient) -> None:
    assert await nodes(admin, ["x"] * 100) == [None] * 100
    assert await nodes(admin, []) == []
    assert await codes(admin, NODES, {"ids": ["x"] * 101}) == ["INVALID_INPUT"]


async def test_nobody_finds_nothing(nobody: GraphQLClient) -> None:
    assert await codes(nobody, NODE, {"id": "x"}) == ["UNAUTHENTICATED"]
    assert await codes(nobody, NODES, {"ids": []}) == ["UNAUTHENTICATED"]
