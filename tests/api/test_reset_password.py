"""`parlance reset-password`: whoever is locked out gets in again, and old sessions end."""

from tests.api.operations import MakeClient, PersonOf, codes, done, new_slug
from tests.api.test_invitations import choose
from tests.conftest import PASSWORD, SIGN_IN, signed_in
from tests.graphql_clients import GraphQLClient
from tests.mailbox import code_in, next_mail
from tests.server_process import ServerProcess

ME = "{ viewer { user { email } } }"
NEW = "another long password"


async def test_a_given_password_replaces_the_old_one(
    server: ServerProcess, make_client: MakeClient, person_of: PersonOf, nobody: GraphQLClient
) -> None:
    slug = new_slug()
    await make_client(slug)
    person = await person_of(slug, "viewer")
    email = (await person.execute(ME))["viewer"]["user"]["email"]

    done = server.command("reset-password", email.upper(), given=NEW + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert NEW not in done.stdout
    assert await codes(person, ME, {}) == ["TOKEN_REVOKED"]
    refused = await nobody.execute(SIGN_IN, {"email": email, "password": PASSWORD})
    assert refused["signIn"]["code"] == "INVALID_CREDENTIALS"
    await (await signed_in(server.url, email, NEW)).close()

    done = server.command("reset-password", email)
    password = done.stdout.rstrip().rpartition(": ")[2]
    await (await signed_in(server.url, email, password)).close()


async def test_a_link_that_was_mailed_before_opens_nothing_any_more(
    server: ServerProcess, make_client: MakeClient, person_of: PersonOf, nobody: GraphQLClient
) -> None:
    slug = new_slug()
    await make_client(slug)
    email = (await (await person_of(slug, "viewer")).execute(ME))["viewer"]["user"]["email"]
    await done(nobody, "requestPasswordReset", {"email": email}, "accepted")
    code = code_in(await next_mail(server, email))

    server.command("reset-password", email, given=NEW + "\n")

    assert (await choose(nobody, code))["code"] == "INVALID_TOKEN"


def test_what_cannot_be_done_is_said_in_a_sentence(server: ServerProcess) -> None:
    done = server.command("reset-password", "nobody@example.com", given=NEW)
    assert (done.returncode, done.stderr) == (
        1,
        "parlance: There is no account nobody@example.com.\n",
    )
    done = server.command("reset-password", server.admin_email, given="short\n")
    assert done.returncode == 1
    assert "at least 12 characters" in done.stderr
