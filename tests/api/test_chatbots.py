"""Chatbots: drafts, versions, conflicts, and whose they are."""

import asyncio
import copy
from typing import Any

import pytest_asyncio

from documents.database.database import Database
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
    mutate,
    mutation,
    new_chatbot,
    new_slug,
)
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

SETTINGS = """
name primaryColor secondaryColor colorScheme position logoUrl bubbleIconUrl showBranding autoOpen
autoOpenDelayMs languages defaultLanguage allowedOrigins allowedImageHosts contactEmail contactUrl
texts { language welcomeMessage starterQuestions placeholder consentText contactText }
customInstructions knowledgeMode defaultLlm { name } fallbackLlm { name }
"""
VERSION = f"number note changedFields publishedBy {{ email }} settings {{ {SETTINGS} }}"
CHATBOT = f"""
id embedKey active revision hasUnpublishedChanges client {{ slug }}
draft {{ {SETTINGS} }} published {{ id {VERSION} }}
"""
BY_ID = f"query ($id: ID!) {{ chatbot(id: $id) {{ {CHATBOT} }} }}"
ISSUES = "... on InvalidInputError { issues { path message } }"
CONFLICT = """... on ConflictError {
  currentRevision current { __typename id ... on Chatbot { revision draft { name } } }
}"""
DEFAULTS: Json = {
    "primaryColor": "#1f4fd8",
    "secondaryColor": "#f3f5fb",
    "colorScheme": "AUTO",
    "position": "BOTTOM_RIGHT",
    "logoUrl": None,
    "bubbleIconUrl": None,
    "showBranding": True,
    "autoOpen": False,
    "autoOpenDelayMs": 5000,
    "texts": [],
    "allowedImageHosts": [],
    "contactEmail": None,
    "contactUrl": None,
    "customInstructions": "",
    "knowledgeMode": "STRICT",
    "defaultLlm": {"name": "Local"},
    "fallbackLlm": None,
}
FULL: Json = {
    "name": "Robo",
    "primaryColor": "#112233",
    "secondaryColor": "#445566",
    "colorScheme": "DARK",
    "position": "TOP_LEFT",
    "showBranding": False,
    "autoOpen": True,
    "autoOpenDelayMs": 0,
    "languages": ["FR", "AR"],
    "defaultLanguage": "AR",
    "texts": [
        {
            "language": "FR",
            "welcomeMessage": "Bonjour !",
            "starterQuestions": ["Ça marche ?"],
            "placeholder": "Écrire…",
            "consentText": "D'accord",
            "contactText": "Appelez",
        }
    ],
    "allowedOrigins": ["https://shop.example.com", "*"],
    "allowedImageHosts": ["images.example.com"],
    "contactEmail": "help@example.com",
    "contactUrl": "https://example.com/contact",
    "customInstructions": "Be brief.",
    "knowledgeMode": "GUIDED",
}


async def read(caller: GraphQLClient, chatbot_id: str) -> Json:
    chatbot: Json = (await caller.execute(BY_ID, {"id": chatbot_id}))["chatbot"]
    return chatbot


async def changed(caller: GraphQLClient, chatbot_id: str, **given: Any) -> Json:
    result = await done(
        caller, "updateChatbot", {"id": chatbot_id, **given}, f"chatbot {{ {CHATBOT} }}"
    )
    chatbot: Json = result["chatbot"]
    return chatbot


@pytest_asyncio.fixture
async def client_id(make_client: MakeClient) -> str:
    return await make_client()


@pytest_asyncio.fixture
async def chatbot_id(admin: GraphQLClient, client_id: str) -> str:
    return await new_chatbot(admin, client_id)


async def test_a_new_chatbot_starts_published_with_the_clients_defaults(
    admin: GraphQLClient, server: ServerProcess
) -> None:
    slug = new_slug()
    given = {"slug": slug, "name": "A", "domain": "shop.example.com", "language": "FR"}
    client = await done(admin, "createClient", given, "client { id }")
    wanted = {"clientId": client["client"]["id"], "name": " Helper "}
    made = await done(admin, "createChatbot", wanted, f"chatbot {{ {CHATBOT} }}")

    chatbot = made["chatbot"]
    assert chatbot["draft"] == {
        **DEFAULTS,
        "name": "Helper",
        "languages": ["FR"],
        "defaultLanguage": "FR",
        "allowedOrigins": ["https://shop.example.com"],
    }
    assert chatbot["published"]["settings"] == chatbot["draft"]
    assert chatbot["published"]["number"] == chatbot["revision"] == 1
    assert chatbot["published"]["publishedBy"] == {"email": server.admin_email}
    assert (chatbot["active"], chatbot["hasUnpublishedChanges"]) == (True, False)
    assert chatbot["client"] == {"slug": slug}
    assert len(chatbot["embedKey"]) >= 16
    assert await read(admin, chatbot["id"]) == chatbot


async def test_every_setting_is_kept_and_null_clears(admin: GraphQLClient, client_id: str) -> None:
    chatbot_id = await new_chatbot(admin, client_id, settings=FULL)
    full = (await read(admin, chatbot_id))["draft"]
    pictures = {"logoUrl": None, "bubbleIconUrl": None}
    assert full == FULL | pictures | {"defaultLlm": {"name": "Local"}, "fallbackLlm": None}

    nothing = await changed(admin, chatbot_id, settings={})
    assert (nothing["draft"], nothing["revision"]) == (full, 1)

    cleared = await changed(admin, chatbot_id, settings=dict.fromkeys(FULL))
    emptied: Json = {
        "contactEmail": None,
        "contactUrl": None,
        "texts": [],
        "allowedOrigins": [],
        "allowedImageHosts": [],
        "customInstructions": "",
    }
    assert cleared["draft"] == full | emptied


async def test_the_draft_changes_and_visitors_see_it_after_publishing(
    admin: GraphQLClient, server: ServerProcess, chatbot_id: str
) -> None:
    before = await read(admin, chatbot_id)
    after = await changed(admin, chatbot_id, settings={"name": "New", "position": "TOP_LEFT"})
    assert after["draft"] == before["draft"] | {"name": "New", "position": "TOP_LEFT"}
    assert after["published"] == before["published"]
    assert (after["revision"], after["hasUnpublishedChanges"]) == (2, True)

    given = {"id": chatbot_id, "note": " spring "}
    fields = f"chatbot {{ {CHATBOT} }} version {{ id {VERSION} }}"
    result = await done(admin, "publishChatbot", given, fields)
    assert result["version"]["settings"] == after["draft"]
    assert result["version"] == result["chatbot"]["published"]
    assert result["version"]["number"] == 2
    assert result["version"]["note"] == "spring"
    assert result["version"]["changedFields"] == ["name", "position"]
    assert result["version"]["publishedBy"] == {"email": server.admin_email}
    assert result["chatbot"]["hasUnpublishedChanges"] is False
    assert await read(admin, chatbot_id) == result["chatbot"]

    document = "query ($id: ID!) { chatbot(id: $id) { versions { edges { node { number } } } } }"
    versions = (await admin.execute(document, {"id": chatbot_id}))["chatbot"]["versions"]
    assert [edge["node"]["number"] for edge in versions["edges"]] == [2, 1]


async def test_switching_off_works_at_once(
    admin: GraphQLClient, chatbot_id: str, nobody: GraphQLClient, server: ServerProcess
) -> None:
    off = await changed(admin, chatbot_id, active=False)
    assert (off["active"], off["hasUnpublishedChanges"]) == (False, False)
    assert (await changed(admin, chatbot_id, active=None))["active"] is False
    nobody.origin = server.url
    given = {"embedKey": off["embedKey"]}
    refusal = await mutate(nobody, "startVisit", given, "visitorId")
    assert refusal["code"] == "CHATBOT_INACTIVE"
    assert (await changed(admin, chatbot_id, active=True))["active"] is True


async def test_everything_that_is_wrong_is_told_at_once(
    admin: GraphQLClient, client_id: str, chatbot_id: str
) -> None:
    wrong: Json = {
        "name": "",
        "primaryColor": "red",
        "secondaryColor": "#12345",
        "logoUrl": "https://cdn.example.com/logo.png",
        "bubbleIconUrl": "javascript:alert(1)",
        "autoOpenDelayMs": 600_001,
        "defaultLanguage": "JA",
        "texts": [{"language": "EN", "welcomeMessage": "x" * 2001}],
        "allowedOrigins": ["https://example.com/path"],
        "allowedImageHosts": ["https://example.com"],
        "contactEmail": "nobody",
        "contactUrl": "example.com",
        "customInstructions": "x" * 8001,
        "defaultLlmId": "nonsense",
        "fallbackLlmId": client_id,
    }
    lists = {"texts.0.welcomeMessage", "allowedOrigins.0", "allowedImageHosts.0"}
    single = wrong.keys() - {one.partition(".")[0] for one in lists}
    paths = {f"input.settings.{field}" for field in single | lists}
    for name, target in (("updateChatbot", "id"), ("createChatbot", "clientId")):
        given = {target: chatbot_id if target == "id" else client_id, "settings": wrong}
        if name == "createChatbot":
            given["name"] = "Helper"
        result = await mutate(admin, name, given, "chatbot { id }", ISSUES)
        assert result["__typename"] == "InvalidInputError"
        assert {".".join(issue["path"]) for issue in result["issues"]} == paths

    assert (await read(admin, chatbot_id))["revision"] == 1


async def test_a_note_and_a_name_have_a_length(
    admin: GraphQLClient, client_id: str, chatbot_id: str
) -> None:
    given = {"id": chatbot_id, "note": "x" * 501}
    result = await mutate(admin, "publishChatbot", given, "chatbot { id }")
    assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", "note"])
    for name in ("", "x" * 101, "a\x00b"):
        given = {"clientId": client_id, "name": name}
        result = await mutate(admin, "createChatbot", given, "chatbot { id }")
        assert (result["code"], result["path"]) == ("INVALID_INPUT", ["input", "name"])


async def test_a_stale_revision_conflicts_and_shows_what_is_there(
    admin: GraphQLClient, chatbot_id: str
) -> None:
    await changed(admin, chatbot_id, revision=1, settings={"name": "First"})
    for name in ("updateChatbot", "publishChatbot"):
        given = {"id": chatbot_id, "revision": 1}
        result = await mutate(admin, name, given, "chatbot { id }", CONFLICT)
        assert result == {
            "__typename": "ConflictError",
            "code": "CONFLICT",
            "message": result["message"],
            "path": ["input", "revision"],
            "currentRevision": 2,
            "current": {
                "__typename": "Chatbot",
                "id": chatbot_id,
                "revision": 2,
                "draft": {"name": "First"},
            },
        }
    assert (await changed(admin, chatbot_id, settings={"name": "Last"}))["draft"]["name"] == "Last"


async def test_of_many_changes_of_one_revision_one_wins(
    admin: GraphQLClient, chatbot_id: str
) -> None:
    results = await asyncio.gather(
        *(
            mutate(
                admin,
                "updateChatbot",
                {"id": chatbot_id, "revision": 1, "settings": {"name": f"Name {index}"}},
                "chatbot { draft { name } }",
                CONFLICT,
            )
            for index in range(8)
        )
    )
    (winner,) = [one for one in results if one["__typename"] == "UpdateChatbotSuccess"]
    losers = [one for one in results if one["__typename"] == "ConflictError"]
    assert len(losers) == 7
    assert {one["current"]["draft"]["name"] for one in losers} == {
        winner["chatbot"]["draft"]["name"]
    }


async def test_changes_at_the_same_time_never_add_up_to_something_wrong(
    admin: GraphQLClient, client_id: str
) -> None:
    """Each change is right by itself; both together would leave a default outside of the list."""
    for _ in range(5):
        settings = {"languages": ["EN", "FR"], "defaultLanguage": "EN"}
        chatbot_id = await new_chatbot(admin, client_id, settings=settings)
        results = await asyncio.gather(
            *(
                mutate(
                    admin, "updateChatbot", {"id": chatbot_id, "settings": change}, "chatbot { id }"
                )
                for change in ({"languages": ["EN"]}, {"defaultLanguage": "FR"})
            )
        )
        draft = (await read(admin, chatbot_id))["draft"]
        assert draft["defaultLanguage"] in draft["languages"]
        assert sorted(one["__typename"] for one in results) == [
            "InvalidInputError",
            "UpdateChatbotSuccess",
        ]


OPERATIONS: Operations = {
    "chatbots": ("{ chatbots { totalCount } }", {}),
    "chatbot": ("query ($id: ID!) { chatbot(id: $id) { id } }", {"id": "x"}),
    "createChatbot": (mutation("createChatbot"), {"input": {"clientId": "x", "name": "A"}}),
    "updateChatbot": (mutation("updateChatbot"), {"input": {"id": "x"}}),
    "publishChatbot": (mutation("publishChatbot"), {"input": {"id": "x"}}),
    "rollbackChatbot": (mutation("rollbackChatbot"), {"input": {"id": "x", "versionId": "x"}}),
}


async def test_nobody_and_visitors_are_kept_out(
    nobody: GraphQLClient, visitor_of: VisitorOf
) -> None:
    await check_people_only(OPERATIONS, nobody, await visitor_of())


async def test_editors_and_owners_change_what_all_members_see(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    chatbot_id = await new_chatbot(admin, client_id)
    changes: dict[str, Json] = {
        "createChatbot": {"clientId": client_id, "name": "Helper"},
        "updateChatbot": {"id": chatbot_id, "settings": {"name": "New"}},
        "publishChatbot": {"id": chatbot_id},
    }
    for role in ROLES:
        member = await person_of(slug, role)
        assert (await read(member, chatbot_id))["client"] == {"slug": slug}
        for name, given in changes.items():
            if role in MAY_EDIT:
                await done(member, name, given, "chatbot { id }")
            else:
                assert await codes(member, mutation(name), {"input": given}) == ["FORBIDDEN"]


async def test_a_foreign_chatbot_is_an_unknown_one(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf, chatbot_id: str
) -> None:
    slug = new_slug()
    own_client = await make_client(slug)
    own = await new_chatbot(admin, own_client)
    owner = await person_of(slug, "owner")
    before = await read(admin, chatbot_id)
    foreign_client = await client_of(admin, chatbot_id)
    nothing = global_id("Chatbot", PydanticObjectId(UNKNOWN_OBJECT_ID))

    for other in (chatbot_id, nothing, own_client, *MALFORMED_IDS):
        assert await owner.execute(BY_ID, {"id": other}) == {"chatbot": None}
        for name in ("updateChatbot", "publishChatbot"):
            result = await mutate(owner, name, {"id": other, "revision": 7}, "chatbot { id }")
            assert (result["__typename"], result["path"]) == ("NotFoundError", ["input", "id"])
    for other in (foreign_client, own, *MALFORMED_IDS):
        given = {"clientId": other, "name": "Helper"}
        result = await mutate(owner, "createChatbot", given, "chatbot { id }")
        assert (result["code"], result["path"]) == ("NOT_FOUND", ["input", "clientId"])
        listing = Listing(owner, "chatbots", ", $clientId: ID", clientId=other)
        assert await listing.codes(20) == ["NOT_FOUND"]

    assert await Listing(owner, "chatbots").ids() == [own]
    assert await read(admin, chatbot_id) == before


async def client_of(caller: GraphQLClient, chatbot_id: str) -> str:
    document = "query ($id: ID!) { chatbot(id: $id) { client { id } } }"
    found = await caller.execute(document, {"id": chatbot_id})
    return str(found["chatbot"]["client"]["id"])


async def test_a_publisher_is_shown_without_memberships_of_other_clients(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug, other_slug = new_slug(), new_slug()
    chatbot_id = await new_chatbot(admin, await make_client(slug))
    await make_client(other_slug)
    editor = await person_of(slug, "editor")
    await done(editor, "publishChatbot", {"id": chatbot_id}, "chatbot { id }")
    outsider = await person_of(other_slug, "owner")
    document = """query ($id: ID!) {
      chatbot(id: $id) { published { publishedBy { memberships { role client { slug } } } } }
    }"""
    for reader in (editor, admin):
        found = (await reader.execute(document, {"id": chatbot_id}))["chatbot"]
        memberships = found["published"]["publishedBy"]["memberships"]
        assert memberships == [{"role": "EDITOR", "client": {"slug": slug}}]
    assert await outsider.execute(document, {"id": chatbot_id}) == {"chatbot": None}


async def test_chatbots_are_paged_newest_first(admin: GraphQLClient, client_id: str) -> None:
    made = [await new_chatbot(admin, client_id) for _ in range(5)]
    listing = Listing(admin, "chatbots", ", $clientId: ID", clientId=client_id)
    await check_paging(listing, made, lambda: new_chatbot(admin, client_id))


async def test_a_client_has_a_thousand_chatbots_and_no_more(
    admin: GraphQLClient, client_id: str, chatbot_id: str, server: ServerProcess
) -> None:
    async with database_of(server) as database:
        await copy_chatbot(database, chatbot_id, times=997)
    limit = "... on LimitReachedError { limit }"
    results = await asyncio.gather(
        *(
            mutate(
                admin,
                "createChatbot",
                {"clientId": client_id, "name": "Helper"},
                "chatbot { id }",
                limit,
            )
            for _ in range(6)
        )
    )
    kinds = sorted(one["__typename"] for one in results)
    assert kinds == ["CreateChatbotSuccess"] * 2 + ["LimitReachedError"] * 4
    refusal = next(one for one in results if one["__typename"] == "LimitReachedError")
    assert (refusal["code"], refusal["limit"]) == ("LIMIT_REACHED", 1000)


async def copy_chatbot(database: Database, chatbot_id: str, *, times: int) -> None:
    """As many copies of a stored chatbot, as a client that grew over years has."""
    chatbots = database.database["chatbots"]
    pattern = await chatbots.find_one({"_id": local_id(chatbot_id, "Chatbot")})
    assert pattern is not None
    copies = []
    for index in range(times):
        one = copy.deepcopy(pattern)
        one["_id"] = PydanticObjectId()
        one["embed_key"] = f"{pattern['embed_key']}-{index}"
        copies.append(one)
    await chatbots.insert_many(copies)
