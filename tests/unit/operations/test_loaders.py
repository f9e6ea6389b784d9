"""What loaders find, what they must not find, and how long they remember it."""

import pytest

from documents.chatbots import Chatbot
from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.llm_configs import LlmConfig
from documents.messages import Message
from documents.tenancy import TenantScope
from graphql_schema.conversations.loaders import AskedIn
from graphql_schema.loaders import Loaders
from graphql_schema.loading import OwnedId
from graphql_schema.node import global_id
from graphql_schema.schema import schema
from tests.unit.operations.conftest import Commands, MakeContext
from tests.unit.operations.furnishing import furnish

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.usefixtures("counted"),
]

BY_ID = ["chatbot_by_id", "chatbot_version_by_id", "visitor_by_id", "conversation_by_id"]


@pytest.mark.parametrize("loader", BY_ID)
async def test_an_id_of_another_client_is_not_found_beside_its_owner_s(loader: str) -> None:
    one, other = await furnish(1), await furnish(1)
    ids = {
        "chatbot_by_id": one.chatbots[0].id,
        "chatbot_version_by_id": one.chatbots[0].published_version_id,
        "visitor_by_id": one.visitors[0].id,
        "conversation_by_id": one.conversations[0].id,
    }

    own, foreign, unknown = await getattr(Loaders(), loader).load_many(
        [
            OwnedId(one.slug, ids[loader]),
            OwnedId(other.slug, ids[loader]),
            OwnedId(one.slug, PydanticObjectId()),
        ]
    )

    assert own.id == ids[loader]
    assert foreign is None
    assert unknown is None


async def test_a_model_of_another_client_is_not_found_and_the_platform_s_is_for_all() -> None:
    one, other = await furnish(1), await furnish(1)
    platform = LlmConfig(name=f"Platform {one.slug}", provider="local", model="extractive")
    await platform.insert()

    found = await Loaders().llm_config_by_id.load_many(
        [
            OwnedId(one.slug, one.configs[0].id),
            OwnedId(other.slug, one.configs[0].id),
            OwnedId(one.slug, platform.id),
            OwnedId(other.slug, platform.id),
        ]
    )

    assert [one and one.name for one in found] == ["Model 0", None, platform.name, platform.name]


async def test_answers_to_a_question_of_another_client_are_not_found() -> None:
    one, other = await furnish(1), await furnish(1)
    conversation = one.conversations[0].id
    question = await one_question(one.slug, conversation)

    own, foreign, elsewhere = await Loaders().answers_by_question_id.load_many(
        [
            AskedIn(one.slug, conversation, question),
            AskedIn(other.slug, conversation, question),
            AskedIn(one.slug, other.conversations[0].id, question),
        ]
    )

    assert [one.content for one in own] == ["Answer 2", "Answer 1"]
    assert foreign == []
    assert elsewhere == []


async def one_question(slug: str, conversation: PydanticObjectId) -> PydanticObjectId:
    found = (
        await TenantScope.one(slug)
        .of(Message)
        .find_one({"conversation_id": conversation, "sender": "visitor"})
    )
    assert found is not None
    return found.id


async def test_the_same_thing_is_loaded_once_in_an_operation_and_anew_in_the_next(
    context_of: MakeContext, commands: Commands
) -> None:
    made = await furnish(3)
    context = context_of()
    document = """
      query ($client: ID!) { chatbots(clientId: $client) { edges { node { client { name } } } } }
    """
    variables = {"client": global_id("Client", made.client.id)}

    async def names() -> set[str]:
        result = await schema.execute(document, variables, context.fresh())
        assert result.data is not None
        return {edge["node"]["client"]["name"] for edge in result.data["chatbots"]["edges"]}

    commands.sent.clear()
    assert await names() == {made.client.name}
    assert commands.sent.count("find clients") == 2  # the argument, and all rows together
    await made.scope.of(Client).update_one({}, {"$set": {"name": "Renamed"}})
    assert await names() == {"Renamed"}


async def test_a_mutation_does_not_see_what_the_one_before_it_has_loaded(
    context_of: MakeContext,
) -> None:
    made = await furnish(1)
    document = """
      mutation ($chatbot: ID!, $client: ID!) {
        before: updateChatbot(input: {id: $chatbot}) { ...name }
        updateClient(input: {id: $client, name: "Renamed"}) { __typename }
        after: updateChatbot(input: {id: $chatbot}) { ...name }
      }
      fragment name on UpdateChatbotResult {
        ... on UpdateChatbotSuccess { chatbot { client { name } } }
      }
    """
    variables = {
        "chatbot": global_id("Chatbot", made.chatbots[0].id),
        "client": global_id("Client", made.client.id),
    }

    result = await schema.execute(document, variables, context_of())

    assert result.errors is None
    assert result.data is not None
    assert result.data["before"]["chatbot"]["client"]["name"] == made.client.name
    assert result.data["after"]["chatbot"]["client"]["name"] == "Renamed"


async def test_what_was_deleted_since_the_row_was_read_is_told_as_before(
    context_of: MakeContext,
) -> None:
    made = await furnish(2)
    await made.scope.of(Chatbot).delete_one({"_id": made.chatbots[1].id})
    document = """
      query ($client: ID!) { conversations(clientId: $client) { edges { node {
        title chatbot { embedKey }
      } } } }
    """

    result = await schema.execute(
        document, {"client": global_id("Client", made.client.id)}, context_of()
    )

    codes = [error.extensions["code"] for error in result.errors or () if error.extensions]
    assert codes == ["NOT_FOUND"]
