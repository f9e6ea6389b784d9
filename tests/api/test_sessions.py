"""Sign-ins and colleagues: people see and end their own sessions, and know who works with them."""

from tests.api.operations import (
    Listing,
    MakeClient,
    PersonOf,
    VisitorOf,
    check_people_only,
    codes,
    done,
    ids_on,
    mutate,
    mutation,
    new_slug,
)
from tests.conftest import PASSWORD, signed_in
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

SESSIONS = "{ sessions { id current userAgent ipAddress expiresAt } }"
ME = "{ viewer { user { id email } } }"
NODE = "query ($id: ID!) { node(id: $id) { id } }"
SESSIONS_OF = "query ($id: ID!) { node(id: $id) { ... on User { sessions { id current } } } }"
MEMBERS = "query ($slug: String) { client(slug: $slug) { members { role user { id } } } }"


async def user_id_of(caller: GraphQLClient) -> str:
    return str((await caller.execute(ME))["viewer"]["user"]["id"])


async def test_a_person_sees_and_ends_the_own_sessions(
    server: ServerProcess, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    await make_client(slug)
    first = await person_of(slug, "viewer")
    email = (await first.execute(ME))["viewer"]["user"]["email"]
    second = await signed_in(server.url, email, PASSWORD)
    listed = (await first.execute(SESSIONS))["sessions"]
    assert [one["current"] for one in listed] == [False, True]
    assert listed[0]["ipAddress"] == "127.0.0.1"
    assert listed[0]["userAgent"].startswith("python-httpx")
    own = listed[1]["id"]
    assert await first.execute(NODE, {"id": own}) == {"node": {"id": own}}

    result = await done(second, "revokeSession", {"id": own}, "revokedSessions")
    assert result["revokedSessions"] == 1
    assert await codes(first, SESSIONS, {}) == ["TOKEN_REVOKED"]
    again = await mutate(second, "revokeSession", {"id": own}, "revokedSessions")
    assert (again["code"], again["path"]) == ("NOT_FOUND", ["input", "id"])
    assert [one["current"] for one in (await second.execute(SESSIONS))["sessions"]] == [True]
    await second.close()


async def test_sessions_of_others_are_unknown_except_to_admins(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    await make_client(slug)
    one, colleague = await person_of(slug, "owner"), await person_of(slug, "owner")
    theirs = (await colleague.execute(SESSIONS))["sessions"][0]["id"]
    for wanted in (theirs, "nonsense"):
        refused = await mutate(one, "revokeSession", {"id": wanted}, "revokedSessions")
        assert refused["code"] == "NOT_FOUND"
        assert await one.execute(NODE, {"id": wanted}) == {"node": None}
    colleagues_id = await user_id_of(colleague)
    assert await codes(one, SESSIONS_OF, {"id": colleagues_id}) == ["FORBIDDEN"]

    for reader in (colleague, admin):
        found = (await reader.execute(SESSIONS_OF, {"id": colleagues_id}))["node"]["sessions"]
        assert found == [{"id": theirs, "current": reader is colleague}]
    await done(admin, "revokeSession", {"id": theirs}, "revokedSessions")
    assert await codes(colleague, SESSIONS, {}) == ["TOKEN_REVOKED"]


async def test_members_are_listed_for_their_colleagues(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug, foreign_slug = new_slug(), new_slug()
    client_id, foreign = await make_client(slug), await make_client(foreign_slug)
    members = [await person_of(slug, "viewer"), await person_of(slug, "owner")]
    stranger = await person_of(foreign_slug, "owner")
    ids = [await user_id_of(one) for one in members]

    for reader in (members[0], admin):
        found = (await reader.execute(MEMBERS, {"slug": slug}))["client"]["members"]
        roles = {one["user"]["id"]: one["role"] for one in found}
        assert roles == dict(zip(ids, ["VIEWER", "OWNER"], strict=True))
        listing = Listing(reader, "users", ", $clientId: ID", clientId=client_id)
        page = await listing.page(1)
        assert (ids_on(page), page["totalCount"]) == (ids[1:], 2)
        assert await listing.ids() == ids[::-1]
    assert await Listing(stranger, "users").ids() == [await user_id_of(stranger)]
    assert ids[0] in await Listing(admin, "users").ids()
    for wanted in (client_id, "nonsense"):
        listing = Listing(stranger, "users", ", $clientId: ID", clientId=wanted)
        assert await listing.codes(5) == ["NOT_FOUND"]
    assert foreign != client_id


async def test_nobody_and_visitors_are_kept_out(
    nobody: GraphQLClient, visitor_of: VisitorOf
) -> None:
    operations = {
        "sessions": (SESSIONS, {}),
        "users": ("{ users { totalCount } }", {}),
        "revokeSession": (mutation("revokeSession"), {"input": {"id": "x"}}),
    }
    await check_people_only(operations, nobody, await visitor_of())
