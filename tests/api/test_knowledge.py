"""Knowledge sources: added, listed, deleted, and kept within their client."""

import asyncio
from typing import Any

from documents.ids import PydanticObjectId
from graphql_schema.node import global_id, local_id
from tests.api.operations import (
    MALFORMED_IDS,
    MAY_EDIT,
    ROLES,
    UNKNOWN_OBJECT_ID,
    Json,
    Listing,
    MakeClient,
    Operations,
    PersonOf,
    VisitorOf,
    check_paging,
    check_people_only,
    codes,
    database_of,
    done,
    ids_on,
    mutate,
    mutation,
    new_chatbot,
    new_slug,
    new_source,
)
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

SOURCE = """
id client { slug } chatbots { id } title kind url status syncEveryHours version pageCount chunkCount
lastSyncedAt progress { done } problems { url } createdAt updatedAt revision
"""
BY_ID = f"query ($id: ID!) {{ knowledgeSource(id: $id) {{ {SOURCE} }} }}"
ISSUES = "... on InvalidInputError { issues { path message } }"
OPERATIONS: Operations = {
    "knowledgeSources": ("{ knowledgeSources { totalCount } }", {}),
    "knowledgeSource": ("query ($id: ID!) { knowledgeSource(id: $id) { id } }", {"id": "x"}),
    "addKnowledgeSource": (
        mutation("addKnowledgeSource"),
        {"input": {"chatbotIds": [], "kind": "TEXT", "title": "A", "text": "A"}},
    ),
    "deleteKnowledgeSource": (mutation("deleteKnowledgeSource"), {"input": {"id": "x"}}),
}


def wanted(*chatbot_ids: str, **more: Any) -> Json:
    return {
        "chatbotIds": list(chatbot_ids),
        "kind": "TEXT",
        "title": "Opening hours",
        "text": "We open at nine.",
        **more,
    }


async def refusal(caller: GraphQLClient, *chatbot_ids: str, **more: Any) -> Json:
    given = wanted(*chatbot_ids, **more)
    return await mutate(caller, "addKnowledgeSource", given, "source { id }", ISSUES)


async def test_a_text_is_added_and_found_again(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    chatbots = [await new_chatbot(admin, client_id) for _ in range(2)]
    given = wanted(*chatbots, chatbots[0], title=" Hours ")
    result = await done(admin, "addKnowledgeSource", given, f"source {{ {SOURCE} }}")

    source = result["source"]
    times = {key: source[key] for key in ("lastSyncedAt", "createdAt", "updatedAt")}
    assert all(moment.endswith("Z") for moment in times.values())
    assert source == times | {
        "id": source["id"],
        "client": {"slug": slug},
        "chatbots": [{"id": chatbots[1]}, {"id": chatbots[0]}],
        "title": "Hours",
        "kind": "TEXT",
        "url": None,
        "status": "READY",
        "syncEveryHours": None,
        "version": 1,
        "pageCount": 1,
        "chunkCount": 1,
        "progress": None,
        "problems": [],
        "revision": 1,
    }
    assert await admin.execute(BY_ID, {"id": source["id"]}) == {"knowledgeSource": source}


async def test_everything_that_is_wrong_is_told_at_once(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    ids = [global_id("Chatbot", PydanticObjectId()) for _ in range(51)]
    for text in ("", " \n ", "x" * 500_001):
        result = await refusal(admin, chatbot_id, title="x" * 201, text=text)
        paths = [issue["path"] for issue in result["issues"]]
        assert paths == [["input", "title"], ["input", "text"]]

    for many in ([], ids):
        result = await refusal(admin, *many, title="")
        paths = [issue["path"] for issue in result["issues"]]
        assert paths == [["input", "title"], ["input", "chatbotIds"]]


async def test_each_kind_says_what_it_needs(admin: GraphQLClient, make_client: MakeClient) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    needed = {"QA": "qa", "FILE": "uploadId", "URL": "url", "SITEMAP": "url", "CRAWL": "url"}
    for kind, field in needed.items():
        result = await refusal(admin, chatbot_id, kind=kind)
        assert {issue["path"][1] for issue in result["issues"]} == {"text", field}


async def test_an_address_of_our_own_network_is_refused(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    for url in ("http://192.168.0.7/", "http://169.254.169.254/latest", "http://[::1]:27017/"):
        result = await refusal(admin, chatbot_id, kind="URL", text=None, url=url)
        assert (result["code"], result["path"]) == ("UNSAFE_ADDRESS", ["input", "url"])


async def test_a_text_takes_nothing_of_other_kinds(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    surplus: Json = {
        "qa": [{"question": "A?", "answer": "B"}],
        "uploadId": "x",
        "url": "https://example.com",
        "maxPages": 1,
        "maxDepth": 1,
        "syncEveryHours": 24,
    }
    result = await refusal(admin, chatbot_id, **surplus, text=None)
    assert {issue["path"][1] for issue in result["issues"]} == {*surplus, "text"}


async def test_a_deleted_source_is_gone_with_its_passages(
    admin: GraphQLClient, make_client: MakeClient, server: ServerProcess
) -> None:
    client_id = await make_client()
    chatbots = [await new_chatbot(admin, client_id) for _ in range(2)]
    kept = await new_source(admin, chatbots)
    source_id = await new_source(admin, chatbots)

    fields = "deletedId erased { collection documents }"
    results = await asyncio.gather(
        *(mutate(admin, "deleteKnowledgeSource", {"id": source_id}, fields) for _ in range(4))
    )
    (receipt,) = [one for one in results if one["__typename"] == "DeleteKnowledgeSourceSuccess"]
    assert receipt["deletedId"] == source_id
    assert receipt["erased"] == [
        {"collection": "knowledge_chunks", "documents": 2},
        {"collection": "knowledge_pages", "documents": 1},
        {"collection": "knowledge_sources", "documents": 1},
    ]
    refusals = [one for one in results if one["__typename"] == "NotFoundError"]
    assert [one["path"] for one in refusals] == [["input", "id"]] * 3
    assert await admin.execute(BY_ID, {"id": source_id}) == {"knowledgeSource": None}
    assert await listing(admin, chatbotId=chatbots[0]).ids() == [kept]
    async with database_of(server) as database:
        gone = {"source_id": local_id(source_id, "KnowledgeSource")}
        assert await database.database["knowledge_chunks"].count_documents(gone) == 0


def listing(caller: GraphQLClient, **given: Any) -> Listing:
    declared = "".join(f", ${name}: ID" for name in given)
    return Listing(caller, "knowledgeSources", declared, **given)


async def test_sources_are_listed_by_client_and_by_chatbot(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id, other_client = await make_client(), await make_client()
    first, second = [await new_chatbot(admin, client_id) for _ in range(2)]
    other = await new_chatbot(admin, other_client)
    of_both = await new_source(admin, [first, second])
    of_second = await new_source(admin, [second])
    of_other = await new_source(admin, [other])

    assert await listing(admin, clientId=client_id).ids() == [of_second, of_both]
    assert await listing(admin, chatbotId=first).ids() == [of_both]
    assert await listing(admin, chatbotId=second, clientId=client_id).ids() == [of_second, of_both]
    assert (await listing(admin, chatbotId=first).page())["totalCount"] == 1
    assert await listing(admin, chatbotId=other, clientId=client_id).codes(20) == ["NOT_FOUND"]
    assert of_other in await listing(admin).ids()


async def test_nobody_and_visitors_are_kept_out(
    nobody: GraphQLClient, visitor_of: VisitorOf
) -> None:
    await check_people_only(OPERATIONS, nobody, await visitor_of())


async def test_editors_and_owners_change_what_all_members_see(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    chatbot_id = await new_chatbot(admin, await make_client(slug))
    source_id = await new_source(admin, [chatbot_id])
    changes: dict[str, Json] = {
        "addKnowledgeSource": wanted(chatbot_id),
        "deleteKnowledgeSource": {"id": source_id},
    }
    for role in ROLES:
        member = await person_of(slug, role)
        assert source_id in await listing(member).ids()
        for name, given in changes.items():
            if role in MAY_EDIT:
                await done(member, name, given, "__typename")
            else:
                assert await codes(member, mutation(name), {"input": given}) == ["FORBIDDEN"]


async def test_a_foreign_source_or_chatbot_is_an_unknown_one(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    own_client, foreign_client = await make_client(slug), await make_client()
    own_chatbot = await new_chatbot(admin, own_client)
    foreign_chatbot = await new_chatbot(admin, foreign_client)
    own, foreign = [await new_source(admin, [one]) for one in (own_chatbot, foreign_chatbot)]
    owner = await person_of(slug, "owner")
    nothing = global_id("KnowledgeSource", PydanticObjectId(UNKNOWN_OBJECT_ID))

    for other in (foreign, nothing, own_chatbot, *MALFORMED_IDS):
        assert await owner.execute(BY_ID, {"id": other}) == {"knowledgeSource": None}
        result = await mutate(owner, "deleteKnowledgeSource", {"id": other}, "deletedId")
        assert (result["code"], result["path"]) == ("NOT_FOUND", ["input", "id"])
    for other in (foreign_chatbot, own, *MALFORMED_IDS):
        for chatbots in ([other], [own_chatbot, other]):
            result = await refusal(owner, *chatbots)
            assert (result["code"], result["path"]) == ("NOT_FOUND", ["input", "chatbotIds"])
        assert await listing(owner, chatbotId=other).codes(20) == ["NOT_FOUND"]
    assert await listing(owner, clientId=foreign_client).codes(20) == ["NOT_FOUND"]

    assert await listing(owner).ids() == [own]
    assert await listing(admin, chatbotId=foreign_chatbot).ids() == [foreign]


async def test_a_source_belongs_to_one_client(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    chatbots = [await new_chatbot(admin, await make_client()) for _ in range(2)]
    result = await refusal(admin, *chatbots)
    assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", "chatbotIds"])
    for chatbot_id in chatbots:
        assert await listing(admin, chatbotId=chatbot_id).ids() == []


async def test_much_text_for_many_chatbots_is_read_in_the_background(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    chatbots = [await new_chatbot(admin, client_id) for _ in range(31)]
    paragraphs = "\n\n".join(f"Paragraph {index}. " + "word " * 200 for index in range(100))
    given = wanted(*chatbots, text=paragraphs)
    result = await done(admin, "addKnowledgeSource", given, f"source {{ {SOURCE} }}")
    assert (result["source"]["status"], result["source"]["chunkCount"]) == ("QUEUED", 0)
    read = await source_with(admin, result["source"]["id"], "READY")
    assert (read["version"], read["pageCount"], read["chunkCount"]) == (1, 1, 100)
    assert read["progress"] is None


async def source_with(caller: GraphQLClient, source_id: str, status: str) -> Json:
    """The source as soon as its status is this."""
    async with asyncio.timeout(60):
        while True:
            source: Json = (await caller.execute(BY_ID, {"id": source_id}))["knowledgeSource"]
            if source["status"] == status:
                return source
            await asyncio.sleep(0.05)


async def test_sources_are_paged_newest_first(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    made = [await new_source(admin, [chatbot_id]) for _ in range(5)]
    await check_paging(
        listing(admin, chatbotId=chatbot_id), made, lambda: new_source(admin, [chatbot_id])
    )


async def test_a_page_of_a_hundred_knows_that_there_is_another(
    admin: GraphQLClient, make_client: MakeClient, server: ServerProcess
) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    source_id = await new_source(admin, [chatbot_id])
    async with database_of(server) as database:
        sources = database.database["knowledge_sources"]
        pattern = await sources.find_one({"_id": local_id(source_id, "KnowledgeSource")})
        assert pattern is not None
        older = [PydanticObjectId(f"{index:024x}") for index in range(100)]
        await sources.insert_many([{**pattern, "_id": one} for one in older])
    page = await listing(admin, chatbotId=chatbot_id).page(100)
    assert page["edges"][0]["node"]["id"] == source_id
    assert (len(page["edges"]), page["totalCount"]) == (100, 101)
    assert page["pageInfo"]["hasNextPage"] is True
    rest = await listing(admin, chatbotId=chatbot_id).page(100, page["pageInfo"]["endCursor"])
    assert ids_on(rest) == [global_id("KnowledgeSource", older[0])]
