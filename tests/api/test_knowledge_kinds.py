"""Files, pairs and pushed documents as knowledge, changed, read anew and watched, over the API."""

import asyncio
from typing import Any

import pytest

from services.knowledge.extraction.limits import LARGEST_FILE_BYTES
from tests.api.operations import (
    Json,
    MakeClient,
    PersonOf,
    done,
    mutate,
    new_chatbot,
    new_key,
    new_slug,
    new_source,
)
from tests.api.test_knowledge import ISSUES, source_with
from tests.api.uploading import upload
from tests.graphql_clients import GraphQLClient, GraphQLFailure
from tests.server_process import ServerProcess
from tests.watching import cursor_now, watching

CSV = b"drink,price\nDarjeeling,5 euros\nArabica,6 euros\n"
EVENTS = """
subscription ($client: ID, $source: ID, $after: String) {
  knowledgeEvents(clientId: $client, sourceId: $source, after: $after) {
    __typename cursor
    ... on KnowledgeSourceChanged { source { id title status } }
    ... on KnowledgeSourceDeleted { deletedId }
  }
}
"""


def document(number: int = 1, **more: Any) -> Json:
    return {
        "externalId": f"post-{number}",
        "url": f"https://shop.example/{number}",
        "title": f"Post {number}",
        "html": f"<h1>Post</h1><p>Darjeeling number {number} costs five euros.</p>",
        "modifiedAt": "2026-01-02T00:00:00Z",
        **more,
    }


async def pushed(caller: GraphQLClient, source_id: str, *documents: Json) -> Json:
    given = {"sourceId": source_id, "documents": list(documents)}
    fields = "accepted unchanged source { status version pageCount problems { url reason } }"
    return await mutate(caller, "pushKnowledge", given, fields, ISSUES)


async def uploaded(caller: GraphQLClient, content: bytes, client_id: str, name: str) -> str:
    response = await upload(caller, content, client_id, name=name, kind="KNOWLEDGE")
    assert response.status_code == 201, response.text
    return str(response.json()["uploadId"])


async def test_a_file_is_uploaded_read_and_replaced(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    chatbot_id = await new_chatbot(admin, client_id)
    first = await uploaded(admin, CSV, client_id, "prices.csv")
    source_id = await new_source(admin, [chatbot_id], kind="FILE", text=None, uploadId=first)
    read = await source_with(admin, source_id, "READY")
    assert (read["pageCount"], read["version"], read["problems"]) == (1, 1, [])

    again: Json = {"chatbotIds": [chatbot_id], "kind": "FILE", "title": "B", "uploadId": first}
    refused = await mutate(admin, "addKnowledgeSource", again, "source { id }", ISSUES)
    assert refused["issues"][0]["path"] == ["input", "uploadId"]

    unreadable = await uploaded(admin, b"%PDF-1.7 nothing", client_id, "broken.pdf")
    change = {"id": source_id, "uploadId": unreadable}
    await done(admin, "updateKnowledgeSource", change, "source { id }")
    stale = await source_with(admin, source_id, "STALE")
    assert stale["pageCount"] == 1
    assert [one["url"] for one in stale["problems"]] == ["broken.pdf"]

    fields = "erased { collection documents }"
    gone = await done(admin, "deleteKnowledgeSource", {"id": source_id}, fields)
    assert {one["collection"]: one["documents"] for one in gone["erased"]} == {
        "knowledge_sources": 1,
        "knowledge_pages": 1,
        "knowledge_chunks": read["chunkCount"],
        "knowledge_files": 2,  # the last file and its only part
    }


async def test_a_file_is_refused_that_is_empty_or_anothers(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id, other = await make_client(), await make_client()
    chatbot_id = await new_chatbot(admin, client_id)
    empty = await upload(admin, b"", client_id, kind="KNOWLEDGE")
    assert (empty.status_code, empty.json()["errors"][0]["extensions"]["code"]) == (
        400,
        "INVALID_INPUT",
    )
    theirs = await uploaded(admin, CSV, other, "prices.csv")
    for upload_id in (theirs, "nonsense"):
        given = {
            "chatbotIds": [chatbot_id],
            "kind": "FILE",
            "title": "Prices",
            "uploadId": upload_id,
        }
        refused = await mutate(admin, "addKnowledgeSource", given, "source { id }")
        assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "uploadId"])


async def test_a_key_without_the_scope_uploads_no_knowledge(
    admin: GraphQLClient, make_client: MakeClient, server: ServerProcess
) -> None:
    client_id = await make_client()
    made = await new_key(admin, client_id, scopes=["CHATBOTS_WRITE"])
    caller = GraphQLClient(server.url, made["secret"])
    refused = await upload(caller, CSV, kind="KNOWLEDGE")
    assert refused.status_code == 403
    await caller.close()
    made = await new_key(admin, client_id, scopes=["KNOWLEDGE_WRITE"])
    caller = GraphQLClient(server.url, made["secret"])
    assert (await upload(caller, CSV, kind="KNOWLEDGE")).status_code == 201
    assert (await upload(caller, CSV)).status_code == 403
    await caller.close()


async def test_pushing_the_same_again_changes_nothing(
    admin: GraphQLClient, make_client: MakeClient, server: ServerProcess
) -> None:
    client_id = await make_client()
    source_id = await new_source(
        admin, [await new_chatbot(admin, client_id)], kind="PUSH", text=None
    )
    made = await new_key(admin, client_id, scopes=["KNOWLEDGE_WRITE"])
    shop = GraphQLClient(server.url, made["secret"])
    first = await pushed(shop, source_id, document(1), document(2))
    assert (first["accepted"], first["unchanged"]) == (2, 0)
    assert (first["source"]["status"], first["source"]["pageCount"]) == ("READY", 2)

    results = await asyncio.gather(
        *(pushed(shop, source_id, document(1), document(3)) for _ in range(4))
    )
    assert sum(one["accepted"] for one in results) == 1
    older = document(2, html="<p>Older.</p>", modifiedAt="2026-01-01T00:00:00Z")
    assert (await pushed(shop, source_id, older))["unchanged"] == 1

    gone = document(2, html=None, deleted=True, modifiedAt="2026-01-03T00:00:00Z")
    last = await pushed(shop, source_id, gone)
    assert (last["accepted"], last["source"]["pageCount"]) == (1, 2)
    assert (await pushed(shop, source_id, gone))["unchanged"] == 1
    blank = await pushed(shop, source_id, document(9, html="<p> </p>"))
    assert [one["url"] for one in blank["source"]["problems"]] == ["https://shop.example/9"]
    await shop.close()


async def test_a_push_that_is_too_much_or_wrong_is_refused_whole(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    source_id = await new_source(admin, [chatbot_id], kind="PUSH", text=None)
    text_id = await new_source(admin, [chatbot_id])
    many = [document(number) for number in range(51)]
    wrong = document(1, url="javascript:alert(1)", html=None, title="")
    for given, fields in (
        (many, {("documents",)}),
        ([], {("documents",)}),
        ([document(), document()], {("documents", "1", "externalId")}),
        ([wrong], {("documents", "0", one) for one in ("title", "url", "html")}),
    ):
        refused = await pushed(admin, source_id, *given)
        assert {tuple(one["path"][1:]) for one in refused["issues"]} == fields
    refused = await pushed(admin, text_id, document())
    assert refused["issues"][0]["path"] == ["input", "sourceId"]


async def test_documents_or_files_that_are_too_large_are_refused_with_the_limit(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    source_id = await new_source(
        admin, [await new_chatbot(admin, client_id)], kind="PUSH", text=None
    )
    half = f"<p>{'tea ' * 125_500}</p>"
    refused = await pushed(admin, source_id, document(1, html=half), document(2, html=half))
    [issue] = refused["issues"]
    assert issue["path"] == ["input", "documents"]
    assert "allowed are 1000000" in issue["message"]

    too_large = b"a" * (LARGEST_FILE_BYTES + 1)
    answer = await upload(admin, too_large, client_id, name="book.txt", kind="KNOWLEDGE")
    assert answer.status_code == 413
    assert f"at most {LARGEST_FILE_BYTES} bytes" in answer.text


async def test_a_change_of_somebody_else_is_not_written_over(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    source_id = await new_source(admin, [chatbot_id])
    given = {"id": source_id, "text": "We open at ten.", "revision": 1}
    changed = await done(admin, "updateKnowledgeSource", given, "source { version revision }")
    assert changed["source"] == {"version": 2, "revision": 2}
    conflict = "... on ConflictError { currentRevision current { id } }"
    late = await mutate(admin, "updateKnowledgeSource", given, "source { id }", conflict)
    assert (late["currentRevision"], late["current"]["id"]) == (2, source_id)
    same = {"id": source_id, "text": "We open at ten."}
    again = await done(admin, "updateKnowledgeSource", same, "source { version revision }")
    assert again == changed
    surplus = {"id": source_id, "url": "https://shop.example", "syncEveryHours": 3}
    refused = await mutate(admin, "updateKnowledgeSource", surplus, "source { id }", ISSUES)
    assert [one["path"][1] for one in refused["issues"]] == ["url", "syncEveryHours"]


async def test_a_source_goes_to_no_chatbot_of_another_client(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    source_id = await new_source(admin, [await new_chatbot(admin, await make_client())])
    theirs = await new_chatbot(admin, await make_client())
    given = {"id": source_id, "chatbotIds": [theirs]}
    refused = await mutate(admin, "updateKnowledgeSource", given, "source { id }")
    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "chatbotIds"])


async def test_an_address_is_read_once_for_a_chatbot(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    chatbot_id = await new_chatbot(admin, await make_client())
    given = {
        "chatbotIds": [chatbot_id],
        "kind": "URL",
        "title": "Shop",
        "url": "https://shop.invalid/",
    }
    results = await asyncio.gather(
        *(mutate(admin, "addKnowledgeSource", given, "source { id }") for _ in range(3))
    )
    kinds = sorted(one["__typename"] for one in results)
    assert kinds == ["AddKnowledgeSourceSuccess", "RefusedError", "RefusedError"]
    assert {one.get("code") for one in results} == {None, "ALREADY_EXISTS"}


async def test_a_sync_is_joined_and_not_wanted_too_often(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    source_id = await new_source(admin, [await new_chatbot(admin, await make_client())])
    results = [
        await mutate(admin, "syncKnowledgeSource", {"id": source_id}, "source { id }")
        for _ in range(21)
    ]
    assert results[0]["source"] == {"id": source_id}
    assert results[-1]["code"] == "RATE_LIMITED"
    ready = await source_with(admin, source_id, "READY")
    assert (ready["version"], ready["chunkCount"]) == (1, 1)


async def test_who_watches_hears_of_sources_and_goes_on_after_a_gap(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    chatbot_id = await new_chatbot(admin, client_id)
    viewer = await person_of(slug, "viewer")
    cursor = await cursor_now(admin, client_id)
    source_id = await new_source(admin, [chatbot_id])
    other = await new_source(admin, [chatbot_id])
    await done(admin, "deleteKnowledgeSource", {"id": other}, "deletedId")
    async with watching(viewer, "knowledgeEvents", EVENTS, client=client_id, after=cursor) as all_:
        [added] = await all_.many(1)
        assert (added["source"]["id"], added["source"]["status"]) == (source_id, "READY")
        assert (await all_.next())["deletedId"] == other  # it was gone when its addition was told
    await done(admin, "updateKnowledgeSource", {"id": source_id, "title": "B"}, "source { id }")
    given = {"source": source_id, "after": added["cursor"]}
    async with watching(viewer, "knowledgeEvents", EVENTS, **given) as own:
        changed = await own.next()
        assert changed["source"] == {"id": source_id, "title": "B", "status": "READY"}


async def test_who_works_for_another_client_watches_nothing(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    await make_client(slug)
    source_id = await new_source(admin, [await new_chatbot(admin, await make_client())])
    stranger = await person_of(slug, "owner")
    with pytest.raises(GraphQLFailure, match="NOT_FOUND"):
        async with watching(stranger, "knowledgeEvents", EVENTS, source=source_id) as stream:
            await stream.next()
