"""`conversationEvents`: what a dashboard is told, and who may listen."""

from contextlib import aclosing

import pytest

from documents.ids import PydanticObjectId
from graphql_schema.pagination import cursor_of
from tests.administration import Administrator
from tests.answers import STOP, asked, asking, followed
from tests.api.operations import (
    Json,
    MakeClient,
    PersonOf,
    VisitorOf,
    database_of,
    done,
    new_chatbot,
    new_slug,
)
from tests.graphql_clients import GraphQLClient, GraphQLFailure
from tests.providers.dictation import FAILURE, Dictation, model_that_says
from tests.server_process import ServerProcess
from tests.watching import CONVERSATION_EVENTS, conversation_events, cursor_now, watching

EMBED_KEY = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"
OF_A_QUESTION = ["ConversationStarted", "MessageCreated", "MessageCreated", "MessageUpdated"]


class House:
    """A client with one chatbot."""

    def __init__(self, admin: GraphQLClient, slug: str, client_id: str) -> None:
        self.admin = admin
        self.slug = slug
        self.id = client_id

    async def chatbot(self) -> tuple[str, str]:
        """A new chatbot's id and embed key."""
        chatbot_id = await new_chatbot(self.admin, self.id)
        found = await self.admin.execute(EMBED_KEY, {"id": chatbot_id})
        return chatbot_id, found["chatbot"]["embedKey"]


@pytest.fixture
async def house(admin: GraphQLClient, make_client: MakeClient) -> House:
    slug = new_slug()
    return House(admin, slug, await make_client(slug))


def kinds(events: list[Json]) -> list[str]:
    return [event["__typename"] for event in events]


async def refused(caller: GraphQLClient, **given: str | None) -> list[str | None]:
    """The codes with which the subscription ends at once."""
    async with aclosing(caller.subscribe(CONVERSATION_EVENTS, dict(given))) as results:
        with pytest.raises(GraphQLFailure) as failure:
            await anext(results)
    return failure.value.codes


async def test_a_dashboard_sees_a_question_from_its_beginning_to_its_end(
    house: House, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    _, embed_key = await house.chatbot()
    viewer, visitor = await person_of(house.slug, "viewer"), await visitor_of(embed_key)
    async with conversation_events(viewer, house.id) as stream:
        asked_events = await asked(visitor, "When do you open?")
        started, question, answer, ended = await stream.many(4)
        await asked(visitor, "And when do you close?", conversationId=started["conversation"]["id"])
        more = await stream.many(3)

    assert kinds([started, question, answer, ended]) == OF_A_QUESTION
    assert started["conversation"]["title"] == "When do you open?"
    assert question["newMessage"]["sender"] == "VISITOR"
    assert question["newMessage"]["content"] == "When do you open?"
    assert answer["newMessage"]["id"] == asked_events[0]["messageId"]
    assert ended["changedMessage"]["status"] == "COMPLETE"
    assert ended["changedMessage"]["content"] == asked_events[-1]["answer"]["content"]
    assert kinds(more) == OF_A_QUESTION[1:]
    assert await followed(viewer, answer["newMessage"]["id"]) == asked_events


async def test_a_streaming_answer_can_be_followed_and_its_end_is_told(
    admin: GraphQLClient, visitor_of: VisitorOf
) -> None:
    said = Dictation(["Rome ", "was not ", "built."])
    async with model_that_says(said) as model:
        visitor = await visitor_of(await Administrator(admin).chatbot_with_model(model.url))
        async with (
            conversation_events(visitor) as stream,
            aclosing(asking(visitor, "Was it?")) as answer,
        ):
            said.say_next()
            async for event in answer:
                if event["__typename"] == "AnswerDelta":
                    break
            _, _, created = await stream.many(3)
            assert created["newMessage"]["status"] == "STREAMING"
            await visitor.execute(STOP, {"id": created["newMessage"]["id"]})
            ended = await stream.next()
    assert ended["changedMessage"]["status"] == "STOPPED"
    assert ended["changedMessage"]["content"] == "Rome "


async def test_an_answer_that_failed_is_told(admin: GraphQLClient, visitor_of: VisitorOf) -> None:
    async with model_that_says(FAILURE) as model:
        visitor = await visitor_of(await Administrator(admin).chatbot_with_model(model.url))
        async with conversation_events(visitor) as stream:
            await asked(visitor, "Was it?")
            ended = (await stream.until("MessageUpdated"))[-1]
    assert ended["changedMessage"]["status"] == "FAILED"


async def test_whoever_was_away_goes_on_after_any_event(
    house: House, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    _, embed_key = await house.chatbot()
    viewer, visitor = await person_of(house.slug, "viewer"), await visitor_of(embed_key)
    start = await cursor_now(viewer, house.id)
    conversation = (await asked(visitor, "When do you open?"))[0]["conversationId"]
    await asked(visitor, "And when do you close?", conversationId=conversation)
    async with conversation_events(viewer, house.id, start) as stream:
        whole = await stream.many(7)
    for cut, seen in enumerate(whole[:-1], 1):
        async with conversation_events(viewer, house.id, seen["cursor"]) as stream:
            assert await stream.many(7 - cut) == whole[cut:]
        given = {"client": house.id, "after": seen["cursor"]}
        async with aclosing(viewer.stream(CONVERSATION_EVENTS, given)) as results:
            rest = [(await anext(results))["conversationEvents"] for _ in whole[cut:]]
        assert rest == whole[cut:], "as server-sent events too"


async def test_each_event_is_loaded_for_itself(
    house: House, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    _, embed_key = await house.chatbot()
    viewer, visitor = await person_of(house.slug, "viewer"), await visitor_of(embed_key)
    given = {"client": house.id, "after": await cursor_now(viewer, house.id)}
    document = """
      subscription ($client: ID, $after: String) {
        conversationEvents(clientId: $client, after: $after) {
          ... on MessageUpdated { changedMessage { conversation { messageCount } } }
        }
      }
    """
    counts: list[int] = []
    async with watching(viewer, "conversationEvents", document, **given) as stream:
        conversation: str | None = None
        for _ in range(2):
            asked_now = await asked(visitor, "Are you open?", conversationId=conversation)
            conversation = asked_now[0]["conversationId"]
            while not (event := await stream.next()):
                pass
            counts.append(event["changedMessage"]["conversation"]["messageCount"])
    assert counts == [2, 4]


async def test_who_was_away_for_too_long_is_told_to_read_the_list_anew(
    house: House, make_client: MakeClient
) -> None:
    foreign = await cursor_now(house.admin, await make_client())
    for cursor, code in (
        ("nonsense", "INVALID_INPUT"),
        (cursor_of(str(PydanticObjectId())), "CURSOR_EXPIRED"),
        (foreign, "CURSOR_EXPIRED"),
    ):
        assert await refused(house.admin, client=house.id, after=cursor) == [code]


async def test_people_see_that_a_visitor_was_erased_and_not_whose_it_was(
    house: House, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    _, embed_key = await house.chatbot()
    viewer, visitor = await person_of(house.slug, "viewer"), await visitor_of(embed_key)
    async with conversation_events(viewer, house.id) as stream:
        conversation = (await asked(visitor, "I am Anna Berg."))[0]["conversationId"]
        assert kinds(await stream.many(4)) == OF_A_QUESTION
        await done(visitor, "eraseVisitor", {}, "erased { collection }")
        gone = await stream.next()

    assert gone["__typename"] == "ConversationDeleted"
    assert gone["conversation"]["id"] == conversation
    assert "Anna" not in str(gone)


async def test_one_chatbot_or_one_conversation_can_be_watched(
    house: House, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    (one, one_key), (_, other_key) = await house.chatbot(), await house.chatbot()
    viewer = await person_of(house.slug, "viewer")
    start = await cursor_now(viewer, house.id)
    visitor, other = await visitor_of(one_key), await visitor_of(other_key)
    theirs = (await asked(other, "Are you the other one?"))[0]["conversationId"]
    first = (await asked(visitor, "When do you open?"))[0]["conversationId"]
    second = (await asked(visitor, "Do you sell shoes?"))[0]["conversationId"]

    async with conversation_events(viewer, None, start, chatbot=one) as stream:
        events = await stream.many(9)
    seen = [event["conversation"]["id"] for event in events]
    assert seen == [first] * 5 + [second] * 4, "the second archives the first"
    assert kinds(events) == [*OF_A_QUESTION, "ConversationUpdated", *OF_A_QUESTION]
    async with conversation_events(viewer, None, start, conversation=second) as stream:
        assert kinds(await stream.many(4)) == OF_A_QUESTION
    async with conversation_events(viewer, house.id, start, conversation=theirs) as stream:
        assert (await stream.next())["conversation"]["id"] == theirs
    both: dict[str, str | None] = {"chatbot": one, "conversation": second}
    async with conversation_events(viewer, house.id, start, **both) as stream:
        assert (await stream.next())["conversation"]["id"] == second


async def test_a_visitor_sees_only_the_own(visitor_of: VisitorOf) -> None:
    visitor, other = await visitor_of(), await visitor_of()
    theirs = (await asked(other, "Is this secret?"))[0]["conversationId"]
    async with conversation_events(visitor) as stream:
        await asked(other, "And this?", conversationId=theirs)
        events = await asked(visitor, "What is Parlance?")
        assert (await stream.next())["conversation"]["id"] == events[0]["conversationId"]
    assert await refused(visitor, conversation=theirs) == ["NOT_FOUND"]


async def test_nobody_watches_another_client(
    house: House,
    nobody: GraphQLClient,
    make_client: MakeClient,
    person_of: PersonOf,
    visitor_of: VisitorOf,
) -> None:
    other_slug = new_slug()
    await make_client(other_slug)
    chatbot_id, embed_key = await house.chatbot()
    conversation = (await asked(await visitor_of(embed_key), "Hello?"))[0]["conversationId"]
    stranger = await person_of(other_slug, "owner")
    for given in ({"client": house.id}, {"chatbot": chatbot_id}, {"conversation": conversation}):
        assert await refused(stranger, **given) == ["NOT_FOUND"], given
        assert await refused(await visitor_of(), **given) == ["NOT_FOUND"], given
        assert await refused(nobody, **given) == ["UNAUTHENTICATED"], given


async def test_who_may_watch_several_clients_says_which(admin: GraphQLClient) -> None:
    assert await refused(admin) == ["INVALID_INPUT"]


async def test_what_happens_after_a_membership_has_ended_is_not_seen(
    server: ServerProcess, house: House, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    _, embed_key = await house.chatbot()
    viewer, visitor = await person_of(house.slug, "viewer"), await visitor_of(embed_key)
    async with conversation_events(viewer, house.id) as stream:
        conversation = (await asked(visitor, "When do you open?"))[0]["conversationId"]
        await stream.many(4)
        async with database_of(server) as database:
            gone = {"$pull": {"memberships": {"client_id": house.slug}}}
            member = {"memberships.client_id": house.slug}
            await database.database["users"].update_many(member, gone)
        await asked(visitor, "And now?", conversationId=conversation)
        with pytest.raises(GraphQLFailure) as ended:
            await stream.next()
    assert ended.value.codes == ["FORBIDDEN"]


async def test_a_server_watches_its_client_with_the_right_scope(
    server: ServerProcess, house: House, visitor_of: VisitorOf
) -> None:
    given = {"clientId": house.id, "name": "A dashboard", "scopes": ["CONVERSATIONS_READ"]}
    made = await done(house.admin, "createApiKey", given, "apiKey { id } secret")
    _, embed_key = await house.chatbot()
    key = GraphQLClient(server.url, made["secret"])
    visitor = await visitor_of(embed_key)
    async with conversation_events(key) as stream:
        await asked(visitor, "When do you open?")
        assert kinds(await stream.many(4)) == OF_A_QUESTION
        await done(house.admin, "revokeApiKey", {"id": made["apiKey"]["id"]}, "apiKey { id }")
        with pytest.raises(GraphQLFailure) as ended:
            await stream.next()
    assert ended.value.codes == ["TOKEN_REVOKED"]
    await key.close()


async def test_previews_are_told_to_nobody(
    server: ServerProcess, house: House, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    chatbot_id, embed_key = await house.chatbot()
    viewer, visitor = await person_of(house.slug, "viewer"), await visitor_of(embed_key)
    given = {"chatbotId": chatbot_id}
    made = await done(house.admin, "createPreviewToken", given, "widgetToken")
    previewer = GraphQLClient(server.url, made["widgetToken"], origin=server.url)
    async with conversation_events(viewer, house.id) as stream:
        await asked(previewer, "How does this look?")
        real = (await asked(visitor, "When do you open?"))[0]["conversationId"]
        assert {one["conversation"]["id"] for one in await stream.many(4)} == {real}
    await previewer.close()
