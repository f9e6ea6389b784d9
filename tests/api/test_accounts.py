"""People's sessions: signing in, going on, signing out, and tokens that are no good."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import bcrypt
import httpx
import jwt
import pytest
import pytest_asyncio

from documents.ids import PydanticObjectId
from documents.sessions import Session
from documents.users import User
from services.accounts.access_tokens import AccessTokens
from services.accounts.password_work import PasswordWork
from services.accounts.passwords import password_matches
from services.accounts.sign_in import Device, InvalidCredentialsError, SignIn
from services.sealing.keys import DerivedKeys
from tests.api.operations import Json, PersonOf, VisitorOf, codes, database_of
from tests.conftest import PASSWORD
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

Account = Callable[..., Awaitable[str]]

HASHED = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
"""Of the least cost, or these tests would spend their time on it."""

TOKENS = "accessToken refreshToken expiresAt viewer { user { id email } visitor { id } }"
SIGN_IN = f"""
mutation ($email: String!, $password: String!) {{
  result: signIn(input: {{email: $email, password: $password}}) {{
    __typename
    ... on SignInSuccess {{ {TOKENS} }}
    ... on UserError {{ code message path }}
  }}
}}
"""
REFRESH = f"""
mutation ($token: String!) {{
  result: refreshSession(input: {{refreshToken: $token}}) {{
    __typename
    ... on RefreshSessionSuccess {{ {TOKENS} }}
    ... on UserError {{ code message path }}
  }}
}}
"""
SIGN_OUT = """
mutation ($everywhere: Boolean!) {
  result: signOut(input: {everywhere: $everywhere}) {
    ... on SignOutSuccess { revokedSessions }
  }
}
"""
VIEWER = """
{
  viewer {
    user {
      email fullName isAdmin active lastSignInAt revision
      memberships { role client { slug } user { email } }
    }
    visitor { id }
  }
}
"""


@pytest_asyncio.fixture
async def account(person_of: PersonOf) -> Account:
    """Makes an account without a session; gives its address. The password is PASSWORD."""

    async def make(**more: Any) -> str:
        email = f"{secrets.token_hex(6)}@example.com"
        await User(email=email, full_name="Anna", hashed_password=HASHED, **more).insert()
        return email

    return make


async def sign_in(caller: GraphQLClient, email: str, password: str = PASSWORD) -> Json:
    given = {"email": email, "password": password}
    result: Json = (await caller.execute(SIGN_IN, given))["result"]
    return result


async def refresh(caller: GraphQLClient, token: str) -> Json:
    result: Json = (await caller.execute(REFRESH, {"token": token}))["result"]
    return result


async def codes_with(token: str, server: ServerProcess) -> list[str | None]:
    """The codes of the errors that a token meets; none for a good one."""
    caller = GraphQLClient(server.url, token)
    try:
        return await codes(caller, VIEWER, {})
    finally:
        await caller.close()


def secret_of(server: ServerProcess) -> str:
    return (server.data_dir / "secret.key").read_text()


def claims_of(token: str) -> tuple[PydanticObjectId, PydanticObjectId]:
    """The user and the session that an access token names."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return PydanticObjectId(claims["sub"]), PydanticObjectId(claims["sid"])


async def test_signing_in_gives_tokens_and_says_who(
    account: Account, nobody: GraphQLClient, server: ServerProcess
) -> None:
    email = await account()
    before = datetime.now(UTC)

    signed_in = await sign_in(nobody, f"  {email.upper()} ")

    assert signed_in["__typename"] == "SignInSuccess"
    assert signed_in["viewer"]["user"]["email"] == email
    assert signed_in["viewer"]["visitor"] is None
    left = datetime.fromisoformat(signed_in["expiresAt"]) - before
    assert timedelta(minutes=59) < left < timedelta(minutes=61)
    assert await codes_with(signed_in["accessToken"], server) == []


async def test_a_session_notes_the_device_and_believes_only_trusted_proxies(
    account: Account,
    server: ServerProcess,
    production: ServerProcess,
    production_admin: GraphQLClient,
) -> None:
    email = await account()
    headers = {"user-agent": "Browser/" + "9" * 400, "x-forwarded-for": "203.0.113.7"}
    stored = []
    for place, address, password in (
        (server, email, PASSWORD),
        (production, production.admin_email, production.admin_password),
    ):
        async with httpx.AsyncClient(headers=headers, trust_env=False) as http:
            variables = {"email": address, "password": password}
            body = {"query": SIGN_IN, "variables": variables}
            answer = (await http.post(f"{place.url}/graphql", json=body)).json()
        session_id = claims_of(answer["data"]["result"]["accessToken"])[1]
        async with database_of(place) as database:
            stored.append(await database.database["sessions"].find_one({"_id": session_id}))

    direct, proxied = stored
    assert direct is not None
    assert proxied is not None
    assert direct["user_agent"] == headers["user-agent"][:300]
    assert direct["ip_address"] == "127.0.0.1"
    assert proxied["ip_address"] == "203.0.113.7"


async def test_the_viewer_is_the_person_with_the_roles(person_of: PersonOf) -> None:
    user = (await (await person_of("demo", "agent")).execute(VIEWER))["viewer"]["user"]

    assert user["memberships"] == [
        {"role": "AGENT", "client": {"slug": "demo"}, "user": {"email": user["email"]}}
    ]
    assert (user["isAdmin"], user["active"]) == (False, True)
    signed_in_at = datetime.fromisoformat(user["lastSignInAt"])
    assert abs(datetime.now(UTC) - signed_in_at) < timedelta(minutes=1)


async def test_the_viewer_is_nobody_or_a_visitor(
    nobody: GraphQLClient, visitor_of: VisitorOf
) -> None:
    assert await nobody.execute(VIEWER) == {"viewer": None}
    viewer = (await (await visitor_of()).execute(VIEWER))["viewer"]
    assert viewer["user"] is None
    assert viewer["visitor"]["id"]


async def test_whatever_is_wrong_is_not_told(account: Account, nobody: GraphQLClient) -> None:
    email, inactive = await account(), await account(active=False)
    unset = await account()
    await User.find_one({"email": unset}).update({"$set": {"hashed_password": None}})
    refusals = [
        await sign_in(nobody, email, "another long password"),
        await sign_in(nobody, f"nobody-{email}"),
        await sign_in(nobody, inactive),
        await sign_in(nobody, unset),
        await sign_in(nobody, email, ""),
        await sign_in(nobody, email, "\x00"),
        await sign_in(nobody, email, PASSWORD + "x" * 100_000),
        await sign_in(nobody, "", ""),
        await sign_in(nobody, "\x00" * 5, PASSWORD),
    ]

    assert refusals[0]["code"] == "INVALID_CREDENTIALS"
    assert refusals == [refusals[0]] * len(refusals)


async def test_an_unknown_account_costs_the_work_of_a_known_one(account: Account) -> None:
    """bcrypt takes most of the time; were it left out, the time would tell who has an account."""
    compared: list[tuple[str, str | None]] = []

    async def matches(password: str, hashed: str | None, work: PasswordWork) -> bool:
        compared.append((password, hashed))
        return await password_matches(password, hashed, work)

    accounts = SignIn(
        AccessTokens(DerivedKeys("a secret of forty characters, long enough")), matches=matches
    )
    known = await account()
    for email in (known, f"nobody-{known}"):
        with pytest.raises(InvalidCredentialsError):
            await accounts.with_password(email, "another long password", Device())

    (first, stored), (second, stand_in) = compared
    assert first == second == "another long password"
    assert stored is not None
    assert stand_in is None


async def test_signing_in_and_going_on_ignore_the_authorization_header(
    account: Account, server: ServerProcess
) -> None:
    email = await account()
    for token in ("nonsense", "a.b.c"):
        caller = GraphQLClient(server.url, token)
        signed_in = await sign_in(caller, email)
        refreshed = await refresh(caller, signed_in["refreshToken"])
        assert refreshed["__typename"] == "RefreshSessionSuccess"
        assert await codes(caller, VIEWER, {}) == ["UNAUTHENTICATED"]
        await caller.close()


async def test_a_refresh_token_gives_the_next_one(
    account: Account, nobody: GraphQLClient, server: ServerProcess
) -> None:
    signed_in = await sign_in(nobody, await account())
    tokens = [signed_in["refreshToken"]]
    for _ in range(3):
        refreshed = await refresh(nobody, tokens[-1])
        assert refreshed["viewer"] == signed_in["viewer"]
        assert claims_of(refreshed["accessToken"]) == claims_of(signed_in["accessToken"])
        tokens.append(refreshed["refreshToken"])

    assert len(set(tokens)) == 4
    assert await codes_with(signed_in["accessToken"], server) == [], "it has its hour"


async def test_a_spent_refresh_token_ends_its_session(
    account: Account, nobody: GraphQLClient, server: ServerProcess
) -> None:
    email = await account()
    signed_in, other = await sign_in(nobody, email), await sign_in(nobody, email)
    refreshed = await refresh(nobody, signed_in["refreshToken"])

    stolen = await refresh(nobody, signed_in["refreshToken"])

    assert stolen["code"] == "INVALID_TOKEN"
    assert stolen["path"] == ["input", "refreshToken"]
    assert await refresh(nobody, refreshed["refreshToken"]) == stolen
    for token in (signed_in["accessToken"], refreshed["accessToken"]):
        assert await codes_with(token, server) == ["TOKEN_REVOKED"]
    assert await codes_with(other["accessToken"], server) == [], "another device goes on"


async def test_of_many_that_show_one_refresh_token_one_wins(
    account: Account, nobody: GraphQLClient
) -> None:
    signed_in = await sign_in(nobody, await account())
    results = await asyncio.gather(*(refresh(nobody, signed_in["refreshToken"]) for _ in range(10)))
    kinds = sorted(result["__typename"] for result in results)
    assert kinds == ["RefreshSessionSuccess"] + ["RefusedError"] * 9


@pytest.mark.parametrize("token", ["", "nonsense", "\x00", "a" * 100_000])
async def test_what_is_no_refresh_token_is_refused(nobody: GraphQLClient, token: str) -> None:
    assert (await refresh(nobody, token))["code"] == "INVALID_TOKEN"


async def test_a_refresh_token_expires_and_needs_an_active_account(
    account: Account, nobody: GraphQLClient
) -> None:
    expired, deactivated = [await sign_in(nobody, await account()) for _ in range(2)]
    past = {"$set": {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}}
    await Session.find_one({"_id": claims_of(expired["accessToken"])[1]}).update(past)
    user_id = claims_of(deactivated["accessToken"])[0]
    await User.find_one({"_id": user_id}).update({"$set": {"active": False}})

    for signed_in in (expired, deactivated):
        assert (await refresh(nobody, signed_in["refreshToken"]))["code"] == "INVALID_TOKEN"


async def test_signing_out_ends_this_session_or_all(
    account: Account, nobody: GraphQLClient, server: ServerProcess
) -> None:
    email = await account()
    sessions = [await sign_in(nobody, email) for _ in range(4)]
    callers = [GraphQLClient(server.url, one["accessToken"]) for one in sessions]

    one = await callers[0].execute(SIGN_OUT, {"everywhere": False})
    seen = [await codes(caller, VIEWER, {}) for caller in callers]
    rest = await callers[1].execute(SIGN_OUT, {"everywhere": True})
    seen_then = [await codes(caller, VIEWER, {}) for caller in callers]
    for caller in callers:
        await caller.close()

    assert one["result"]["revokedSessions"] == 1
    assert seen == [["TOKEN_REVOKED"], [], [], []]
    assert (await refresh(nobody, sessions[0]["refreshToken"]))["code"] == "INVALID_TOKEN"
    assert rest["result"]["revokedSessions"] == 3
    assert seen_then == [["TOKEN_REVOKED"]] * 4


async def test_only_people_sign_out(nobody: GraphQLClient, visitor_of: VisitorOf) -> None:
    assert await codes(nobody, SIGN_OUT, {"everywhere": True}) == ["UNAUTHENTICATED"]
    assert await codes(await visitor_of(), SIGN_OUT, {"everywhere": True}) == ["FORBIDDEN"]


async def test_a_deactivated_or_deleted_account_is_out_at_once(
    account: Account, nobody: GraphQLClient, server: ServerProcess
) -> None:
    deactivated, deleted = [await sign_in(nobody, await account()) for _ in range(2)]
    user_id = claims_of(deactivated["accessToken"])[0]
    await User.find_one({"_id": user_id}).update({"$set": {"active": False}})
    await User.find_one({"_id": claims_of(deleted["accessToken"])[0]}).delete()

    assert await codes_with(deactivated["accessToken"], server) == ["TOKEN_REVOKED"]
    assert await codes_with(deleted["accessToken"], server) == ["TOKEN_REVOKED"]


async def test_tokens_that_are_not_ours_are_nobodys(
    account: Account, nobody: GraphQLClient, server: ServerProcess
) -> None:
    genuine = (await sign_in(nobody, await account()))["accessToken"]
    of_whom = claims_of(genuine)
    claims = jwt.decode(genuine, options={"verify_signature": False})
    keys = DerivedKeys(secret_of(server))
    own = keys.key("access-tokens")
    head, body, signature = genuine.split(".")
    forged = [
        "nonsense",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[::-1]}",
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode(claims, keys.key("widget-tokens"), algorithm="HS256"),
        jwt.encode(claims | {"aud": "visitors"}, own, algorithm="HS256"),
        jwt.encode(claims | {"iss": "somebody"}, own, algorithm="HS256"),
        jwt.encode(claims | {"sub": "nobody"}, own, algorithm="HS256"),
        jwt.encode({k: v for k, v in claims.items() if k != "exp"}, own, algorithm="HS256"),
        AccessTokens(DerivedKeys("the secret of some other installation")).issue(*of_whom)[0],
    ]

    for token in forged:
        assert await codes_with(token, server) == ["UNAUTHENTICATED"], token
    reissued, _ = AccessTokens(keys).issue(*of_whom)
    assert await codes_with(reissued, server) == []


async def test_an_access_token_expires(
    account: Account, nobody: GraphQLClient, server: ServerProcess
) -> None:
    genuine = (await sign_in(nobody, await account()))["accessToken"]
    keys = DerivedKeys(secret_of(server))
    expired, _ = AccessTokens(keys, timedelta(seconds=-1)).issue(*claims_of(genuine))
    assert await codes_with(expired, server) == ["TOKEN_EXPIRED"]


async def test_secrets_are_neither_logged_nor_stored(
    account: Account, nobody: GraphQLClient, server: ServerProcess, visitor_of: VisitorOf
) -> None:
    email = await account()
    signed_in = await sign_in(nobody, email)
    refreshed = await refresh(nobody, signed_in["refreshToken"])
    await sign_in(nobody, email, "a password that is wrong")
    visitor = await visitor_of()
    tokens = [
        one[kind] for one in (signed_in, refreshed) for kind in ("accessToken", "refreshToken")
    ]
    hidden = [*tokens, visitor.token, PASSWORD, server.admin_password, secret_of(server)]

    async with database_of(server) as database:
        collections = await database.database.list_collection_names(
            filter={"name": {"$nin": ["system.profile"]}}
        )
        stored = [
            str(document)
            for name in collections
            async for document in database.database[name].find({})
        ]

    assert len(stored) > 10
    for secret in [*hidden, "a password that is wrong"]:
        assert secret not in server.log
        assert not [document for document in stored if str(secret) in document]
