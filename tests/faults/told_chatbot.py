"""A chatbot whose answers are told to somebody outside."""

import secrets

from tests.api.operations import OPEN, done, new_chatbot
from tests.conftest import CREATE_CLIENT
from tests.graphql_clients import GraphQLClient


async def chatbot_that_tells(admin: GraphQLClient, address: str) -> str:
    """A chatbot whose client has every answer told to this address; its embed key."""
    slug = f"client-{secrets.token_hex(4)}"
    client = (await admin.execute(CREATE_CLIENT, {"slug": slug}))["createClient"]["client"]
    chatbot = await new_chatbot(admin, client["id"], settings=OPEN)
    given = {
        "clientId": client["id"],
        "name": "Program",
        "target": {"webhookUrl": address},
        "events": ["MESSAGE_CREATED"],
    }
    await done(admin, "createIntegration", given, "signingSecret")
    query = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"
    return str((await admin.execute(query, {"id": chatbot}))["chatbot"]["embedKey"])
