"""What happens, told to those who watch: over the socket, with the right to it looked at again."""

from contextlib import aclosing

import pytest

from documents.ids import PydanticObjectId
from graphql_schema.pagination import cursor_of
from tests.answers import asked, followed, new_key
from tests.api.operations import MakeClient, PersonOf, VisitorOf, codes, done, new_chatbot, new_slug
from tests.graphql_clients import GraphQLClient, GraphQLFailure
from tests.watching import CURSOR, VISIT_EVENTS, cursor_now, visit_events

EMBED_KEY = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"


async def chatbot_of(admin: GraphQLClient, client_id: str) -> tuple[str, str]:
    """A new chatbot's id and embed key."""
    chatbot_id = await new_chatbot(admin, client_id)
    found = await admin.execute(EMBED_KEY, {"id": chatbot_id})
    return chatbot_id, found["chatbot"]["embedKey"]


async def refused(caller: GraphQLClient, after: str | None) -> list[str | None]:
    """The codes with which `visitEvents` ends at once."""
    async with aclosing(caller.subscribe(VISIT_EVENTS, {"after": after})) as results:
        with pytest.raises(GraphQLFailure) as failure:
            await anext(results)
    return failure.value.codes


async def test_a_second_tab_learns_what_to_follow(visitor_of: VisitorOf) -> None:
    visitor = await visitor_of()
    async with visit_events(visitor) as second_tab:
        events = await asked(visitor, "What is Parlance?")
        created, question = await second_tab.many(2)

    started = events[0]
    assert created["kind"] == "CONVERSATION_CREATED"
    assert created["conversation"] == {
        "id": started["conversationId"],
        "title": "What is Parlance?",
    }
    assert question["kind"] == "QUESTION_ASKED"
    assert question["messageId"] == started["messageId"]
    assert question["conversationId"] == started["conversationId"]
    assert await followed(visitor, question["messageId"]) == events


async def test_a_visitor_hears_nothing_of_another(visitor_of: VisitorOf) -> None:
    visitor, other = await visitor_of(), await visitor_of()
    async with visit_events(visitor) as stream:
        await asked(other, "Is this secret?")
        events = await asked(visitor, "What is Parlance?")
        assert (await stream.until("QUESTION_ASKED"))[-1]["messageId"] == events[0]["messageId"]


async def test_a_tab_that_was_away_goes_on_where_it_was(visitor_of: VisitorOf) -> None:
    visitor = await visitor_of()
    start = await cursor_now(visitor)
    conversation = (await asked(visitor, "What is Parlance?"))[0]["conversationId"]
    for _ in range(3):
        await asked(visitor, "And what else?", conversationId=conversation)
    async with visit_events(visitor, start) as stream:
        whole = await stream.many(5)

    for cut, event in enumerate(whole[:-1], 1):
        async with visit_events(visitor, event["cursor"]) as stream:
            assert await stream.many(5 - cut) == whole[cut:]


async def test_asking_again_with_the_key_is_no_news(visitor_of: VisitorOf) -> None:
    visitor, key = await visitor_of(), new_key()
    async with visit_events(visitor) as stream:
        await asked(visitor, "What is Parlance?", key)
        await asked(visitor, "What is Parlance?", key)
        last = await asked(visitor, "And what else?")
        begun = ["CONVERSATION_CREATED", "QUESTION_ASKED"]
        events = await stream.many(5)
    assert [event["kind"] for event in events] == [*begun, "CONVERSATION_ARCHIVED", *begun]
    assert events[-1]["messageId"] == last[0]["messageId"]


async def test_open_widgets_learn_of_a_new_configuration(
    admin: GraphQLClient, make_client: MakeClient, visitor_of: VisitorOf
) -> None:
    client_id = await make_client()
    chatbot_id, embed_key = await chatbot_of(admin, client_id)
    others_chatbot, _ = await chatbot_of(admin, client_id)
    settings = {"name": "Robin", "allowedOrigins": ["http://127.0.0.1"]}
    visitor = await visitor_of(embed_key)
    async with visit_events(visitor) as stream:
        await done(admin, "publishChatbot", {"id": others_chatbot}, "version { number }")
        given = {"id": chatbot_id, "settings": settings}
        await done(admin, "updateChatbot", given, "chatbot { id }")
        await done(admin, "publishChatbot", {"id": chatbot_id}, "version { number }")
        event = await stream.next()
    assert event["kind"] == "CONFIGURATION_PUBLISHED"
    assert event["chatbot"] == {"name": "Robin", "version": 2}
    assert event["conversation"] is None


async def test_events_come_as_server_sent_events_too(visitor_of: VisitorOf) -> None:
    visitor = await visitor_of()
    after = await cursor_now(visitor)
    events = await asked(visitor, "What is Parlance?")
    async with aclosing(visitor.stream(VISIT_EVENTS, {"after": after})) as results:
        created, question = [(await anext(results))["visitEvents"] for _ in range(2)]
    assert created["kind"] == "CONVERSATION_CREATED"
    assert question["messageId"] == events[0]["messageId"]


async def test_only_visitors_have_visits(
    admin: GraphQLClient, nobody: GraphQLClient, person_of: PersonOf
) -> None:
    for caller, code in (
        (nobody, "UNAUTHENTICATED"),
        (admin, "FORBIDDEN"),
        (await person_of("demo", "owner"), "FORBIDDEN"),
    ):
        assert await refused(caller, None) == [code]


async def test_a_cursor_that_is_none_is_refused(visitor_of: VisitorOf) -> None:
    visitor = await visitor_of()
    for cursor in ("", "nonsense", "🦜", cursor_of("demo")):
        assert await refused(visitor, cursor) == ["INVALID_INPUT"]


async def test_who_was_away_for_too_long_is_told_to_fetch_anew(
    admin: GraphQLClient, make_client: MakeClient, visitor_of: VisitorOf
) -> None:
    """So is whoever shows another client's cursor, which behaves as an unknown one."""
    visitor = await visitor_of()
    foreign = await cursor_now(admin, await make_client())
    for cursor in (cursor_of(str(PydanticObjectId())), foreign):
        assert await refused(visitor, cursor) == ["CURSOR_EXPIRED"]


async def test_a_revoked_token_ends_the_stream(
    admin: GraphQLClient, make_client: MakeClient, visitor_of: VisitorOf
) -> None:
    chatbot_id, embed_key = await chatbot_of(admin, await make_client())
    visitor = await visitor_of(embed_key)
    async with visit_events(visitor) as stream:
        await asked(visitor, "Are you open?")
        await stream.until("QUESTION_ASKED")
        await done(admin, "revokeChatbotTokens", {"chatbotId": chatbot_id}, "revokedTokens")
        with pytest.raises(GraphQLFailure) as ended:
            await stream.next()
    assert ended.value.codes == ["TOKEN_REVOKED"]


async def test_the_position_is_told_to_those_who_may_watch(
    admin: GraphQLClient,
    nobody: GraphQLClient,
    make_client: MakeClient,
    person_of: PersonOf,
    visitor_of: VisitorOf,
) -> None:
    slug, other_slug = new_slug(), new_slug()
    client_id, other = await make_client(slug), await make_client(other_slug)
    member = await person_of(slug, "viewer")
    first = await cursor_now(member, client_id)
    assert await cursor_now(member) == first == await cursor_now(admin, client_id)
    assert await codes(nobody, CURSOR, {"client": client_id}) == ["UNAUTHENTICATED"]
    assert await codes(member, CURSOR, {"client": other}) == ["NOT_FOUND"]
    assert await codes(admin, CURSOR, {}) == ["INVALID_INPUT"]
    assert await codes(await visitor_of(), CURSOR, {"client": client_id}) == ["NOT_FOUND"]
