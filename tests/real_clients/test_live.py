"""A list that is live, as the guide builds it on Apollo Client."""

from pathlib import Path

from tests.answers import asked
from tests.api.operations import MakeClient, VisitorOf, new_chatbot
from tests.api.test_erasure import chatbot_facts
from tests.browser.relay import Relay
from tests.graphql_clients import GraphQLClient
from tests.real_clients.conftest import session_of
from tests.real_clients.node_program import node_program
from tests.server_process import ServerProcess


async def test_a_list_keeps_up_also_through_a_lost_connection(
    project: Path,
    server: ServerProcess,
    network: Relay,
    admin: GraphQLClient,
    make_client: MakeClient,
    visitor_of: VisitorOf,
) -> None:
    client_id = await make_client()
    embed_key, _ = await chatbot_facts(admin, await new_chatbot(admin, client_id))
    visitor = await visitor_of(embed_key)
    first = (await asked(visitor, "When do you open?"))[0]["conversationId"]
    async with node_program(
        project,
        "live",
        server=network.url,
        origin=server.url,
        session=await session_of(server),
        clientId=client_id,
    ) as page:
        await page.hear("text", lambda text: text == "When do you open? (2)")
        await asked(visitor, "And close?", conversationId=first)
        await page.hear("text", lambda text: text == "When do you open? (4)")
        network.cut()
        await asked(visitor, "And on Sundays?", conversationId=first)
        await network.refused.wait()
        network.mend()
        await page.hear("text", lambda text: text == "When do you open? (6)")
