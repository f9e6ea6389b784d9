"""A flood of sign-ins: some wait, the rest is refused, and everybody else goes on."""

import asyncio
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import signed_in
from tests.graphql_clients import GraphQLClient, Json
from tests.server_process import ServerProcess

SIGN_IN = """
mutation ($email: String!) {
  signIn(input: {email: $email, password: "not the right one"}) {
    __typename ... on UserError { code } ... on RateLimitedError { retryAt }
  }
}
"""
WAITING = 8
FLOOD = 30


@pytest.fixture
def narrow(tmp_path: Path) -> Generator[ServerProcess, None, None]:
    """A server on which one may sign in at a time."""
    process = ServerProcess(
        tmp_path / "data folder",
        PARLANCE_SIGN_IN_THREADS="1",
        PARLANCE_SIGN_INS_WAITING=str(WAITING),
    )
    process.start()
    yield process
    process.stop()


async def test_a_flood_of_sign_ins_makes_nobody_else_wait(narrow: ServerProcess) -> None:
    admin = await signed_in(narrow.url, narrow.admin_email, narrow.admin_password)
    stranger = GraphQLClient(narrow.url)
    began = datetime.now(UTC)
    answered: list[Json] = []

    async def try_one(number: int) -> None:
        data = await stranger.execute(SIGN_IN, {"email": f"somebody-{number}@example.com"})
        answered.append(data["signIn"])

    flood = [asyncio.create_task(try_one(number)) for number in range(FLOOD)]
    while not answered:
        await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED)

    for _ in range(5):
        assert (await admin.execute("{ viewer { user { email } } }"))["viewer"]["user"]
    unanswered = FLOOD - len(answered)
    await asyncio.gather(*flood)

    assert unanswered > 0, "the other requests were answered before the flood was over"
    refused = [one for one in answered if one["__typename"] == "RateLimitedError"]
    compared = [one for one in answered if one.get("code") == "INVALID_CREDENTIALS"]
    assert len(refused) + len(compared) == FLOOD
    assert len(compared) >= WAITING
    assert refused
    assert all(datetime.fromisoformat(one["retryAt"]) > began for one in refused)
    await admin.close()
    await stranger.close()
