"""Changing and deactivating accounts, and one's own password: who may, and what ends with it."""

import asyncio
import secrets

import pytest

from documents.users import User
from services.accounts.access_tokens import AccessTokens
from services.accounts.password_work import PasswordWork
from services.accounts.passwords import password_matches
from services.accounts.sign_in import Device, InvalidCredentialsError, SignIn
from services.sealing.keys import DerivedKeys
from tests.api.operations import Json, MakeClient, PersonOf, codes, done, mutate, mutation, new_slug
from tests.api.test_audit import changed, entries
from tests.api.test_memberships import ME, STRONG, id_of, new_account
from tests.conftest import PASSWORD, SIGN_IN, signed_in
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

ISSUES = "... on InvalidInputError { issues { path message } }"
USER = "user { id email fullName isAdmin active revision }"


async def new_person(admin: GraphQLClient, **more: object) -> Json:
    """A new account with its address and id."""
    given = new_account(**more)
    made = (await done(admin, "createUser", given, USER))["user"]
    return dict(made)


async def sign_in_code(nobody: GraphQLClient, email: str, password: str) -> str | None:
    given = {"email": email, "password": password}
    result = (await nobody.execute(SIGN_IN, given))["signIn"]
    code: str | None = result.get("code")
    return code


async def test_an_admin_changes_an_account(admin: GraphQLClient, server: ServerProcess) -> None:
    made = await new_person(admin)
    email = f"Bea-{secrets.token_hex(4)}@Example.com"
    given = {"id": made["id"], "fullName": " Bea ", "email": email, "isAdmin": True, "revision": 1}
    after = (await done(admin, "updateUser", given, USER))["user"]
    assert after == {
        "id": made["id"],
        "email": email.lower(),
        "fullName": "Bea",
        "isAdmin": True,
        "active": True,
        "revision": 2,
    }
    await (await signed_in(server.url, email, STRONG)).close()
    entry = (await entries(admin, None))[0]
    assert entry["action"] == "updateUser"
    assert changed(entry)["email"] == (made["email"], email.lower())

    same = (await done(admin, "updateUser", {**given, "revision": 2}, USER))["user"]
    assert same["revision"] == 2, "nothing was changed"
    conflict = "... on ConflictError { currentRevision current { id } }"
    stale = await mutate(admin, "updateUser", given, "", conflict)
    assert (stale["code"], stale["currentRevision"]) == ("CONFLICT", 2)
    assert stale["current"]["id"] == made["id"]


async def test_what_is_wrong_with_a_change_is_told_at_once(admin: GraphQLClient) -> None:
    made, other = await new_person(admin), await new_person(admin)
    given = {"id": made["id"], "fullName": " ", "email": "bea@", "active": False}
    refused = await mutate(admin, "updateUser", given, "", ISSUES)
    fields = [".".join(one["path"]) for one in refused["issues"]]
    assert fields == ["input.email", "input.fullName", "input.active"]
    taken = await mutate(admin, "updateUser", {"id": made["id"], "email": other["email"]}, "")
    assert (taken["code"], taken["path"]) == ("ALREADY_EXISTS", ["input", "email"])
    unknown = await mutate(admin, "updateUser", {"id": "nonsense", "fullName": "Bea"}, "")
    assert (unknown["code"], unknown["path"]) == ("NOT_FOUND", ["input", "id"])


async def test_people_change_their_own_name_and_nothing_else(
    make_client: MakeClient, person_of: PersonOf
) -> None:
    slug, foreign_slug = new_slug(), new_slug()
    await make_client(slug)
    await make_client(foreign_slug)
    owner, viewer = await person_of(slug, "owner"), await person_of(slug, "viewer")
    stranger = await person_of(foreign_slug, "owner")
    own_id = await id_of(viewer)
    after = await done(viewer, "updateUser", {"id": own_id, "fullName": "Vera"}, USER)
    assert after["user"]["fullName"] == "Vera"

    document = mutation("updateUser")
    for change in ({"email": "vera@example.com"}, {"isAdmin": True}, {"active": True}):
        assert await codes(viewer, document, {"input": {"id": own_id, **change}}) == ["FORBIDDEN"]
    named = {"id": own_id, "fullName": "Somebody"}
    assert await codes(owner, document, {"input": named}) == ["FORBIDDEN"]
    assert (await mutate(stranger, "updateUser", named, ""))["code"] == "NOT_FOUND"


async def test_a_deactivated_account_is_out_at_once(
    admin: GraphQLClient,
    make_client: MakeClient,
    person_of: PersonOf,
    nobody: GraphQLClient,
) -> None:
    slug = new_slug()
    await make_client(slug)
    person = await person_of(slug, "editor")
    me = (await person.execute(ME))["viewer"]["user"]

    after = (await done(admin, "deactivateUser", {"id": me["id"]}, USER))["user"]

    assert after["active"] is False
    assert await codes(person, ME, {}) == ["TOKEN_REVOKED"]
    assert await sign_in_code(nobody, me["email"], PASSWORD) == "INVALID_CREDENTIALS"
    entry = (await entries(admin, None))[0]
    assert entry["action"] == "deactivateUser"
    assert changed(entry)["active"] == ("true", "false")
    assert changed(entry)["revokedSessions"] == (None, "1")

    again = (await done(admin, "deactivateUser", {"id": me["id"]}, USER))["user"]
    assert again["active"] is False
    back = (await done(admin, "updateUser", {"id": me["id"], "active": True}, USER))["user"]
    assert back["active"] is True
    assert await codes(person, ME, {}) == ["TOKEN_REVOKED"], "what ended stays so"
    assert await sign_in_code(nobody, me["email"], PASSWORD) is None


async def test_the_last_owner_of_a_client_is_not_deactivated(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    await make_client(slug)
    first, second = await person_of(slug, "owner"), await person_of(slug, "owner")
    ids = [await id_of(one) for one in (first, second)]
    results = await asyncio.gather(
        *(mutate(admin, "deactivateUser", {"id": one}, "") for one in ids)
    )
    kinds = sorted(one["__typename"] for one in results)
    assert kinds == ["DeactivateUserSuccess", "RefusedError"]
    (refused,) = (one for one in results if one["__typename"] == "RefusedError")
    assert (refused["code"], refused["path"]) == ("CONFLICT", ["input", "id"])
    assert slug in refused["message"]


async def test_an_owner_who_has_no_password_yet_does_not_count(
    make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    owner, invited = await person_of(slug, "owner"), await person_of(slug, "owner")
    email = (await invited.execute(ME))["viewer"]["user"]["email"]
    await User.find_one({"email": email}).update({"$set": {"hashed_password": None}})
    given = {"userId": await id_of(owner), "clientId": client_id, "role": "VIEWER"}
    assert (await mutate(owner, "updateMembership", given, ""))["code"] == "CONFLICT"


async def test_the_last_admin_stays(own_server: ServerProcess) -> None:
    await asyncio.to_thread(own_server.start)
    admin = await signed_in(own_server.url, own_server.admin_email, own_server.admin_password)
    me = await id_of(admin)
    refused = await mutate(admin, "deactivateUser", {"id": me}, "")
    assert (refused["code"], refused["path"]) == ("CONFLICT", ["input", "id"])
    demoted = await mutate(admin, "updateUser", {"id": me, "isAdmin": False}, "", ISSUES)
    assert [one["path"] for one in demoted["issues"]] == [["input", "isAdmin"]]

    other = await new_person(admin, isAdmin=True)
    second = await signed_in(own_server.url, other["email"], STRONG)
    await second.execute(ME)
    results = await asyncio.gather(
        mutate(admin, "updateUser", {"id": other["id"], "isAdmin": False}, ""),
        mutate(second, "deactivateUser", {"id": me}, ""),
    )
    kinds = sorted(str("code" in one) for one in results)
    assert kinds == ["False", "True"], results
    await admin.close()
    await second.close()


async def test_a_new_password_ends_the_other_sessions(
    admin: GraphQLClient, server: ServerProcess, nobody: GraphQLClient
) -> None:
    email = (await new_person(admin))["email"]
    here, there = [await signed_in(server.url, email, STRONG) for _ in range(2)]
    given = {"currentPassword": STRONG, "newPassword": "walnut parasol 43"}
    result = await done(here, "changePassword", given, "revokedSessions")
    assert result["revokedSessions"] == 1
    assert await codes(here, ME, {}) == []
    assert await codes(there, ME, {}) == ["TOKEN_REVOKED"]
    assert await sign_in_code(nobody, email, STRONG) == "INVALID_CREDENTIALS"
    assert await sign_in_code(nobody, email, "walnut parasol 43") is None
    entry = (await entries(admin, None))[0]
    assert (entry["action"], changed(entry)["hashedPassword"]) == ("changePassword", (None, None))
    await here.close()
    await there.close()


async def test_a_password_is_changed_only_for_a_good_one_and_by_who_knows_it(
    admin: GraphQLClient, server: ServerProcess
) -> None:
    email = (await new_person(admin))["email"]
    person = await signed_in(server.url, email, STRONG)
    given = {"currentPassword": STRONG, "newPassword": "walnut parasol 43"}
    for weak in (STRONG, "short", "password1234", "x" * 73):
        refused = await mutate(person, "changePassword", {**given, "newPassword": weak}, "", ISSUES)
        assert refused["path"] == ["input", "newPassword"], weak
        assert refused["issues"], weak
    wrong = {**given, "currentPassword": "another password 1"}
    refused = await mutate(person, "changePassword", wrong, "")
    assert refused["code"] == "INVALID_CREDENTIALS"
    assert refused["path"] == ["input", "currentPassword"]
    limited = await mutate(person, "changePassword", given, "", "... on RateLimitedError{retryAt}")
    assert (limited["code"], bool(limited["retryAt"])) == ("RATE_LIMITED", True)
    await person.close()


async def test_of_two_changes_from_one_password_one_happens(
    admin: GraphQLClient, server: ServerProcess
) -> None:
    email = (await new_person(admin))["email"]
    person = await signed_in(server.url, email, STRONG)
    results = await asyncio.gather(
        *(
            mutate(person, "changePassword", {"currentPassword": STRONG, "newPassword": new}, "")
            for new in ("walnut parasol 43", "hazelnut raincoat 44")
        )
    )
    kinds = sorted(one["__typename"] for one in results)
    assert kinds == ["ChangePasswordSuccess", "RefusedError"]
    await person.close()


async def test_a_sign_in_that_overlaps_a_change_of_the_password_opens_nothing(
    admin: GraphQLClient, server: ServerProcess, person_of: PersonOf
) -> None:
    """The old password was looked at, and then another one took its place."""
    email = (await new_person(admin))["email"]
    person = await signed_in(server.url, email, STRONG)

    async def slowly(password: str, hashed: str | None, work: PasswordWork) -> bool:
        matches = await password_matches(password, hashed, work)
        given = {"currentPassword": STRONG, "newPassword": "walnut parasol 43"}
        await done(person, "changePassword", given, "revokedSessions")
        return matches

    keys = DerivedKeys("a secret of forty characters, long enough")
    sign_in = SignIn(AccessTokens(keys), matches=slowly)
    with pytest.raises(InvalidCredentialsError):
        await sign_in.with_password(email, STRONG, Device())
    document = "{ sessions { current } }"
    assert (await person.execute(document))["sessions"] == [{"current": True}]
    await person.close()
