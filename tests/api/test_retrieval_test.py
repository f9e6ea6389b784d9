"""`testRetrieval`: what a chatbot would find, shown to those who tend its knowledge."""

import secrets

from tests.answers import asked
from tests.api.operations import Json, MakeClient, VisitorOf, codes, done, new_chatbot, new_source
from tests.graphql_clients import GraphQLClient

TEST = """
query ($chatbot: ID!, $question: String!, $conversation: ID) {
  testRetrieval(chatbotId: $chatbot, question: $question, conversationId: $conversation) {
    tokens spellingRepairs rewrittenQuestion gate gateScore threshold prompt tookMs
    passages {
      text lexicalScore vectorScore fusedScore used
      citation { number sourceTitle quote startOffset endOffset headingPath score }
    }
  }
}
"""


async def tried(caller: GraphQLClient, chatbot_id: str, question: str) -> Json:
    given = {"chatbot": chatbot_id, "question": question}
    found: Json = (await caller.execute(TEST, given))["testRetrieval"]
    return found


async def test_what_is_found_is_shown_with_its_scores_and_the_prompt(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    word = f"zorb{secrets.token_hex(4)}"
    text = f"# Towers\n\nThe {word} opens at nine.\n\n# Gardens\n\nThere are roses."
    await new_source(admin, [chatbot_id], title="Lessons", text=text)

    test = await tried(admin, chatbot_id, f"When does the {word} open?")

    assert word in test["tokens"]
    assert (test["gate"], test["rewrittenQuestion"]) == ("ANSWER", None)
    assert test["gateScore"] >= test["threshold"] > 0
    assert test["tookMs"] > 0
    best = test["passages"][0]
    citation = best["citation"]
    assert (citation["number"], citation["sourceTitle"]) == (1, "Lessons")
    assert citation["headingPath"] == ["Towers"]
    assert text[citation["startOffset"] : citation["endOffset"]] == citation["quote"]
    assert best["used"] is True
    assert best["fusedScore"] == citation["score"] > 0
    assert best["lexicalScore"] > 0
    assert best["vectorScore"] is None
    assert f"The {word} opens at nine." in test["prompt"]
    assert test["prompt"].endswith(f"[user]\nWhen does the {word} open?")


async def test_what_is_not_evidence_enough_is_shown_and_kept_out_of_the_prompt(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    await new_source(admin, [chatbot_id], text="The harbour has a lighthouse built of granite.")

    test = await tried(
        admin, chatbot_id, "Which insurance covers lost parcels, harbour storms or delays?"
    )

    assert test["gate"] == "REFUSE"
    assert 0 < test["gateScore"] < test["threshold"]
    assert [one["used"] for one in test["passages"]] == [False]
    assert "lighthouse" not in test["prompt"]


async def test_a_chatbot_that_knows_nothing_finds_nothing(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    test = await tried(admin, chatbot_id, "When do you open?")
    assert (test["gate"], test["gateScore"], test["passages"]) == ("REFUSE", 0, [])


async def test_a_question_is_neither_empty_nor_endless(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    for question in (" ", "x" * 8_001):
        given = {"chatbot": chatbot_id, "question": question}
        assert await codes(admin, TEST, given) == ["INVALID_INPUT"]


async def test_the_talk_before_is_in_the_prompt_and_only_of_the_same_chatbot(
    admin: GraphQLClient, make_client: MakeClient, visitor_of: VisitorOf
) -> None:
    client_id = await make_client()
    chatbot = {"clientId": client_id, "name": "Helper"}
    made = (await done(admin, "createChatbot", chatbot, "chatbot { id embedKey }"))["chatbot"]
    visitor = await visitor_of(made["embedKey"])
    conversation_id = (await asked(visitor, "Do you sell lamps?"))[0]["conversationId"]
    given = {"question": "And chairs?", "conversation": conversation_id}

    own = await admin.execute(TEST, {**given, "chatbot": made["id"]})
    assert "[user]\nDo you sell lamps?" in own["testRetrieval"]["prompt"]
    other = await new_chatbot(admin, client_id)
    foreign = await admin.execute(TEST, {**given, "chatbot": other})
    assert foreign == {"testRetrieval": None}
