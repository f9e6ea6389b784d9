"""Unanswered questions: put together, answered with an approved pair, or dismissed."""

import pytest

from tests.answers import asked
from tests.api.operations import (
    Json,
    KeyOf,
    MakeClient,
    PersonOf,
    VisitorOf,
    codes,
    done,
    mutate,
    new_chatbot,
    new_slug,
)
from tests.api.test_erasure import chatbot_facts
from tests.api.test_reports import around_today
from tests.api.test_usage import Shop
from tests.graphql_clients import GraphQLClient

GROUPS = """
query ($id: ID!, $period: PeriodInput!, $withDismissed: Boolean! = false, $first: Int! = 20) {
  unansweredGroups(
    chatbotId: $id, period: $period, withDismissed: $withDismissed, first: $first
  ) {
    question count lastAskedAt
    wordings { question count exampleMessageId }
    suggestion { question answer sourceTitle evidence }
  }
}
"""
SOURCE = "source { id title kind chunkCount chatbots { id } }"
ISSUES = "... on InvalidInputError { issues { path } }"
SHIPPING = (
    "Do you ship to Switzerland?",
    "Is shipping to Switzerland possible?",
    "do you ship to switzerland",
)
DOGS = "Are dogs welcome?"


@pytest.fixture
async def strict(admin: GraphQLClient, make_client: MakeClient) -> Shop:
    """A shop whose chatbot answers from what it knows, and knows little."""
    slug = new_slug()
    client_id = await make_client(slug)
    chatbot_id = await new_chatbot(admin, client_id)
    given = {"chatbotIds": [chatbot_id], "kind": "TEXT", "title": "Parcels"}
    text = "Parcels within Germany take two days. The house is in Berlin."
    await done(admin, "addKnowledgeSource", {**given, "text": text}, "source { id }")
    return Shop(slug, client_id, chatbot_id, (await chatbot_facts(admin, chatbot_id))[0])


async def groups_of(caller: GraphQLClient, shop: Shop, **more: object) -> list[Json]:
    given = {"id": shop.chatbot_id, "period": around_today(), **more}
    found: list[Json] = (await caller.execute(GROUPS, given))["unansweredGroups"]
    return found


def messages_of(group: Json) -> list[str]:
    return [one["exampleMessageId"] for one in group["wordings"]]


async def answer_to(visitor: GraphQLClient, question: str) -> Json:
    answer: Json = (await asked(visitor, question))[-1]["answer"]
    return answer


async def test_an_approved_answer_is_given_and_cited_from_the_next_question_on(
    strict: Shop, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    editor = await person_of(strict.slug, "editor")
    visitor = await visitor_of(strict.embed_key)
    for question in (*SHIPPING, DOGS):
        assert (await answer_to(visitor, question))["citations"] == []

    shipping, dogs = await groups_of(editor, strict)
    assert [one["question"] for one in shipping["wordings"]] == [SHIPPING[2], SHIPPING[1]]
    assert (shipping["count"], shipping["question"]) == (3, SHIPPING[2])
    assert [one["count"] for one in shipping["wordings"]] == [2, 1]
    assert (dogs["count"], dogs["question"]) == (1, DOGS)

    given = {
        "chatbotId": strict.chatbot_id,
        "question": "Do you ship to Switzerland?",
        "answer": "Yes, we ship to Switzerland for nine francs.",
        "alsoAsked": ["Switzerland?"],
        "questionIds": messages_of(shipping),
    }
    source = (await done(editor, "approveAnswer", given, SOURCE))["source"]
    assert (source["title"], source["kind"], source["chunkCount"]) == ("FAQ", "QA", 2)
    assert [one["id"] for one in source["chatbots"]] == [strict.chatbot_id]
    assert [one["question"] for one in await groups_of(editor, strict)] == [DOGS]

    for question in (*SHIPPING, "Switzerland?"):
        answer = await answer_to(visitor, question)
        assert "nine francs" in answer["content"]
        assert answer["citations"][0]["sourceTitle"] == "FAQ"
        assert "nine francs" in answer["citations"][0]["quote"]


async def test_answers_gather_in_one_source_and_the_same_question_gets_the_new_one(
    admin: GraphQLClient, strict: Shop, visitor_of: VisitorOf
) -> None:
    given = {"chatbotId": strict.chatbot_id, "question": "Any dogs?", "answer": "No dogs."}
    first = (await done(admin, "approveAnswer", given, SOURCE))["source"]
    again = {**given, "question": "any dogs", "answer": "Small dogs are welcome."}
    same = (await done(admin, "approveAnswer", again, SOURCE))["source"]
    assert (same["id"], same["chunkCount"]) == (first["id"], 1)
    cats = {**given, "question": "Any cats?", "answer": "Cats are fine."}
    assert (await done(admin, "approveAnswer", cats, SOURCE))["source"]["id"] == first["id"]
    answer = await answer_to(await visitor_of(strict.embed_key), "Any dogs?")
    assert "Small dogs are welcome." in answer["content"]
    await done(admin, "deleteKnowledgeSource", {"id": first["id"]}, "deletedId")
    anew = (await done(admin, "approveAnswer", cats, SOURCE))["source"]
    assert anew["id"] != first["id"]


async def test_what_was_answered_comes_back_when_nothing_answers_it_any_more(
    admin: GraphQLClient, strict: Shop, visitor_of: VisitorOf
) -> None:
    visitor = await visitor_of(strict.embed_key)
    await answer_to(visitor, DOGS)
    given = {"chatbotId": strict.chatbot_id, "question": DOGS, "answer": "Yes, on a lead."}
    source = (await done(admin, "approveAnswer", given, SOURCE))["source"]
    assert await groups_of(admin, strict) == []
    await done(admin, "deleteKnowledgeSource", {"id": source["id"]}, "deletedId")
    await answer_to(visitor, DOGS)
    assert [one["question"] for one in await groups_of(admin, strict)] == [DOGS]


async def test_dismissed_questions_stay_away(
    admin: GraphQLClient, strict: Shop, visitor_of: VisitorOf
) -> None:
    visitor = await visitor_of(strict.embed_key)
    await answer_to(visitor, DOGS)
    [dogs] = await groups_of(admin, strict)
    given = {"chatbotId": strict.chatbot_id, "questionIds": messages_of(dogs)}
    assert (await done(admin, "dismissQuestions", given, "dismissed"))["dismissed"] == 1
    await answer_to(visitor, DOGS.upper())
    assert await groups_of(admin, strict) == []
    [still_there] = await groups_of(admin, strict, withDismissed=True)
    assert still_there["count"] == 2


async def test_the_passage_that_comes_closest_is_suggested(
    admin: GraphQLClient, strict: Shop, visitor_of: VisitorOf
) -> None:
    await answer_to(
        await visitor_of(strict.embed_key), "Do parcels reach mountain huts of Norway by sledge?"
    )
    suggestion = (await groups_of(admin, strict))[0]["suggestion"]
    assert suggestion["question"].startswith("Do parcels reach")
    assert "Parcels within Germany" in suggestion["answer"]
    assert suggestion["sourceTitle"] == "Parcels"
    assert 0 < suggestion["evidence"] < 0.5


async def test_each_chatbot_has_its_own(
    admin: GraphQLClient, strict: Shop, visitor_of: VisitorOf
) -> None:
    other = await new_chatbot(admin, strict.id, name="Other")
    visitor = await visitor_of(strict.embed_key)
    await answer_to(visitor, DOGS)
    [dogs] = await groups_of(admin, strict)
    assert await groups_of(admin, strict, id=other) == []
    given = {"question": DOGS, "answer": "Yes.", "questionIds": messages_of(dogs)}
    refused = await mutate(admin, "approveAnswer", {"chatbotId": other, **given}, SOURCE)
    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "questionIds"])
    embed_key = (await chatbot_facts(admin, other))[0]
    await done(admin, "approveAnswer", {"chatbotId": strict.chatbot_id, **given}, SOURCE)
    assert (await answer_to(await visitor_of(embed_key), DOGS))["citations"] == []


async def test_what_cannot_be_is_refused(admin: GraphQLClient, strict: Shop) -> None:
    good = {"chatbotId": strict.chatbot_id, "question": "Why?", "answer": "Because."}
    for field, value in (
        ("question", " "),
        ("question", "x" * 1_001),
        ("answer", ""),
        ("answer", "x" * 10_001),
        ("alsoAsked", ["x"] * 21),
        ("alsoAsked", [""]),
    ):
        refused = await mutate(admin, "approveAnswer", {**good, field: value}, SOURCE, ISSUES)
        assert refused["code"] == "INVALID_INPUT", field
        assert refused["issues"][0]["path"][:2] == ["input", field]
    none = {"chatbotId": strict.chatbot_id, "questionIds": []}
    assert (await mutate(admin, "dismissQuestions", none, "dismissed"))["code"] == "INVALID_INPUT"
    odd = {"chatbotId": strict.chatbot_id, "questionIds": [strict.chatbot_id]}
    assert (await mutate(admin, "dismissQuestions", odd, "dismissed"))["code"] == "NOT_FOUND"


async def test_only_who_may_read_conversations_sees_them(
    admin: GraphQLClient, strict: Shop, key_of: KeyOf
) -> None:
    reader = await key_of(strict.id, "CONVERSATIONS_READ")
    assert await groups_of(reader, strict) == []
    writer = await key_of(strict.id, "KNOWLEDGE_WRITE")
    given = {"id": strict.chatbot_id, "period": around_today()}
    assert await codes(writer, GROUPS, given) == ["FORBIDDEN"]
