"""Inviting people: the mail, the account that waits for its password, and who is a member when."""

import asyncio
import secrets

from documents.one_time_codes import OneTimeCode
from documents.outgoing_mails import OutgoingMail
from documents.users import User
from tests.api.conftest import DASHBOARD_URL
from tests.api.operations import (
    Json,
    MakeClient,
    PersonOf,
    codes,
    database_of,
    done,
    mutate,
    mutation,
    new_slug,
)
from tests.api.test_audit import changed, entries
from tests.api.test_memberships import ME, MEMBERSHIPS, STRONG, new_account
from tests.conftest import signed_in
from tests.graphql_clients import GraphQLClient
from tests.mailbox import code_in, mails_to, next_mail, text_of
from tests.server_process import ServerProcess

INVITED = "expiresAt user { id email fullName active lastSignInAt memberships { role } }"
CHOSEN = "accessToken refreshToken viewer { user { id email fullName lastSignInAt } }"


def new_address() -> str:
    return f"bea-{secrets.token_hex(5)}@example.com"


async def choose(nobody: GraphQLClient, code: str, **more: object) -> Json:
    given = {"resetCode": code, "newPassword": STRONG, **more}
    return await mutate(nobody, "resetPassword", given, CHOSEN)


async def test_an_invited_person_chooses_a_password_and_works_for_the_client(
    make_client: MakeClient, person_of: PersonOf, nobody: GraphQLClient, server: ServerProcess
) -> None:
    slug, address = new_slug(), new_address()
    client_id = await make_client(slug)
    owner = await person_of(slug, "owner")
    given = {"clientId": client_id, "email": address.upper(), "role": "EDITOR"}
    invited = await done(owner, "inviteUser", given, INVITED)
    user = invited["user"]
    assert (user["email"], user["fullName"]) == (address, address.partition("@")[0])
    assert (user["memberships"], user["lastSignInAt"]) == ([{"role": "EDITOR"}], None)

    mail = await next_mail(server, address)
    assert mail["Subject"] == "Invitation to A client"
    assert "A member has invited you to work for A client" in text_of(mail)
    assert f"{server.url}/account#invitationCode=" in text_of(mail)
    code = code_in(mail)

    chosen = await choose(nobody, code, fullName=" Bea ")
    assert chosen["viewer"]["user"]["fullName"] == "Bea"
    assert chosen["viewer"]["user"]["id"] == user["id"]
    person = GraphQLClient(server.url, chosen["accessToken"])
    seen = await person.execute("{ viewer { user { lastSignInAt memberships { role } } } }")
    assert seen["viewer"]["user"]["lastSignInAt"] is not None
    await person.close()
    await (await signed_in(server.url, address, STRONG)).close()
    again = await choose(nobody, code)
    assert (again["code"], again["path"]) == ("INVALID_TOKEN", ["input", "resetCode"])

    told = await entries(owner, client_id)
    assert {one["action"] for one in told} >= {"inviteUser"}
    assert (None, address) in [changed(one).get("email") for one in told]
    async with database_of(server) as database:
        stored = str([one async for one in database.database["outgoing_mails"].find({})])
    for place in (server.log, stored, str(told)):
        assert code not in place


async def test_inviting_again_sends_another_link_until_a_password_is_chosen(
    admin: GraphQLClient, make_client: MakeClient, nobody: GraphQLClient, server: ServerProcess
) -> None:
    client_id, address = await make_client(), new_address()
    given = {"clientId": client_id, "email": address, "role": "VIEWER"}
    first = await done(admin, "inviteUser", given, INVITED)
    second = await done(admin, "inviteUser", {**given, "role": "AGENT"}, INVITED)
    assert second["user"]["id"] == first["user"]["id"]
    assert second["user"]["memberships"] == [{"role": "AGENT"}]

    mails = [await next_mail(server, address, known) for known in range(2)]
    assert (await choose(nobody, code_in(mails[0])))["__typename"] == "ResetPasswordSuccess"
    assert (await choose(nobody, code_in(mails[1])))["code"] == "INVALID_TOKEN", "all are used up"
    refused = await mutate(admin, "inviteUser", given, "")
    assert (refused["code"], refused["path"]) == ("ALREADY_EXISTS", ["input", "email"])


async def test_somebody_with_an_account_is_a_member_at_once_and_told_so(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf, server: ServerProcess
) -> None:
    slug, other_slug = new_slug(), new_slug()
    client_id = await make_client(slug)
    await make_client(other_slug)
    owner, person = await person_of(slug, "owner"), await person_of(other_slug, "viewer")
    address = (await person.execute(ME))["viewer"]["user"]["email"]
    given = {"clientId": client_id, "email": address, "role": "EDITOR"}
    invited = await done(owner, "inviteUser", given, INVITED)
    assert invited["user"]["memberships"] == [{"role": "EDITOR"}], "the other is not the owner's"
    mail = await next_mail(server, address)
    assert mail["Subject"] == "You work for A client now"
    assert "Code=" not in text_of(mail)
    assert (
        len(
            (await person.execute(f"{{ viewer {{ {MEMBERSHIPS} }} }}"))["viewer"]["user"][
                "memberships"
            ]
        )
        == 2
    )


async def test_what_is_wrong_with_an_invitation_is_told(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug, foreign_slug = new_slug(), new_slug()
    client_id, foreign_id = await make_client(slug), await make_client(foreign_slug)
    owner, editor = await person_of(slug, "owner"), await person_of(slug, "editor")
    given: Json = {"clientId": client_id, "email": new_address(), "role": "VIEWER"}
    for wrong in ("anna", "anna@example.com\nBcc: all@example.com", f"{'a' * 300}@example.com"):
        refused = await mutate(owner, "inviteUser", {**given, "email": wrong}, "")
        assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "email"])
    for wanted in (foreign_id, "nonsense"):
        refused = await mutate(owner, "inviteUser", {**given, "clientId": wanted}, "")
        assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "clientId"])
    assert await codes(editor, mutation("inviteUser"), {"input": given}) == ["FORBIDDEN"]

    account = (await done(admin, "createUser", new_account(), "user { id email }"))["user"]
    await done(admin, "deactivateUser", {"id": account["id"]}, "__typename")
    refused = await mutate(owner, "inviteUser", {**given, "email": account["email"]}, "")
    assert (refused["code"], refused["path"]) == ("ALREADY_EXISTS", ["input", "email"])


async def test_invitations_of_one_address_at_once_make_one_account(
    make_client: MakeClient, person_of: PersonOf
) -> None:
    slugs, address = [new_slug() for _ in range(3)], new_address()
    client_ids = [await make_client(slug) for slug in slugs]
    owners = [await person_of(slug, "owner") for slug in slugs]
    results = await asyncio.gather(
        *(
            done(
                owner,
                "inviteUser",
                {"clientId": client_id, "email": address, "role": "VIEWER"},
                "user { id }",
            )
            for owner, client_id in zip(owners, client_ids, strict=True)
        )
    )
    assert len({one["user"]["id"] for one in results}) == 1
    user = await User.find_one({"email": address})
    assert user is not None
    assert sorted(one.client_id for one in user.memberships) == sorted(slugs)


async def test_an_invitation_ends_with_the_membership(
    admin: GraphQLClient, make_client: MakeClient, nobody: GraphQLClient, server: ServerProcess
) -> None:
    client_id, address = await make_client(), new_address()
    given = {"clientId": client_id, "email": address, "role": "VIEWER"}
    user = (await done(admin, "inviteUser", given, INVITED))["user"]
    code = code_in(await next_mail(server, address))
    ended = {"userId": user["id"], "clientId": client_id, "role": None}
    await done(admin, "updateMembership", ended, "__typename")
    assert (await choose(nobody, code))["code"] == "INVALID_TOKEN"


async def test_one_mailbox_gets_few_invitations(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    given = {"clientId": client_id, "email": new_address(), "role": "VIEWER"}
    limit = "... on RateLimitedError { retryAt }"
    results = [await mutate(admin, "inviteUser", given, "", limit) for _ in range(4)]
    assert [one.get("code") for one in results] == [None, None, None, "RATE_LIMITED"]
    assert results[-1]["retryAt"]


async def test_invitations_go_with_their_client(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    await person_of(slug, "owner")  # binds the document classes
    given = {"clientId": client_id, "email": new_address(), "role": "VIEWER"}
    await done(admin, "inviteUser", given, "__typename")
    erased = "erased { collection documents }"
    gone = await done(admin, "deleteClient", {"id": client_id, "confirmSlug": slug}, erased)
    counts = {one["collection"]: one["documents"] for one in gone["erased"]}
    assert (counts["one_time_codes"], counts["outgoing_mails"]) == (1, 1)
    assert await OneTimeCode.find_one({"client_id": slug}) is None
    assert await OutgoingMail.find_one({"client_id": slug}) is None


async def test_links_lead_to_the_dashboard_where_there_is_one(
    production: ServerProcess, production_admin: GraphQLClient
) -> None:
    slug, address = new_slug(), new_address()
    given: Json = {"slug": slug, "name": "Käse & Söhne"}
    client = (await done(production_admin, "createClient", given, "client { id }"))["client"]
    given = {"clientId": client["id"], "email": address, "role": "OWNER"}
    await done(production_admin, "inviteUser", given, "__typename")
    mail = await next_mail(production, address)
    assert mail["Subject"] == "Invitation to Käse & Söhne"
    assert f"{DASHBOARD_URL}#invitationCode=" in text_of(mail)
    assert len(mails_to(production, address)) == 1
