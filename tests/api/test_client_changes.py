"""Changing a client: what is left out stays, null clears, a stale revision is told."""

from tests.api.operations import MakeClient, PersonOf, codes, done, mutate, mutation, new_slug
from tests.graphql_clients import GraphQLClient

FIELDS = """client {
  name domain contactName contactEmail contactPhone timeZone language monthlyQuota hardQuota
  budget { micros currency } retentionDays conversationsKeptPerVisitor hookHosts active revision
}"""
FULL = {
    "name": "Shop & Söhne",
    "domain": "shop.example.com",
    "contactName": "Anna",
    "contactEmail": "anna@example.com",
    "contactPhone": "+49 30 1",
    "timeZone": "Europe/Berlin",
    "language": "DE",
    "monthlyQuota": 1000,
    "hardQuota": 1200,
    "budget": {"micros": 5_000_000_000, "currency": "EUR"},
    "retentionDays": 90,
    "conversationsKeptPerVisitor": 3,
    "hookHosts": ["api.example.com"],
    "active": False,
}
CONFLICT = "... on ConflictError { currentRevision current { id } }"


async def test_what_is_left_out_stays_and_null_clears(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    changed = (await done(admin, "updateClient", {"id": client_id, **FULL}, FIELDS))["client"]
    assert changed == {**FULL, "revision": 2}
    changed = (await done(admin, "updateClient", {"id": client_id, "name": "B"}, FIELDS))["client"]
    assert changed == {**FULL, "name": "B", "revision": 3}

    nothing = dict.fromkeys(FULL)
    cleared = (await done(admin, "updateClient", {"id": client_id, **nothing}, FIELDS))["client"]
    kept = {key: changed[key] for key in ("name", "timeZone", "language", "active")}
    defaults = {"conversationsKeptPerVisitor": 10, "hookHosts": []}
    assert cleared == nothing | kept | defaults | {"revision": 4}


async def test_a_stale_revision_is_told(admin: GraphQLClient, make_client: MakeClient) -> None:
    client_id = await make_client()
    given = {"id": client_id, "revision": 1, "name": "B"}
    await done(admin, "updateClient", given, FIELDS)
    refused = await mutate(admin, "updateClient", given, FIELDS, CONFLICT)
    assert (refused["code"], refused["currentRevision"]) == ("CONFLICT", 2)
    assert refused["current"] == {"id": client_id}


async def test_everything_that_is_wrong_is_told_at_once(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    wrong = {
        "name": " ",
        "domain": "https://x/",
        "contactEmail": "anna",
        "contactPhone": "1" * 201,
        "timeZone": "Europe/Atlantis",
        "hardQuota": -1,
        "budget": {"micros": 1, "currency": "euro"},
        "retentionDays": 0,
        "conversationsKeptPerVisitor": 0,
        "hookHosts": ["https://x"],
    }
    given = {"id": await make_client(), **wrong}
    issues = "... on InvalidInputError { issues { path } }"
    refused = await mutate(admin, "updateClient", given, FIELDS, issues)
    assert {one["path"][1] for one in refused["issues"]} == set(wrong)


async def test_owners_change_what_is_theirs_to_say(
    make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id, foreign = await make_client(slug), await make_client()
    owner, editor = await person_of(slug, "owner"), await person_of(slug, "editor")
    await done(owner, "updateClient", {"id": client_id, "contactName": "Anna"}, FIELDS)
    update = mutation("updateClient")
    assert await codes(editor, update, {"input": {"id": client_id, "name": "B"}}) == ["FORBIDDEN"]
    for field, value in (("monthlyQuota", 9), ("hardQuota", None), ("active", True)):
        given = {"input": {"id": client_id, field: value}}
        assert await codes(owner, update, given) == ["FORBIDDEN"]
    for wanted in (foreign, "nonsense"):
        refused = await mutate(owner, "updateClient", {"id": wanted, "name": "B"}, FIELDS)
        assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "id"])
