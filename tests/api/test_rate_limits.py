"""The rate limits over the wire. Each test comes from an address of its own."""

import asyncio
import itertools
import secrets
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from documents.base import utc_now
from tests.api.operations import Json, database_of, mutate
from tests.conftest import SIGN_IN as SIGN_IN_FOR_TOKENS
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

START_VISIT = """
mutation ($language: String) {
  startVisit(input: {embedKey: "demo", language: $language}) {
    __typename
    ... on StartVisitSuccess { widgetToken }
    ... on RateLimitedError { code message path retryAt }
  }
}
"""
ASK_ONCE = """
mutation ($input: AskInput!) {
  askOnce(input: $input) {
    __typename
    ... on AskOnceSuccess { messageId }
    ... on RateLimitedError { code message path retryAt }
  }
}
"""
ASK = """
subscription ($input: AskInput!) {
  ask(input: $input) { __typename seq ... on AnswerFailed { code text retryable retryAt } }
}
"""
SIGN_IN = """
mutation ($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) {
    __typename
    ... on RefusedError { code message path }
    ... on RateLimitedError { code message path retryAt }
  }
}
"""
REFRESH = """
mutation ($token: String!) {
  refreshWidgetToken(input: {widgetToken: $token}) {
    __typename
    ... on RefreshWidgetTokenSuccess { widgetToken }
    ... on RateLimitedError { code message path retryAt }
  }
}
"""
NETWORKS = itertools.count(1)


class Elsewhere(GraphQLClient):
    """A caller behind a proxy, from an address of its own."""

    def __init__(self, url: str, address: str, token: str | None = None) -> None:
        super().__init__(url, token, url)
        self.address = address

    def headers(self) -> dict[str, str]:
        return super().headers() | {"x-forwarded-for": self.address}


CallFrom = Callable[..., Elsewhere]


ADMIN_TOKENS: dict[str, str] = {}
"""Of servers by their address: the tests use up how often their admin may sign in."""


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Generator[ServerProcess, None, None]:
    """A server with small limits behind a proxy."""
    process = ServerProcess(
        tmp_path_factory.mktemp("limited"),
        PARLANCE_TRUSTED_PROXIES="127.0.0.1",
        PARLANCE_QUESTIONS_PER_VISITOR="2",
        PARLANCE_QUESTIONS_PER_ADDRESS="4",
        PARLANCE_VISITS_PER_ADDRESS="4",
        PARLANCE_REFRESHES_PER_ADDRESS="2",
        PARLANCE_RESETS_PER_ADDRESS="2",
        PARLANCE_MODEL_TESTS_PER_PERSON="2",
    )
    process.start()
    variables = {"email": process.admin_email, "password": process.admin_password}
    body = {"query": SIGN_IN_FOR_TOKENS, "variables": variables}
    signed = httpx.post(f"{process.url}/graphql", json=body, trust_env=False, timeout=60).json()
    ADMIN_TOKENS[process.url] = signed["data"]["signIn"]["accessToken"]
    yield process
    process.stop()


@pytest.fixture(scope="module")
def beside(
    limited: ServerProcess, tmp_path_factory: pytest.TempPathFactory
) -> Generator[ServerProcess, None, None]:
    """A second process on the database of the first, with the same limits."""
    folder = tmp_path_factory.mktemp("beside")
    process = ServerProcess(
        folder,
        PARLANCE_MONGODB_URL=url_of_database(limited),
        PARLANCE_SECRET_KEY=(limited.data_dir / "secret.key").read_text().strip(),
        PARLANCE_TRUSTED_PROXIES="127.0.0.1",
        PARLANCE_VISITS_PER_ADDRESS="4",
        PARLANCE_REFRESHES_PER_ADDRESS="2",
        PARLANCE_RESETS_PER_ADDRESS="2",
    )
    process.start()
    yield process
    process.stop()


def url_of_database(server: ServerProcess) -> str:
    """The address of an embedded database, for other processes on this machine."""

    async def look() -> str:
        async with database_of(server) as database:
            return database.url

    return asyncio.run(look())


@pytest_asyncio.fixture
async def call_from(limited: ServerProcess) -> AsyncGenerator[CallFrom, None]:
    made: list[Elsewhere] = []

    def call(address: str, token: str | None = None, server: ServerProcess = limited) -> Elsewhere:
        made.append(Elsewhere(server.url, address, token))
        return made[-1]

    yield call
    for one in made:
        await one.close()


@pytest.fixture
def network() -> str:
    """The first half of IPv6 addresses that no other test uses."""
    return f"2001:db8:0:{next(NETWORKS)}"


def question() -> Json:
    return {"text": "Was ist Parlance?", "idempotencyKey": secrets.token_hex(8)}


async def started(page: Elsewhere, language: str | None = None) -> Json:
    result: Json = (await page.execute(START_VISIT, {"language": language}))["startVisit"]
    return result


async def asked(visitor: Elsewhere, given: Json | None = None) -> Json:
    result: Json = (await visitor.execute(ASK_ONCE, {"input": given or question()}))["askOnce"]
    return result


def in_time(retry_at: str, longest: timedelta) -> bool:
    return timedelta(0) < datetime.fromisoformat(retry_at) - utc_now() <= longest


async def test_visitor_who_asks_too_often_is_told_when_to_go_on(
    call_from: CallFrom, network: str
) -> None:
    visitor = call_from(f"{network}::1")
    visitor.token = (await started(visitor))["widgetToken"]
    first = question()
    assert (await asked(visitor, first))["__typename"] == "AskOnceSuccess"
    assert (await asked(visitor))["__typename"] == "AskOnceSuccess"

    refused = await asked(visitor, question() | {"page": {"language": "fr"}})

    assert (refused["code"], refused["path"]) == ("RATE_LIMITED", [])
    assert "Veuillez patienter" in refused["message"]
    assert in_time(refused["retryAt"], timedelta(seconds=60))
    again = await asked(visitor, first)
    assert again["__typename"] == "AskOnceSuccess", "going on with an answer is no question"


async def test_stream_ends_with_the_refusal_as_its_only_event(
    call_from: CallFrom, network: str
) -> None:
    visitor = call_from(f"{network}::1")
    visitor.token = (await started(visitor))["widgetToken"]
    for _ in range(2):
        await asked(visitor)
    events = [data["ask"] async for data in visitor.stream(ASK, {"input": question()})]
    [failed] = events
    assert (failed["code"], failed["seq"], failed["retryable"]) == ("RATE_LIMITED", 1, True)
    assert failed["text"].startswith("Das waren viele Fragen")
    assert in_time(failed["retryAt"], timedelta(seconds=60))


async def test_addresses_of_one_network_share_their_questions(
    call_from: CallFrom, network: str
) -> None:
    outcomes = []
    for number in range(3):
        visitor = call_from(f"{network}::{number + 1}")
        visitor.token = (await started(visitor))["widgetToken"]
        outcomes += [(await asked(visitor))["__typename"] for _ in range(2)]
    assert outcomes == ["AskOnceSuccess"] * 4 + ["RateLimitedError"] * 2


async def test_visits_of_one_network_are_limited(call_from: CallFrom, network: str) -> None:
    for number in range(4):
        page = call_from(f"{network}::{number + 1}")
        assert (await started(page))["__typename"] == "StartVisitSuccess"
    refused = await started(call_from(f"{network}::9"), "it")
    assert refused["code"] == "RATE_LIMITED"
    assert in_time(refused["retryAt"], timedelta(seconds=60))
    elsewhere = call_from(f"2001:db8:1:{next(NETWORKS)}::1")
    assert (await started(elsewhere))["__typename"] == "StartVisitSuccess"


@pytest.mark.parametrize("known", [True, False])
async def test_failed_sign_ins_stop_an_account_whether_it_exists_or_not(
    limited: ServerProcess, call_from: CallFrom, network: str, known: bool
) -> None:
    page = call_from(f"{network}::1")
    email = limited.admin_email if known else "nobody@example.com"
    wrong = {"email": email, "password": "a wrong password"}
    outcomes = [(await page.execute(SIGN_IN, wrong))["signIn"] for _ in range(6)]
    assert [one["__typename"] for one in outcomes] == ["RefusedError"] * 5 + ["RateLimitedError"]
    assert outcomes[0]["code"] == "INVALID_CREDENTIALS"
    assert in_time(outcomes[5]["retryAt"], timedelta(minutes=15))
    right = {"email": email.upper(), "password": limited.admin_password}
    assert (await page.execute(SIGN_IN, right))["signIn"]["__typename"] == "RateLimitedError"


async def test_refreshing_from_one_network_is_limited_also_with_tokens_that_are_none(
    call_from: CallFrom, network: str
) -> None:
    page = call_from(f"{network}::1")
    token = (await started(page))["widgetToken"]
    guess = (await page.execute(REFRESH, {"token": "a guess"}))["refreshWidgetToken"]
    assert guess["__typename"] == "RefusedError"
    good = (await page.execute(REFRESH, {"token": token}))["refreshWidgetToken"]
    assert good["__typename"] == "RefreshWidgetTokenSuccess"
    neighbour = call_from(f"{network}::2")
    refused = (await neighbour.execute(REFRESH, {"token": token}))["refreshWidgetToken"]
    assert (refused["code"], refused["path"]) == ("RATE_LIMITED", [])
    assert in_time(refused["retryAt"], timedelta(seconds=60))
    elsewhere = call_from(f"2001:db8:1:{next(NETWORKS)}::1")
    again = (await elsewhere.execute(REFRESH, {"token": token}))["refreshWidgetToken"]
    assert again["__typename"] == "RefreshWidgetTokenSuccess"


async def test_attempts_at_an_account_count_together_at_all_processes(
    call_from: CallFrom, network: str, limited: ServerProcess, beside: ServerProcess
) -> None:
    pages = [call_from(f"{network}::1", server=one) for one in (limited, beside)]
    wrong = {"email": "somebody@example.com", "password": "a wrong password"}
    outcomes = [
        (await page.execute(SIGN_IN, wrong))["signIn"]["__typename"]
        for page in itertools.islice(itertools.cycle(pages), 8)
    ]
    assert outcomes == ["RefusedError"] * 5 + ["RateLimitedError"] * 3
    many = {"email": "somebody.else@example.com", "password": "a wrong password"}
    at_once = await asyncio.gather(
        *(pages[number % 2].execute(SIGN_IN, many) for number in range(12))
    )
    kinds = [one["signIn"]["__typename"] for one in at_once]
    assert kinds.count("RefusedError") == 5


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("requestPasswordReset", {}),
        ("resetPassword", {"resetCode": "a guess", "newPassword": "walnut parasol 43"}),
    ],
)
async def test_new_passwords_from_one_network_are_limited_at_all_processes(
    call_from: CallFrom,
    network: str,
    limited: ServerProcess,
    beside: ServerProcess,
    operation: str,
    given: Json,
) -> None:
    def attempt() -> Json:
        address = f"{secrets.token_hex(4)}@example.com"
        return given or {"email": address}

    fragment = "... on RateLimitedError { retryAt }"
    results = [
        await mutate(
            call_from(f"{network}::{number}", server=server), operation, attempt(), "", fragment
        )
        for number, server in enumerate((limited, beside, limited, beside))
    ]
    limits = [one["__typename"] == "RateLimitedError" for one in results]
    assert limits == [False, False, True, True]
    assert in_time(results[-1]["retryAt"], timedelta(minutes=15))


async def test_visits_and_refreshes_count_together_at_all_processes(
    call_from: CallFrom, network: str, limited: ServerProcess, beside: ServerProcess
) -> None:
    here, there = [call_from(f"{network}::1", server=one) for one in (limited, beside)]
    there.origin = here.origin  # the page is one and the same
    visits = [await started(page) for page in (here, there, here, there, here, there)]
    kinds = [one["__typename"] for one in visits]
    assert kinds == ["StartVisitSuccess"] * 4 + ["RateLimitedError"] * 2
    token = {"token": visits[0]["widgetToken"]}
    refreshes = [
        (await page.execute(REFRESH, token))["refreshWidgetToken"]["__typename"]
        for page in (here, there, here)
    ]
    assert refreshes == ["RefreshWidgetTokenSuccess"] * 2 + ["RateLimitedError"]


async def test_a_sign_in_at_one_process_takes_the_attempts_at_another_back(
    call_from: CallFrom, network: str, limited: ServerProcess, beside: ServerProcess
) -> None:
    here, there = [call_from(f"{network}::1", server=one) for one in (limited, beside)]
    email = "colleague@example.com"
    made = limited.command("create-admin", email, given="a long enough password\n")
    assert made.returncode == 0, made.stderr
    wrong = {"email": email, "password": "a wrong password"}
    for _ in range(4):
        await here.execute(SIGN_IN, wrong)
    right = {"email": email, "password": "a long enough password"}
    assert (await there.execute(SIGN_IN, right))["signIn"]["__typename"] == "SignInSuccess"
    kinds = [(await here.execute(SIGN_IN, wrong))["signIn"]["__typename"] for _ in range(6)]
    assert kinds == ["RefusedError"] * 5 + ["RateLimitedError"]


TEST_MODEL = """
mutation ($id: ID!) {
  testLlmConfig(input: {id: $id}) {
    __typename
    ... on RateLimitedError { code path retryAt }
  }
}
"""


async def test_of_more_test_calls_of_models_than_a_person_may_make_exactly_so_many_are_made(
    limited: ServerProcess,
) -> None:
    admin = GraphQLClient(limited.url, ADMIN_TOKENS[limited.url])
    listed = await admin.execute("{ llmConfigs { edges { node { id provider } } } }")
    config_id = next(
        one["node"]["id"]
        for one in listed["llmConfigs"]["edges"]
        if one["node"]["provider"] == "LOCAL"
    )
    calls = [admin.execute(TEST_MODEL, {"id": config_id}) for _ in range(3)]
    results = [data["testLlmConfig"] for data in await asyncio.gather(*calls)]
    await admin.close()
    kinds = sorted(one["__typename"] for one in results)
    assert kinds == ["RateLimitedError", "TestLlmConfigSuccess", "TestLlmConfigSuccess"]
    refused = next(one for one in results if one["__typename"] == "RateLimitedError")
    assert utc_now() < datetime.fromisoformat(refused["retryAt"]) < utc_now() + timedelta(minutes=1)
