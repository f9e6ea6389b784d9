"""What the Relay compiler makes of the guide's fragments, executed by the server."""

import json
import re
from pathlib import Path

from tests.answers import asked
from tests.api.operations import MakeClient, VisitorOf, new_chatbot
from tests.graphql_clients import GraphQLClient, Json

ARTIFACTS = "relay/__generated__"


def document(project: Path, name: str) -> str:
    """The text that Relay would send for an operation."""
    made = (project / ARTIFACTS / f"{name}.graphql.ts").read_text()
    found = re.search(r'^    "text": (".*")$', made, re.MULTILINE)
    assert found is not None
    return str(json.loads(found[1]))


async def test_a_list_is_fetched_changed_and_continued_by_its_node(
    project: Path, admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    for number in range(3):
        await new_chatbot(admin, client_id, name=f"Helper {number}")
    page = await admin.execute(document(project, "ClientPageQuery"), {"id": client_id})
    assert len(page["client"]["chatbots"]["edges"]) == 3

    more = document(project, "ClientPageChatbotsQuery")
    first = (await admin.execute(more, {"id": client_id, "count": 2}))["node"]["chatbots"]
    cursor = first["pageInfo"]["endCursor"]
    second = await admin.execute(more, {"id": client_id, "count": 2, "cursor": cursor})
    ids = [
        edge["node"]["id"] for part in (first, second["node"]["chatbots"]) for edge in part["edges"]
    ]
    assert ids == [edge["node"]["id"] for edge in page["client"]["chatbots"]["edges"]]
    assert first["pageInfo"]["hasNextPage"] is True
    assert second["node"]["chatbots"]["pageInfo"]["hasNextPage"] is False

    create = document(project, "ClientPageCreateChatbotMutation")
    given = {"input": {"clientId": client_id, "name": ""}}
    refused = (await admin.execute(create, given))["createChatbot"]
    assert refused["__isUserError"] == "InvalidInputError"
    given["input"]["name"] = "Helper 3"
    made: Json = (await admin.execute(create, given))["createChatbot"]["chatbot"]
    again = await admin.execute(document(project, "ClientPageQuery"), {"id": client_id})
    newest = again["client"]["chatbots"]["edges"][0]["node"]
    assert newest == made | {"__typename": "Chatbot"}


async def test_a_conversation_is_paged_backwards_and_its_answer_followed(
    project: Path, admin: GraphQLClient, visitor_of: VisitorOf
) -> None:
    visitor = await visitor_of()
    events = await asked(visitor, "What is Parlance?")
    conversation_id, message_id = events[0]["conversationId"], events[0]["messageId"]

    pane = document(project, "ConversationPaneQuery")
    last = await admin.execute(pane, {"id": conversation_id, "count": 1})
    (answer,) = last["node"]["messages"]["edges"]
    assert answer["node"]["id"] == message_id
    info = last["node"]["messages"]["pageInfo"]
    assert info["hasPreviousPage"] is True
    before = {"id": conversation_id, "count": 1, "before": info["startCursor"]}
    (question,) = (await admin.execute(pane, before))["node"]["messages"]["edges"]
    assert question["node"]["content"] == "What is Parlance?"

    follow = document(project, "ConversationPaneFollowSubscription")
    given = {"messageId": message_id, "afterSeq": 0}
    followed = [data["answer"] async for data in admin.subscribe(follow, given)]
    assert [event["seq"] for event in followed] == [event["seq"] for event in events]
    assert followed[-1]["answer"]["content"] == answer["node"]["content"]
