"""What must hold on a running server with plans and without: rights, limits, masking, nulls."""

import json
from collections.abc import Generator

import pytest

from tests.api.operations import KeyOf, MakeClient, database_of
from tests.api.test_limits import HOSTILE
from tests.conftest import SIGN_IN
from tests.graphql_clients import GraphQLClient, Json
from tests.server_process import ROOT, ServerProcess

CREATE_CHATBOT = """
mutation ($client: ID!, $name: String!) {
  createChatbot(input: {clientId: $client, name: $name}) {
    ... on CreateChatbotSuccess { chatbot { id embedKey } } ... on UserError { code message }
  }
}
"""
PAGE = """
query ($client: ID!, $more: Boolean!) {
  chatbots(clientId: $client) {
    edges { node {
      __typename embedKey
      draft { name ...Look kind: __typename }
      ... on Node @include(if: $more) { createdAt: id }
      %s
    } }
    totalCount
  }
}
fragment Look on ChatbotSettings { colorScheme languages logoUrl name }
"""


class StockServer(ServerProcess):
    """A server that makes no plans."""

    program = (str(ROOT / "tests" / "api" / "programs" / "stock_execution.py"),)

    def environment(self) -> dict[str, str]:
        """As for every server; the program lies in another folder."""
        return super().environment() | {"PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module", params=[ServerProcess, StockServer], ids=["compiled", "stock"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[ServerProcess, None, None]:
    """One server with plans, one without."""
    process: ServerProcess = request.param(tmp_path_factory.mktemp("server"))
    process.start()
    yield process
    process.stop()


async def two_chatbots(admin: GraphQLClient, client_id: str) -> list[str]:
    """Make two chatbots; their embed keys, newest first."""
    made = [
        await admin.execute(CREATE_CHATBOT, {"client": client_id, "name": f"Chatbot {number}"})
        for number in range(2)
    ]
    return [one["createChatbot"]["chatbot"]["embedKey"] for one in reversed(made)]


async def page(caller: GraphQLClient, client_id: str, beside: str = "", more: bool = False) -> Json:
    """The whole answer to the question for a client's chatbots, which is asked twice."""
    variables = {"client": client_id, "more": more}
    first = await caller.send(PAGE % beside, variables)
    again = await caller.send(PAGE % beside, variables)
    assert first.get("data") == again.get("data")
    return again


async def test_a_page_holds_what_was_selected_in_that_order(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    keys = await two_chatbots(admin, client_id)

    edges = (await page(admin, client_id))["data"]["chatbots"]["edges"]
    more = (await page(admin, client_id, more=True))["data"]["chatbots"]["edges"]

    assert json.dumps([edge["node"] for edge in edges]) == json.dumps(
        [
            {
                "__typename": "Chatbot",
                "embedKey": key,
                "draft": {
                    "name": f"Chatbot {number}",
                    "colorScheme": "AUTO",
                    "languages": ["EN"],
                    "logoUrl": None,
                    "kind": "ChatbotSettings",
                },
            }
            for key, number in zip(keys, (1, 0), strict=True)
        ]
    )
    assert [list(edge["node"]) for edge in more] == [
        ["__typename", "embedKey", "draft", "createdAt"]
    ] * 2


async def test_a_null_where_none_may_be_empties_what_is_around_it(
    server: ServerProcess, admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    _, older = await two_chatbots(admin, client_id)
    async with database_of(server) as database:
        broken = await database.database["chatbots"].find_one({"embed_key": older})
        assert broken is not None
        versions = database.database["chatbot_versions"]
        await versions.delete_many({"chatbot_id": broken["_id"]})

    answer = await page(admin, client_id, "published { number }")

    assert answer["data"] is None
    (error,) = answer["errors"]
    assert error["path"] == ["chatbots", "edges", 1, "node", "published"]
    assert error["extensions"] == {"code": "NOT_FOUND"}


async def test_a_fault_inside_a_list_is_masked(
    server: ServerProcess, admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    _, older = await two_chatbots(admin, client_id)
    async with database_of(server) as database:
        chatbots, versions = database.database["chatbots"], database.database["chatbot_versions"]
        broken = await chatbots.find_one({"embed_key": older})
        assert broken is not None
        damaged = {"$set": {"note": {"secret": "of somebody"}}}
        await versions.update_one({"chatbot_id": broken["_id"]}, damaged)

    answer = await page(admin, client_id, "versions { edges { node { note } } }")

    assert answer["data"] is None
    (error,) = answer["errors"]
    assert error["path"] == ["chatbots", "edges", 1, "node", "versions"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert f"incident={error['extensions']['incident']}" in server.log
    assert "of somebody" not in json.dumps(error)


async def test_a_right_that_is_missing_is_told_for_each_object(
    admin: GraphQLClient, make_client: MakeClient, key_of: KeyOf
) -> None:
    client_id = await make_client()
    await two_chatbots(admin, client_id)
    key = await key_of(client_id, "CHATBOTS_READ")

    plain = await page(key, client_id)
    refused = await page(key, client_id, "conversations { totalCount }")

    assert [edge["node"]["draft"]["name"] for edge in plain["data"]["chatbots"]["edges"]] == [
        "Chatbot 1",
        "Chatbot 0",
    ]
    assert refused["data"] is None
    assert {error["extensions"]["code"] for error in refused["errors"]} == {"FORBIDDEN"}


async def test_another_clients_page_is_not_found(
    admin: GraphQLClient, make_client: MakeClient, key_of: KeyOf
) -> None:
    own, other = await make_client(), await make_client()
    await two_chatbots(admin, other)
    assert not (await page(admin, other)).get("errors")  # the plan is known by now
    key = await key_of(own, "CHATBOTS_READ")

    answer = await page(key, other)

    assert answer["data"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]


async def test_nobody_gets_a_page_that_somebody_got(
    admin: GraphQLClient, nobody: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    await two_chatbots(admin, client_id)
    assert not (await page(admin, client_id)).get("errors")

    answer = await page(nobody, client_id)

    assert answer["data"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]


@pytest.mark.parametrize(("document", "code"), list(HOSTILE.values()), ids=list(HOSTILE))
async def test_a_hostile_document_is_refused(
    admin: GraphQLClient, document: str, code: str
) -> None:
    errors = (await admin.send(document))["errors"]

    assert [error["extensions"]["code"] for error in errors] == [code]


async def test_mutations_run_one_after_another(nobody: GraphQLClient) -> None:
    again = ' two: signIn(input: {email: "x", password: "y"}) { __typename } }'
    document = SIGN_IN.replace("signIn(", "one: signIn(").rstrip().removesuffix("}") + again

    answer = await nobody.send(document, {"email": "nobody@example.com", "password": "x" * 12})

    assert list(answer["data"]) == ["one", "two"]
    assert answer["data"]["one"]["code"] == "INVALID_CREDENTIALS"
