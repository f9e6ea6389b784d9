"""What a client teaches its chatbot is answered by that chatbot, cited, and by no other."""

import secrets
from collections.abc import Awaitable, Callable

from tests.answers import asked
from tests.graphql_clients import GraphQLClient, Json

CREATE_CHATBOT = """
mutation ($client: ID!) {
  createChatbot(input: {clientId: $client, name: "Taught"}) {
    ... on CreateChatbotSuccess { chatbot { id embedKey } }
    ... on UserError { code message }
  }
}
"""
TEACH = """
mutation ($chatbot: ID!, $text: String!) {
  addKnowledgeSource(input: {chatbotIds: [$chatbot], kind: TEXT, title: "Lessons", text: $text}) {
    ... on AddKnowledgeSourceSuccess { source { id status } }
    ... on UserError { code message }
  }
}
"""
FORGET = """
mutation ($id: ID!) {
  deleteKnowledgeSource(input: {id: $id}) {
    ... on DeleteKnowledgeSourceSuccess { deletedId }
    ... on UserError { code message }
  }
}
"""


async def test_a_random_sentence_comes_back_cited_from_its_chatbot_alone(
    admin: GraphQLClient,
    make_client: Callable[..., Awaitable[str]],
    visitor_of: Callable[[str], Awaitable[GraphQLClient]],
) -> None:
    word = f"zorb{secrets.token_hex(4)}"
    sentence = f"The {word} of the north tower opens at {secrets.randbelow(24)} o'clock."
    mine, others = await make_client(), await make_client()
    taught = await new_chatbot(admin, mine)
    siblings = [await new_chatbot(admin, mine), await new_chatbot(admin, others)]
    text = f"# Towers\n\nThere are two towers. {sentence} The south tower is closed."
    source = await admin.execute(TEACH, {"chatbot": taught["id"], "text": text})

    question = f"When does the {word} open?"
    answer = await answer_of(await visitor_of(taught["embedKey"]), question)
    for other in siblings:
        silent = await answer_of(await visitor_of(other["embedKey"]), question)
        assert word not in silent["content"]
        assert silent["citations"] == []

    assert sentence in answer["content"]
    citation = answer["citations"][0]
    assert citation["sourceTitle"] == "Lessons"
    assert text[citation["startOffset"] : citation["endOffset"]] == citation["quote"]
    assert sentence in citation["quote"]

    source_id = source["addKnowledgeSource"]["source"]["id"]
    await admin.execute(FORGET, {"id": source_id})
    forgotten = await answer_of(await visitor_of(taught["embedKey"]), question)
    assert word not in forgotten["content"]


async def new_chatbot(admin: GraphQLClient, client_id: str) -> Json:
    """A chatbot of a client."""
    made: Json = await admin.execute(CREATE_CHATBOT, {"client": client_id})
    chatbot: Json = made["createChatbot"]["chatbot"]
    return chatbot


async def answer_of(visitor: GraphQLClient, question: str) -> Json:
    """The answer to a question, once it is whole."""
    answer: Json = (await asked(visitor, question))[-1]["answer"]
    return answer
