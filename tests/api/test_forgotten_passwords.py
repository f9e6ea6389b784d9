"""A new password by mail: for whoever has the mailbox, once, and without telling who has one."""

import asyncio
from datetime import timedelta

import pytest

from documents.base import utc_now
from documents.ids import PydanticObjectId
from documents.one_time_codes import OneTimeCode
from documents.users import User
from services.accounts.access_tokens import AccessTokens
from services.accounts.one_time_codes import new_code
from services.sealing.keys import DerivedKeys
from tests.api.operations import Json, PersonOf, codes, database_of, done, mutate
from tests.api.test_audit import changed, entries
from tests.api.test_invitations import choose, new_address
from tests.api.test_memberships import ME, STRONG, new_account
from tests.conftest import PASSWORD, SIGN_IN, signed_in
from tests.graphql_clients import GraphQLClient
from tests.mailbox import code_in, mails_to, next_mail, text_of
from tests.server_process import ServerProcess

COLLECTIONS = ("one_time_codes", "outgoing_mails", "audit_log")


async def ask_for(nobody: GraphQLClient, address: str) -> Json:
    return await mutate(
        nobody,
        "requestPasswordReset",
        {"email": address},
        "accepted",
        "... on RateLimitedError { retryAt }",
    )


async def address_of(person: GraphQLClient) -> str:
    return str((await person.execute(ME))["viewer"]["user"]["email"])


async def stored_code(address: str) -> str:
    """A code of an account, as if a mail had brought it."""
    user = await User.find_one({"email": address})
    assert user is not None
    stored, code = new_code("password_reset", user.id)
    await stored.insert()
    return code


async def test_whoever_has_the_mailbox_gets_in_and_everybody_else_out(
    admin: GraphQLClient, person_of: PersonOf, nobody: GraphQLClient, server: ServerProcess
) -> None:
    person = await person_of("demo", "viewer")
    address = await address_of(person)
    asked = await ask_for(nobody, f" {address.upper()} ")
    assert asked == {"__typename": "RequestPasswordResetSuccess", "accepted": True}
    mail = await next_mail(server, address)
    assert f"{server.url}/account#resetCode=" in text_of(mail)
    code = code_in(mail)

    chosen = await choose(nobody, code)

    assert chosen["viewer"]["user"]["email"] == address
    assert chosen["viewer"]["user"]["fullName"] == "A member", "as before"
    assert await codes(person, ME, {}) == ["TOKEN_REVOKED"]
    refused = await nobody.execute(SIGN_IN, {"email": address, "password": PASSWORD})
    assert refused["signIn"]["code"] == "INVALID_CREDENTIALS"
    await (await signed_in(server.url, address, STRONG)).close()
    assert (await choose(nobody, code))["code"] == "INVALID_TOKEN"
    assert "was changed" in text_of(await next_mail(server, address, known=1))

    entry = next(one for one in await entries(admin, None) if one["action"] == "resetPassword")
    assert entry["actor"] == address
    assert changed(entry)["revokedSessions"] == (None, "1")
    async with database_of(server) as database:
        for name in await database.database.list_collection_names():
            found = str(await database.database[name].find({}).to_list())
            assert code not in found, name
    assert code not in server.log


async def test_asking_says_and_stores_the_same_for_everybody(
    admin: GraphQLClient, nobody: GraphQLClient, server: ServerProcess
) -> None:
    known, switched_off = [
        (await done(admin, "createUser", new_account(), "user { id email }"))["user"]
        for _ in range(2)
    ]
    await done(admin, "deactivateUser", {"id": switched_off["id"]}, "__typename")
    unknown = new_address()
    told, stored = [], []
    async with database_of(server) as database:

        async def ids() -> list[set[PydanticObjectId]]:
            """What is there; what goes by itself, because its time is over, does not matter."""
            found = [await database.database[name].distinct("_id") for name in COLLECTIONS]
            return [set(one) for one in found]

        for address in (known["email"], switched_off["email"], unknown, "no address", ""):
            before = await ids()
            told.append(await ask_for(nobody, address))
            pairs = zip(await ids(), before, strict=True)
            stored.append([len(now - then) for now, then in pairs])
    assert told == [told[0]] * 5
    assert stored == [[1, 1, 1]] * 5
    await next_mail(server, known["email"])
    assert mails_to(server, switched_off["email"]) == mails_to(server, unknown) == []


async def test_of_many_that_use_one_code_at_once_one_succeeds(
    person_of: PersonOf, nobody: GraphQLClient
) -> None:
    address = await address_of(await person_of("demo", "viewer"))
    code = await stored_code(address)
    passwords = [f"walnut parasol {number} of many" for number in range(4)]
    results = await asyncio.gather(
        *(choose(nobody, code, newPassword=password) for password in passwords)
    )
    kinds = sorted(one["__typename"] for one in results)
    assert kinds == ["RefusedError"] * 3 + ["ResetPasswordSuccess"]
    working = [
        (await nobody.execute(SIGN_IN, {"email": address, "password": password}))["signIn"]
        for password in passwords
    ]
    won = [one["__typename"] == "ResetPasswordSuccess" for one in results]
    assert ["accessToken" in one for one in working] == won


async def test_a_password_that_is_refused_does_not_use_the_code_up(
    person_of: PersonOf, nobody: GraphQLClient
) -> None:
    address = await address_of(await person_of("demo", "viewer"))
    code = await stored_code(address)
    issues = "... on InvalidInputError { issues { path message } }"
    weak = {"resetCode": code, "newPassword": "password1234", "fullName": " "}
    refused = await mutate(nobody, "resetPassword", weak, "", issues)
    paths = [one["path"] for one in refused["issues"]]
    assert paths == [["input", "fullName"], ["input", "newPassword"]]
    assert (await choose(nobody, code))["__typename"] == "ResetPasswordSuccess"


async def test_codes_that_are_of_no_use_are_refused_alike(
    admin: GraphQLClient, person_of: PersonOf, nobody: GraphQLClient
) -> None:
    expired, deactivated, changed_since = [
        await address_of(await person_of("demo", "viewer")) for _ in range(3)
    ]
    given = {address: await stored_code(address) for address in (expired, deactivated)}
    past = {"$set": {"expires_at": utc_now() - timedelta(seconds=1)}}
    (last,) = await OneTimeCode.find({}).sort("-_id").to_list(1)
    assert last.user_id is not None
    first = await OneTimeCode.find({}).sort("-_id").skip(1).to_list(1)
    await OneTimeCode.get_pymongo_collection().update_one({"_id": first[0].id}, past)
    users = (await admin.execute("{ users(first: 20) { edges { node { id email } } } }"))["users"]
    ids = {one["node"]["email"]: one["node"]["id"] for one in users["edges"]}
    await done(admin, "deactivateUser", {"id": ids[deactivated]}, "__typename")
    codes_given = [await stored_code(changed_since) for _ in range(2)]
    assert (await choose(nobody, codes_given[0]))["__typename"] == "ResetPasswordSuccess"
    for code in (*given.values(), codes_given[1], "", "nonsense", "\x00", "a" * 10_000):
        refused = await choose(nobody, code)
        assert (refused["code"], refused["path"]) == ("INVALID_TOKEN", ["input", "resetCode"])


@pytest.mark.parametrize("known", [True, False])
async def test_one_account_gets_few_mails_whether_there_is_one_or_not(
    admin: GraphQLClient, nobody: GraphQLClient, known: bool
) -> None:
    given = new_account()
    if known:
        await done(admin, "createUser", given, "__typename")
    told = [await ask_for(nobody, given["email"]) for _ in range(4)]
    assert [one.get("accepted") for one in told] == [True, True, True, None]
    assert (told[3]["code"], bool(told[3]["retryAt"])) == ("RATE_LIMITED", True)


async def test_a_stale_token_in_the_header_is_ignored(
    person_of: PersonOf, server: ServerProcess
) -> None:
    person = await person_of("demo", "viewer")
    address = await address_of(person)
    keys = DerivedKeys((server.data_dir / "secret.key").read_text())
    stale, _ = AccessTokens(keys, timedelta(seconds=-1)).issue(
        PydanticObjectId(), PydanticObjectId()
    )
    caller = GraphQLClient(server.url, stale)
    assert (await ask_for(caller, address))["accepted"] is True
    chosen = await choose(caller, await stored_code(address))
    assert chosen["__typename"] == "ResetPasswordSuccess"
    await caller.close()


async def test_a_changed_password_or_address_ends_the_codes_and_is_told(
    admin: GraphQLClient, person_of: PersonOf, nobody: GraphQLClient, server: ServerProcess
) -> None:
    person = await person_of("demo", "viewer")
    me = (await person.execute(ME))["viewer"]["user"]
    code = await stored_code(me["email"])
    given = {"currentPassword": PASSWORD, "newPassword": STRONG}
    await done(person, "changePassword", given, "revokedSessions")
    assert (await choose(nobody, code))["code"] == "INVALID_TOKEN"
    assert "password of your account" in text_of(await next_mail(server, me["email"]))

    code, address = await stored_code(me["email"]), new_address()
    await done(admin, "updateUser", {"id": me["id"], "email": address}, "__typename")
    assert (await choose(nobody, code))["code"] == "INVALID_TOKEN"
    assert f"to {address}" in text_of(await next_mail(server, me["email"], known=1))
