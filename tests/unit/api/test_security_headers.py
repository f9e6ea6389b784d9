"""What keeps browsers from harm is on every response; with TLS, that they are to stay with it."""

import httpx
import pytest
from starlette.responses import PlainTextResponse

from api.middleware.security_headers import HEADERS, SecurityHeaders


async def headers_of(response: PlainTextResponse, *, only_https: bool) -> httpx.Headers:
    transport = httpx.ASGITransport(SecurityHeaders(response, only_https=only_https))
    async with httpx.AsyncClient(transport=transport, base_url="http://chat.test") as http:
        return (await http.get("/")).headers


@pytest.mark.parametrize("only_https", [False, True])
async def test_only_a_public_address_with_tls_forbids_others(only_https: bool) -> None:
    headers = await headers_of(PlainTextResponse("text"), only_https=only_https)
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert ("strict-transport-security" in headers) is only_https


async def test_what_a_route_says_itself_stays() -> None:
    own = {"content-security-policy": "frame-ancestors https://shop.example"}
    headers = await headers_of(PlainTextResponse("text", headers=own), only_https=True)
    assert headers["content-security-policy"] == own["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
