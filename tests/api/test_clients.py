"""Clients: who makes them, who sees them, and how they are listed."""

import asyncio
import secrets

import pytest

from tests.api.operations import (
    MALFORMED_IDS,
    Json,
    Listing,
    MakeClient,
    Operations,
    PersonOf,
    VisitorOf,
    check_paging,
    check_people_only,
    codes,
    done,
    ids_on,
    mutate,
    mutation,
    new_slug,
)
from tests.graphql_clients import GraphQLClient

CLIENT = """
id slug name domain contactName contactEmail contactPhone timeZone language monthlyQuota hardQuota
budget { micros currency } retentionDays conversationsKeptPerVisitor hookHosts maintenanceText
active createdAt revision chatbots { totalCount }
"""
ISSUES = "... on InvalidInputError { issues { path message } }"
BY_ID = "query ($id: ID) { client(id: $id) { id slug } }"
BY_SLUG = "query ($slug: String) { client(slug: $slug) { id slug } }"
OPERATIONS: Operations = {
    "clients": ("{ clients { totalCount } }", {}),
    "client": (BY_SLUG, {"slug": "demo"}),
    "createClient": (mutation("createClient"), {"input": {"slug": "a", "name": "A"}}),
}


async def listed(caller: GraphQLClient, filter_: Json) -> list[str]:
    listing = Listing(caller, "clients", ", $filter: ClientFilter", filter=filter_)
    return await listing.ids()


async def test_a_client_is_made_and_found_again(admin: GraphQLClient) -> None:
    slug = new_slug()
    given = {
        "slug": slug,
        "name": "  Shop & Söhne ",
        "domain": "Shop.Example.com",
        "contactName": "Anna",
        "contactEmail": "Anna@Example.com",
        "contactPhone": "+49 30 1",
        "timeZone": "Europe/Berlin",
        "language": "DE",
        "monthlyQuota": 1000,
        "hardQuota": 1200,
        "budget": {"micros": 5_000_000_000, "currency": "EUR"},
        "retentionDays": 90,
    }
    made = (await done(admin, "createClient", given, f"client {{ {CLIENT} }}"))["client"]

    assert made | {"id": "", "createdAt": ""} == {
        **given,
        "id": "",
        "createdAt": "",
        "name": "Shop & Söhne",
        "domain": "shop.example.com",
        "contactEmail": "anna@example.com",
        "conversationsKeptPerVisitor": 10,
        "hookHosts": [],
        "maintenanceText": None,
        "active": True,
        "revision": 1,
        "chatbots": {"totalCount": 0},
    }
    expected = {"client": {"id": made["id"], "slug": slug}}
    assert await admin.execute(BY_ID, {"id": made["id"]}) == expected
    assert await admin.execute(BY_SLUG, {"slug": slug}) == expected


async def test_the_smallest_client_has_the_defaults(admin: GraphQLClient) -> None:
    given = {"slug": new_slug(), "name": "A"}
    made = (await done(admin, "createClient", given, f"client {{ {CLIENT} }}"))["client"]
    assert (made["timeZone"], made["language"]) == ("UTC", "EN")
    for field in ("domain", "contactName", "monthlyQuota", "hardQuota", "budget", "retentionDays"):
        assert made[field] is None


async def test_everything_that_is_wrong_is_told_at_once(admin: GraphQLClient) -> None:
    given = {
        "slug": "Not A Slug",
        "name": " ",
        "domain": "https://shop.example.com/",
        "contactEmail": "anna",
        "contactPhone": "1" * 201,
        "timeZone": "Europe/Atlantis",
        "monthlyQuota": 100,
        "hardQuota": 99,
        "budget": {"micros": -1, "currency": "euro"},
        "retentionDays": 0,
    }
    result = await mutate(admin, "createClient", given, "client { id }", ISSUES)

    assert (result["__typename"], result["code"]) == ("InvalidInputError", "INVALID_INPUT")
    wrong = {tuple(issue["path"]) for issue in result["issues"]}
    right = {"monthlyQuota"}
    assert wrong == {("input", field) for field in given.keys() - right}


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "\x00"])
async def test_control_characters_are_refused(admin: GraphQLClient, text: str) -> None:
    for field in ("name", "contactName", "contactEmail", "domain", "timeZone", "slug"):
        given = {"slug": new_slug(), "name": "A", field: text}
        result = await mutate(admin, "createClient", given, "client { id }", ISSUES)
        assert result["path"] == ["input", field], field


async def test_a_slug_is_given_once(admin: GraphQLClient) -> None:
    given = {"slug": new_slug(), "name": "A"}
    results = await asyncio.gather(
        *(mutate(admin, "createClient", given, "client { id }") for _ in range(8))
    )

    kinds = sorted(result["__typename"] for result in results)
    assert kinds == ["AlreadyExistsError"] * 7 + ["CreateClientSuccess"]
    refusal = next(one for one in results if one["__typename"] == "AlreadyExistsError")
    assert (refusal["code"], refusal["path"]) == ("ALREADY_EXISTS", ["input", "slug"])


async def test_nobody_and_visitors_are_kept_out(
    nobody: GraphQLClient, visitor_of: VisitorOf
) -> None:
    await check_people_only(OPERATIONS, nobody, await visitor_of())


async def test_members_see_their_clients_and_no_others(
    make_client: MakeClient, person_of: PersonOf
) -> None:
    slug, foreign_slug = new_slug(), new_slug()
    own, foreign = await make_client(slug), await make_client(foreign_slug)
    owner = await person_of(slug, "owner")

    assert await Listing(owner, "clients").ids() == [own]
    assert (await Listing(owner, "clients").page())["totalCount"] == 1
    assert await listed(owner, {"text": foreign_slug}) == []
    assert (await owner.execute(BY_ID, {"id": own}))["client"]["slug"] == slug
    assert await owner.execute(BY_ID, {"id": foreign}) == {"client": None}
    assert await owner.execute(BY_SLUG, {"slug": foreign_slug}) == {"client": None}
    given = {"input": {"slug": new_slug(), "name": "A"}}
    assert await codes(owner, mutation("createClient"), given) == ["FORBIDDEN"]


async def test_an_id_that_is_none_finds_nothing(admin: GraphQLClient) -> None:
    for malformed in MALFORMED_IDS:
        assert await admin.execute(BY_ID, {"id": malformed}) == {"client": None}
        assert await admin.execute(BY_SLUG, {"slug": malformed + "?"}) == {"client": None}


async def test_one_of_id_and_slug_is_needed(admin: GraphQLClient) -> None:
    both = 'query { client(id: "x", slug: "demo") { id } }'
    for document in ("{ client { id } }", both):
        assert await codes(admin, document, {}) == ["INVALID_INPUT"]


async def test_the_filter_finds_parts_of_names_as_they_are_written(admin: GraphQLClient) -> None:
    mark = secrets.token_hex(4)
    names = {"umlaut": f"Ärzte {mark}", "dots": f"a.*b {mark}", "plain": f"aXXb {mark}"}
    made = {}
    for key, name in names.items():
        given = {"slug": f"{key}-{mark}", "name": name, "domain": f"{key}.{mark}.example"}
        made[key] = (await done(admin, "createClient", given, "client { id }"))["client"]["id"]

    assert await listed(admin, {"text": f"ÄRZTE {mark.upper()}"}) == [made["umlaut"]]
    assert await listed(admin, {"text": f"a.*b {mark}"}) == [made["dots"]]
    assert await listed(admin, {"text": f"plain.{mark}.ex"}) == [made["plain"]]
    assert await listed(admin, {"text": f"-{mark}"}) == [*made.values()][::-1]
    assert await listed(admin, {"text": mark, "active": True}) == [*made.values()][::-1]
    assert await listed(admin, {"text": mark, "active": False}) == []
    assert await listed(admin, {"text": "(" + mark}) == []


@pytest.mark.parametrize("text", ["a" * 101, "a\x00"])
async def test_a_filter_that_cannot_be_searched_for_is_refused(
    admin: GraphQLClient, text: str
) -> None:
    document = "query ($filter: ClientFilter) { clients(filter: $filter) { totalCount } }"
    assert await codes(admin, document, {"filter": {"text": text}}) == ["INVALID_INPUT"]


async def test_clients_are_paged_newest_first(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    mark = secrets.token_hex(4)
    made = [await make_client(f"page-{index}-{mark}") for index in range(5)]
    listing = Listing(admin, "clients", ", $filter: ClientFilter", filter={"text": mark})
    await check_paging(listing, made, lambda: make_client(f"page-new-{mark}"))


async def test_the_page_has_twenty_clients_unless_asked(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    mark = secrets.token_hex(4)
    for index in range(21):
        await make_client(f"{index}-{mark}")
    document = """query ($filter: ClientFilter) {
      clients(filter: $filter) { edges { node { id } } pageInfo { hasNextPage } }
    }"""
    page = (await admin.execute(document, {"filter": {"text": mark}}))["clients"]
    assert (len(ids_on(page)), page["pageInfo"]) == (20, {"hasNextPage": True})
