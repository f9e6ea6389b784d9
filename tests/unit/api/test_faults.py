"""A fault outside of GraphQL is an answer with a number, or asks to come again."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.middleware.correlation import Correlation
from api.middleware.faults import Faults
from documents.errors import DatabaseUnavailableError


async def get(app: object) -> httpx.Response:
    transport = httpx.ASGITransport(app=Correlation(Faults(app)))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        return await http.get("/")


async def test_a_fault_has_a_number_and_no_details(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise KeyError("s3cret")

    answer = await get(app)
    assert answer.status_code == 500
    assert answer.headers["x-request-id"]
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["incident"] in error["message"]
    assert "s3cret" not in answer.text


async def test_a_database_that_is_away_is_no_fault() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise DatabaseUnavailableError("NetworkTimeout")

    answer = await get(app)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    extensions = answer.json()["errors"][0]["extensions"]
    assert extensions == {"code": "UNAVAILABLE", "retryable": True}


async def test_an_answer_that_has_begun_is_not_answered_twice() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"begun"
        raise KeyError

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await StreamingResponse(parts())(scope, receive, send)

    with pytest.raises(KeyError):
        await get(app)
