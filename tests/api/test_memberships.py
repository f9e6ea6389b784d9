"""Accounts and memberships: who makes and changes them, and that a client keeps an owner."""

import asyncio
import secrets

import pytest

from tests.api.operations import (
    Json,
    MakeClient,
    PersonOf,
    codes,
    done,
    mutate,
    mutation,
    new_slug,
)
from tests.api.test_audit import changed, entries
from tests.conftest import signed_in
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

ME = "{ viewer { user { id email } } }"
MEMBERSHIPS = "user { id revision memberships { role client { id } } }"
STRONG = "chestnut umbrella 42"


async def id_of(caller: GraphQLClient) -> str:
    return str((await caller.execute(ME))["viewer"]["user"]["id"])


def new_account(**more: object) -> Json:
    email = f"Anna-{secrets.token_hex(4)}@Example.com"
    return {"email": email, "fullName": " Anna ", "password": STRONG, **more}


async def test_an_admin_makes_accounts_that_sign_in(
    admin: GraphQLClient, server: ServerProcess
) -> None:
    given = new_account()
    fields = "user { id email fullName isAdmin active revision lastSignInAt memberships { role } }"
    made = (await done(admin, "createUser", given, fields))["user"]
    assert made == {
        "id": made["id"],
        "email": given["email"].lower(),
        "fullName": "Anna",
        "isAdmin": False,
        "active": True,
        "revision": 1,
        "lastSignInAt": None,
        "memberships": [],
    }
    person = await signed_in(server.url, given["email"], STRONG)
    assert await id_of(person) == made["id"]
    await person.close()
    entry = (await entries(admin, None))[0]
    assert changed(entry)["hashedPassword"] == (None, None)
    assert changed(entry)["email"] == (None, given["email"].lower())


async def test_what_is_wrong_with_an_account_is_told_at_once(admin: GraphQLClient) -> None:
    given = {"email": "anna", "fullName": "", "password": "password1234"}
    issues = "... on InvalidInputError { issues { path message } }"
    refused = await mutate(admin, "createUser", given, "__typename", issues)
    fields = [".".join(one["path"]) for one in refused["issues"]]
    assert fields == ["input.email", "input.fullName", "input.password"]
    assert "easy to guess" in refused["issues"][2]["message"]

    given = new_account()
    await done(admin, "createUser", given, "__typename")
    taken = await mutate(admin, "createUser", given, "__typename")
    assert (taken["__typename"], taken["path"]) == ("AlreadyExistsError", ["input", "email"])


async def test_two_who_make_one_account_at_once_make_one(admin: GraphQLClient) -> None:
    given = new_account()
    results = await asyncio.gather(*(mutate(admin, "createUser", given, "") for _ in range(3)))
    kinds = sorted(one["__typename"] for one in results)
    assert kinds == ["AlreadyExistsError", "AlreadyExistsError", "CreateUserSuccess"]


async def test_a_role_is_given_changed_and_ended(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug, other_slug = new_slug(), new_slug()
    client_id, other_id = await make_client(slug), await make_client(other_slug)
    owner, person = await person_of(slug, "owner"), await person_of(other_slug, "viewer")
    user_id = await id_of(person)

    given: Json = {"userId": user_id, "clientId": client_id, "role": "EDITOR"}
    refused = await mutate(owner, "updateMembership", given, "__typename")
    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "userId"])

    added = (await done(admin, "updateMembership", given, MEMBERSHIPS))["user"]
    roles = {one["client"]["id"]: one["role"] for one in added["memberships"]}
    assert (roles, added["revision"]) == ({other_id: "VIEWER", client_id: "EDITOR"}, 2)
    assert await codes(person, "{ chatbots { totalCount } }", {}) == []

    given["role"] = "AGENT"
    lowered = (await done(owner, "updateMembership", given, MEMBERSHIPS))["user"]
    assert lowered["memberships"] == [{"role": "AGENT", "client": {"id": client_id}}]
    given["role"] = None
    ended = (await done(owner, "updateMembership", given, MEMBERSHIPS))["user"]
    assert ended["memberships"] == []
    again = await mutate(owner, "updateMembership", given, "__typename")
    assert (again["code"], again["path"]) == ("NOT_FOUND", ["input", "userId"])

    found = await entries(owner, client_id)
    told = [changed(one)["memberships"] for one in found if one["action"] == "updateMembership"]
    assert [other_slug in str(one) for one in told] == [False] * 3, "that is not this owner's"
    assert '"editor"' in told[2][1]
    assert told[0][1] == "[]"


async def test_a_role_that_is_left_out_stays(make_client: MakeClient, person_of: PersonOf) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    owner, agent = await person_of(slug, "owner"), await person_of(slug, "agent")
    given = {"userId": await id_of(agent), "clientId": client_id}
    kept = (await done(owner, "updateMembership", given, MEMBERSHIPS))["user"]
    assert (kept["memberships"][0]["role"], kept["revision"]) == ("AGENT", 1)


async def test_the_last_owner_stays(make_client: MakeClient, person_of: PersonOf) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    owner = await person_of(slug, "owner")
    await person_of(slug, "editor")
    for role in ("EDITOR", None):
        given = {"userId": await id_of(owner), "clientId": client_id, "role": role}
        refused = await mutate(owner, "updateMembership", given, "__typename")
        assert (refused["__typename"], refused["code"]) == ("RefusedError", "CONFLICT")
        assert refused["path"] == ["input", "role"]


@pytest.mark.parametrize("role", ["VIEWER", None])
async def test_two_owners_who_demote_each_other_leave_one(
    make_client: MakeClient, person_of: PersonOf, role: str | None
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    owners = [await person_of(slug, "owner") for _ in range(2)]
    ids = [await id_of(one) for one in owners]
    for owner in owners:  # their connections are open
        await owner.execute(ME)
    pairs = zip(owners, reversed(ids), strict=True)
    results = await asyncio.gather(
        *(
            mutate(
                owner,
                "updateMembership",
                {"userId": other, "clientId": client_id, "role": role},
                "__typename",
            )
            for owner, other in pairs
        )
    )
    kinds = sorted(one["__typename"] for one in results)
    assert kinds == ["RefusedError", "UpdateMembershipSuccess"]


async def test_who_may_not_change_memberships_is_told_what_they_may_know(
    make_client: MakeClient, person_of: PersonOf
) -> None:
    slug, foreign_slug = new_slug(), new_slug()
    client_id, foreign_id = await make_client(slug), await make_client(foreign_slug)
    editor, owner = await person_of(slug, "editor"), await person_of(slug, "owner")
    user_id = await id_of(editor)
    given = {"userId": user_id, "clientId": client_id, "role": "OWNER"}
    document = mutation("updateMembership")
    assert await codes(editor, document, {"input": given}) == ["FORBIDDEN"]
    for wanted in (foreign_id, "nonsense"):
        refused = await mutate(owner, "updateMembership", {**given, "clientId": wanted}, "")
        assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "clientId"])
    for wanted in (client_id, "nonsense"):
        refused = await mutate(owner, "updateMembership", {**given, "userId": wanted}, "")
        assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "userId"])
