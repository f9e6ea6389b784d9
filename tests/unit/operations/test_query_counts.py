"""How often a list asks the database does not depend on how long the list is."""

import pytest

from graphql_schema.node import global_id
from graphql_schema.schema import schema
from tests.unit.operations.conftest import Commands, MakeContext
from tests.unit.operations.furnishing import Furnished, furnish

pytestmark = pytest.mark.asyncio(loop_scope="session")

FEW, MANY = 2, 7

LISTS = {
    "chatbots": """
      query ($client: ID!) { chatbots(clientId: $client) { edges { node {
        client { name }
        published { publishedBy { email } settings { defaultLlm { name } } }
        draft { name defaultLlm { name client { name } } fallbackLlm { name } }
      } } } }
    """,
    "conversations": """
      query ($client: ID!) { conversations(clientId: $client) { edges { node {
        title client { name } chatbot { embedKey client { name } } visitor { id firstSeenAt }
      } } } }
    """,
    "messages": """
      query ($conversation: ID!) { messages(conversationId: $conversation) { edges { node {
        content conversation { title chatbot { embedKey } } llm { name } alternatives { content }
      } } } }
    """,
    "clients": """
      query ($slug: String) { clients(filter: {text: $slug}) { edges { node {
        name members { role user { email sessions { id } } } apiKeys { name client { name } }
      } } } }
    """,
    "users": """
      query ($client: ID!) { users(clientId: $client) { edges { node {
        email memberships { role client { name } } sessions { id }
      } } } }
    """,
    "apiKeys": "query ($client: ID!) { apiKeys(clientId: $client) { name client { name } } }",
    "llmConfigs": """
      query ($client: ID!) { llmConfigs(clientId: $client) { edges { node {
        name client { name }
      } } } }
    """,
    "knowledgeSources": """
      query ($client: ID!) { knowledgeSources(clientId: $client) { edges { node {
        title client { name } chatbots { embedKey published { number } }
      } } } }
    """,
    "visits": """
      query ($chatbot: ID!) { visits(chatbotId: $chatbot) { edges { node {
        startedAt chatbot { embedKey } visitor { id }
      } } } }
    """,
    "widgetTokens": """
      query ($chatbot: ID!) { widgetTokens(chatbotId: $chatbot) { edges { node {
        createdAt chatbot { embedKey } visitor { id }
      } } } }
    """,
}
"""Each list with every field that loads something for each of its rows."""


@pytest.mark.parametrize("name", sorted(LISTS))
async def test_a_longer_list_sends_no_more_commands(
    name: str, context_of: MakeContext, commands: Commands
) -> None:
    sent = []
    for size in (FEW, MANY):
        made = await furnish(size)
        commands.sent.clear()
        rows = await listed(name, made, context_of)
        assert rows >= (1 if name == "clients" else size)
        sent.append(sorted(commands.sent))

    assert sent[0] == sent[1]


async def listed(name: str, made: Furnished, context_of: MakeContext) -> int:
    """How many rows the list has."""
    variables = {
        "slug": made.slug,
        "client": global_id("Client", made.client.id),
        "chatbot": global_id("Chatbot", made.chatbots[0].id),
        "conversation": global_id("Conversation", made.conversations[0].id),
    }
    used = {key: value for key, value in variables.items() if f"${key}:" in LISTS[name]}
    result = await schema.execute(LISTS[name], used, context_of())
    assert result.errors is None, result.errors
    assert result.data is not None
    found = result.data[name]
    return len(found if isinstance(found, list) else found["edges"])


async def test_lists_within_a_list_of_clients_send_no_more_commands(
    context_of: MakeContext, commands: Commands
) -> None:
    makers = [await furnish(1) for _ in range(MANY)]
    document = """
      query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Client {
        name members { user { email } } apiKeys { name }
      } } }
    """
    sent = []
    for some in (makers[:FEW], makers):
        ids = [global_id("Client", each.client.id) for each in some]
        commands.sent.clear()
        result = await schema.execute(document, {"ids": ids}, context_of())
        assert result.errors is None
        sent.append(sorted(commands.sent))

    assert sent[0] == sent[1]
