"""Finding conversations by what was said, in every script, and no more work than that takes."""

# ruff: noqa: RUF001 -- the look-alike characters are letters of other scripts

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from beanie import PydanticObjectId
from graphql import GraphQLError

from documents.base import utc_now
from documents.clients import Client
from documents.conversations import Conversation
from documents.database.database import Database
from documents.messages import Message
from documents.migrations.m0003_messages_get_words import migrate
from documents.tenancy import TenantScope
from graphql_schema.node import global_id
from graphql_schema.schema import schema
from services.conversations import search
from services.conversations.catching_up import give_words
from services.conversations.words import message_words
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Visitor
from tests.unit.answering.scripted_models import Script
from tests.unit.conversations.conftest import ContextOf, member

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEARCH = """
query ($client: ID!, $text: String!, $filter: ConversationFilter, $first: Int! = 20, $after: String)
{ searchConversations(
    clientId: $client, text: $text, filter: $filter, first: $first, after: $after
  ) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { title } } } }
"""
SAID = {
    "en": ("How do I return damaged shoes?", "returning a damaged shoe", "opening hours"),
    "de": (
        "Wie kann ich beschädigte Schuhe zurückgeben?",
        "beschaedigter Schuh beschädigt",
        "Lampe",
    ),
    "fr": ("Comment retourner des chaussures abîmées ?", "chaussure abimée", "horaires"),
    "pl": ("Jak zwrócić uszkodzone buty?", "uszkodzony but", "godziny"),
    "tr": ("Hasarlı ayakkabıları nasıl iade ederim?", "hasarlı ayakkabı", "saat"),
    "vi": ("Làm thế nào để trả lại giày bị hỏng?", "giày hỏng", "mũ"),
    "zh": ("我想退货,鞋子坏了怎么办?", "退货 鞋子", "发票"),
    "zh, one character": ("我的猫不见了", "猫", "狗"),
    "ja": ("壊れた靴を返品したいのですが", "返品", "営業時間"),
    "ja, one character": ("靴が壊れました", "靴", "傘"),
    "th": ("ฉันต้องการคืนรองเท้าที่ชำรุด", "คืนรองเท้า", "เวลาเปิด"),
    "hi": ("मैं टूटे हुए जूते कैसे लौटाऊँ?", "टूटे जूते", "समय"),
    "ar": ("كيف يمكنني إرجاع الأحذية التالفة؟", "إرجاع الأحذية", "ساعات"),
}
"""By language: what was said, how somebody looks for it, and what is not in it."""

OPERATORS = [
    '"return shoes"',
    "-return +shoes",
    "return AND (shoes OR",
    "{$ne: null} return shoes",
    "return\\shoes*",
    "$return $$shoes",
    "return\x00shoes",
    "/return/ shoes$",
    "'; return shoes --",
]


MANY = search.MESSAGES_PER_WORD


class Talks:
    """Conversations of a client of the test's own."""

    def __init__(self) -> None:
        self.slug = f"client-{uuid4().hex[:8]}"
        self.client = Client(client_id=self.slug, name="A client")
        self.scope = TenantScope.one(self.slug)

    async def __call__(self, title: str, *said: str, **more: Any) -> Conversation:
        """A new conversation in which this was said."""
        conversation = Conversation(
            **{
                "client_id": self.slug,
                "chatbot_id": PydanticObjectId(),
                "visitor_id": PydanticObjectId(),
                "title": title,
                "last_message_at": utc_now(),
                **more,
            }
        )
        await self.scope.of(Conversation).insert(conversation)
        messages = [message(conversation, seq, text) for seq, text in enumerate(said, 1)]
        await self.scope.of(Message).insert_many(messages)
        return conversation


def message(conversation: Conversation, seq: int, text: str) -> Message:
    return Message(
        client_id=conversation.client_id,
        conversation_id=conversation.id,
        chatbot_id=conversation.chatbot_id,
        visitor_id=conversation.visitor_id,
        seq=seq,
        sender="visitor" if seq % 2 else "bot",
        status="complete",
        content=text,
        words=message_words(text),
    )


@pytest_asyncio.fixture(loop_scope="session")
async def talks(database: Database) -> Talks:
    made = Talks()
    await made.scope.of(Client).insert(made.client)
    return made


async def found(context_of: ContextOf, talks: Talks, text: str, **more: Any) -> dict[str, Any]:
    variables = {"client": global_id("Client", talks.client.id), "text": text, **more}
    result = await schema.execute(SEARCH, variables, context_of(member(talks.slug)))
    assert result.errors is None, result.errors
    assert result.data is not None
    page: dict[str, Any] = result.data["searchConversations"]
    return page


def codes(errors: Sequence[GraphQLError] | None) -> list[object]:
    return [(one.extensions or {}).get("code") for one in errors or []]


def titles(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["title"] for edge in page["edges"]]


@pytest.mark.parametrize("name", SAID)
async def test_what_was_said_is_found_in_its_language(
    name: str, talks: Talks, context_of: ContextOf
) -> None:
    said, looked_for, absent = SAID[name]
    await talks("this", said)
    await talks("another", "Completely different.", "完全不同", "ต่างกันโดยสิ้นเชิง")
    assert titles(await found(context_of, talks, looked_for)) == ["this"]
    assert titles(await found(context_of, talks, absent)) == []


@pytest.mark.parametrize("text", OPERATORS)
async def test_signs_and_operators_mean_nothing(
    text: str, talks: Talks, context_of: ContextOf
) -> None:
    await talks("this", "Can I return these shoes?")
    assert titles(await found(context_of, talks, text)) == ["this"]


async def test_nothing_but_signs_finds_nothing(talks: Talks, context_of: ContextOf) -> None:
    await talks("this", "!? ...")
    for text in ("!?", "...", "🦜", '"'):
        page = await found(context_of, talks, text)
        assert titles(page) == []
        assert page["totalCount"] == 0


async def test_the_best_come_first_and_equal_ones_newest_first(
    talks: Talks, context_of: ContextOf
) -> None:
    await talks("all, old", "My red lamp", "is broken")
    await talks("one of three", "A lamp")
    await talks("two of three", "A broken lamp")
    await talks("all, new", "Broken: the red lamp")
    page = await found(context_of, talks, "red broken lamp")
    assert titles(page) == ["all, new", "all, old", "two of three"]
    assert page["totalCount"] == 3


async def test_pages_go_on_where_they_were_while_more_is_said(
    talks: Talks, context_of: ContextOf
) -> None:
    for number in range(5):
        await talks(f"{number}", "A lamp" if number % 2 else "A red lamp")
    wanted = ["4", "2", "0", "3", "1"]
    page = await found(context_of, talks, "red lamp", first=2)
    seen = titles(page)
    weak = (await talks.scope.of(Conversation).find({"title": "3"}, limit=1))[0]
    while page["pageInfo"]["hasNextPage"]:
        await talks("newer", "A red lamp")
        await talks.scope.of(Message).insert(message(weak, len(seen) + 9, "red"))
        after = page["pageInfo"]["endCursor"]
        page = await found(context_of, talks, "red lamp", first=2, after=after)
        seen += titles(page)
    assert seen == wanted
    assert titles(await found(context_of, talks, "red lamp", first=2)) == ["newer", "newer"]


async def test_a_search_is_filtered_as_lists_are(talks: Talks, context_of: ContextOf) -> None:
    closed = await talks("closed", "A lamp", status="closed", language="de")
    await talks("open", "A lamp", has_citations=True, language="en")
    await talks("preview", "A lamp", preview_until=utc_now())
    for filter_, wanted in (
        (None, ["open", "closed"]),
        ({"statuses": ["CLOSED"]}, ["closed"]),
        ({"languages": ["EN"]}, ["open"]),
        ({"hasCitations": True}, ["open"]),
        ({"chatbotId": global_id("Chatbot", closed.chatbot_id)}, ["closed"]),
        ({"visitorId": global_id("Visitor", closed.visitor_id)}, ["closed"]),
        ({"visitorId": "nonsense"}, []),
        ({"from": "2020-01-01T00:00:00Z"}, ["open", "closed"]),
        ({"until": "2020-01-01T00:00:00Z"}, []),
    ):
        page = await found(context_of, talks, "lamp", filter=filter_)
        assert titles(page) == wanted, filter_
        assert page["totalCount"] == len(wanted)


async def test_another_client_finds_nothing(talks: Talks, context_of: ContextOf) -> None:
    await talks("this", "A lamp")
    other = Talks()
    await other.scope.of(Client).insert(other.client)
    assert titles(await found(context_of, other, "lamp")) == []
    variables = {"client": global_id("Client", talks.client.id), "text": "lamp"}
    result = await schema.execute(SEARCH, variables, context_of(member(other.slug)))
    assert codes(result.errors) == ["NOT_FOUND"]


async def test_bad_arguments_are_refused(talks: Talks, context_of: ContextOf) -> None:
    for bad in (
        {"text": ""},
        {"text": "  "},
        {"text": "x" * 501},
        {"after": "bm9uZQ"},
        {"after": "MS5hLmI"},
        {"first": 0},
    ):
        variables = {"client": global_id("Client", talks.client.id), "text": "lamp", **bad}
        result = await schema.execute(SEARCH, variables, context_of(member(talks.slug)))
        assert codes(result.errors) == ["INVALID_INPUT"], bad


async def test_a_word_that_stands_everywhere_costs_no_more_than_another(
    talks: Talks, context_of: ContextOf, database: Database
) -> None:
    one = await talks("many", "The first lamp of all")
    many = [message(one, seq, f"lamp {seq}") for seq in range(10, 10 + 2 * MANY)]
    await talks.scope.of(Message).insert_many(many)
    profile = database.database["system.profile"]
    await database.database.command("profile", 0)
    await database.database.drop_collection("system.profile")
    await database.database.create_collection("system.profile", capped=True, size=16_000_000)
    await database.database.command("profile", 2)
    try:
        page = await found(context_of, talks, "the first lamp of all Lampen")
    finally:
        await database.database.command("profile", 0)
    assert titles(page) == ["many"], "the rare word reaches further back"
    ns = f"{database.database.name}.messages"
    recorded = await profile.find({"ns": ns, "command.aggregate": "messages"}).to_list(None)
    assert recorded
    for entry in recorded:
        assert "COLLSCAN" not in entry["planSummary"]
        assert not entry.get("hasSortStage")
        assert entry["docsExamined"] <= MANY


async def test_questions_and_answers_are_found_as_soon_as_they_are_whole(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Die Lampen ", "sind rot."))
    asked = await process.ask(visitor, visitor.question("Was für Leuchten habt ihr?"))
    await process.follow(visitor, asked.answer.id)
    answer = await visitor.message(asked.answer.id)
    assert set(message_words("Die Lampen sind rot.")) == set(answer.words)
    assert asked.answer.question_id is not None
    question = await visitor.message(asked.answer.question_id)
    assert question.words == message_words("Was für Leuchten habt ihr?", "de")


async def test_messages_of_older_versions_get_their_words_in_batches(
    talks: Talks, context_of: ContextOf, database: Database
) -> None:
    await talks("old", "A lamp", "A red one", "Is it bright?")
    await talks("being given", "A lamp")
    messages = database.database["messages"]
    old = {"client_id": talks.slug}
    await messages.update_many(old, {"$unset": {"words": "", "words_due": ""}})
    streaming = {"content": "A lamp", "conversation_id": {"$ne": None}}
    last = await messages.find_one({**old, **streaming}, sort=[("_id", -1)])
    assert last is not None
    await messages.update_one({"_id": last["_id"]}, {"$set": {"status": "streaming"}})
    assert titles(await found(context_of, talks, "lamp")) == []

    for _ in range(2):  # it may be run again from its beginning
        await migrate(database.database)
    assert await messages.count_documents({**old, "words_due": True}) == 4
    batches = []
    while given := await give_words(batch=2):
        batches.append(given)
    assert sum(batches) >= 3
    assert titles(await found(context_of, talks, "lamp")) == ["old"]
    assert await messages.count_documents({**old, "words_due": True}) == 1
    await messages.delete_many(old)
