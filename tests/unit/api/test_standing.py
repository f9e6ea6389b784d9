"""What a token is worth is asked rarely, and its end is noticed by whoever waits for it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from documents.base import utc_now
from documents.errors import DatabaseUnavailableError
from documents.ids import PydanticObjectId
from graphql_schema.errors import AuthorizationError
from graphql_schema.standing import Standing
from graphql_schema.viewers import Viewer, VisitorViewer
from services.visits.widget_tokens import WidgetClaims

TOKEN = "a token"


def visitor(expires_at: datetime) -> VisitorViewer:
    ids = [PydanticObjectId() for _ in range(4)]
    return VisitorViewer(WidgetClaims("client", ids[0], ids[1], ids[2], ids[3], expires_at))


class Identifying:
    """Answers with what it holds, and counts how often it was asked."""

    def __init__(self, answer: Callable[[], Viewer]) -> None:
        self.answer = answer
        self.asked = 0
        self._asked_again = asyncio.Condition()

    async def __call__(self, token: str) -> Viewer:
        assert token == TOKEN
        async with self._asked_again:
            self.asked += 1
            self._asked_again.notify_all()
        return self.answer()

    async def until_asked(self, times: int) -> None:
        async with self._asked_again:
            await self._asked_again.wait_for(lambda: self.asked >= times)


def lasting() -> Viewer:
    return visitor(utc_now() + timedelta(hours=1))


def revoked() -> Viewer:
    raise AuthorizationError("TOKEN_REVOKED")


def away() -> Viewer:
    raise DatabaseUnavailableError("gone")


async def test_within_a_few_seconds_the_database_is_asked_once() -> None:
    identify = Identifying(lasting)
    standing = Standing(identify, TOKEN)
    for _ in range(5):
        await standing.viewer()
    assert identify.asked == 1


async def test_what_was_found_out_before_a_moment_is_not_believed_after_it() -> None:
    identify = Identifying(lasting)
    standing = Standing(identify, TOKEN)
    before = utc_now() - timedelta(seconds=1)
    await standing.viewer()
    await standing.viewer(before)
    assert identify.asked == 1
    identify.answer = revoked
    with pytest.raises(AuthorizationError):
        await standing.viewer(utc_now())


async def test_whoever_waits_for_the_end_learns_of_a_revocation() -> None:
    identify = Identifying(lasting)
    standing = Standing(identify, TOKEN, believed_seconds=0.01)
    await standing.viewer()
    end = asyncio.ensure_future(standing.ended())
    await identify.until_asked(3)
    assert not end.done()
    identify.answer = revoked
    assert (await end).code == "TOKEN_REVOKED"
    with pytest.raises(AuthorizationError):
        await standing.viewer()


async def test_a_token_ends_when_its_time_does_however_long_it_is_believed() -> None:
    soon = visitor(utc_now() + timedelta(milliseconds=50))
    standing = Standing(Identifying(lambda: soon), TOKEN, believed_seconds=1000)
    await standing.viewer()
    assert (await standing.ended()).code == "TOKEN_EXPIRED"


async def test_a_database_that_is_away_ends_nothing_but_what_has_expired() -> None:
    identify = Identifying(lasting)
    standing = Standing(identify, TOKEN, believed_seconds=0.01)
    await standing.viewer()
    identify.answer = away
    end = asyncio.ensure_future(standing.ended())
    await identify.until_asked(4)
    assert not end.done()
    identify.answer = lambda: visitor(utc_now())
    assert (await end).code == "TOKEN_EXPIRED"


async def test_a_fault_is_not_taken_for_an_end() -> None:
    def broken() -> Viewer:
        raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        await Standing(Identifying(broken), TOKEN).ended()
