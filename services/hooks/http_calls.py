"""Requests that hooks ask for, made by this process in their place.

Nothing in a request is trusted. It goes to a host on the client's list and nowhere else, over
https, to addresses that are public and to no other (`services.outgoing`); no redirect is followed,
no cookie is kept, and no proxy is asked. A secret is named in a header as `{secret:NAME}`; it is
put in for the host that it is bound to, and taken out of the reply in case the host repeats it.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from time import perf_counter

import httpx

from documents.clients import Client
from services.hooks.redaction import Redaction
from services.hooks.sandbox.calls import HttpReply, HttpRequest
from services.hooks.secrets import HookSecrets
from services.outgoing.bounded import BoundedAnswer, send_bounded
from services.outgoing.errors import OutgoingError
from services.outgoing.guard import GuardPolicy, normal_host
from services.outgoing.guarded_client import guarded_http_client
from services.outgoing.resolving import Resolver
from services.sealing.sealing import UnsealError

MOST_CALLS = 5
"""Of one run."""

MAX_REPLY_BYTES = 256 * 1024
MAX_REQUEST_BYTES = 64 * 1024
MAX_HEADERS = 30
MAX_HEADER_BYTES = 8 * 1024
MAX_URL_CHARACTERS = 2_048
DEADLINE_S = 2.5

_SECRET = re.compile(r"\{secret:([A-Z][A-Z0-9_]*)\}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\t]*")
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"}
    | {"cookie", "expect", "accept-encoding", "keep-alive"}
)
_WITHHELD = frozenset({"set-cookie"})


class CallRefusedError(ValueError):
    """The request is not made; the text says why, to the hook's author."""


@dataclass(frozen=True, slots=True)
class CallTrace:
    """One request, as its author may see it: no query, no header, no body."""

    method: str
    url: str
    status: int | None
    took_ms: float
    problem: str | None


class HookHttp:
    """Makes the requests of all hooks."""

    def __init__(
        self,
        secrets: HookSecrets,
        allowed_addresses: Iterable[str] = (),
        resolver: Resolver | None = None,
    ) -> None:
        """`allowed_addresses` are private hosts that the operator lets tenants reach."""
        self._secrets = secrets
        policy = GuardPolicy.public_only(allowed_addresses)
        self._client = guarded_http_client(policy, resolver=resolver)
        # One client serves all tenants: what one's host sets must not reach another's.
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def door(self, client: Client) -> "HookDoor":
        """The way out for one run of a client's hook."""
        return HookDoor(self._client, self._secrets, client)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


@dataclass(slots=True)
class HookDoor:
    """The requests of one run; `trace` tells of them in order."""

    http: httpx.AsyncClient
    secrets: HookSecrets
    client: Client
    deadline_s: float = DEADLINE_S
    trace: list[CallTrace] = field(default_factory=list)

    async def __call__(self, request: HttpRequest) -> HttpReply:
        """Make a request, or say why not. Never raises for what a hook or a host did."""
        began = perf_counter()
        reply, problem = HttpReply(0, {}, ""), None
        try:
            reply = await self._made(request)
        except (CallRefusedError, OutgoingError) as error:
            problem = str(error)
        except UnsealError:
            problem = "a secret cannot be opened any more; set it anew"
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            problem = f"the request failed ({type(error).__name__})"
        except asyncio.CancelledError:
            problem = "it was broken off: the time for requests was over"
            raise
        finally:
            self._note(request, reply.status or None, began, problem)
        return reply if problem is None else HttpReply(0, {}, "", error=problem)

    def _note(
        self, request: HttpRequest, status: int | None, began: float, problem: str | None
    ) -> None:
        took = (perf_counter() - began) * 1000
        method, shown = str(request.method)[:10], _shown(request.url)
        self.trace.append(CallTrace(method, shown, status, took, problem))

    async def _made(self, request: HttpRequest) -> HttpReply:
        if len(self.trace) >= MOST_CALLS:
            raise CallRefusedError(f"a run may make {MOST_CALLS} requests")
        url, host = _checked_url(request.url, self.client.hook_hosts)
        body = _checked_body(request)
        secrets = await self._secrets_for(request, host)
        headers = _headers(request.headers, secrets)
        wire = httpx.Request(
            request.method,
            url,
            headers={"accept-encoding": "identity", "user-agent": "Parlance", **headers},
            content=body,
        )
        answer = await send_bounded(
            self.http, wire, max_bytes=MAX_REPLY_BYTES, deadline_s=self.deadline_s
        )
        return _reply(answer, secrets)

    async def _secrets_for(self, request: HttpRequest, host: str) -> Mapping[str, str]:
        """All that the host was given and that opens: those that the headers name are among them.

        Raises:
            CallRefusedError: one is named elsewhere, or there is none for this host.
            UnsealError: one that is named cannot be opened any more.
        """
        if _SECRET.search(request.url) or _SECRET.search(request.body or ""):
            raise CallRefusedError("{secret:…} may stand in headers only")
        named = {name for value in request.headers.values() for name in _SECRET.findall(str(value))}
        known = await self.secrets.for_host(self.client.client_id, host, named)
        missing = sorted(named - known.keys())
        if missing:
            raise CallRefusedError(f"there is no secret {missing[0][:50]} for {host}")
        return known


def _checked_url(given: object, hosts: Iterable[str]) -> tuple[httpx.URL, str]:
    if not isinstance(given, str) or len(given) > MAX_URL_CHARACTERS:
        raise CallRefusedError(f"the URL must be text of at most {MAX_URL_CHARACTERS} characters")
    url = httpx.URL(given)
    host = normal_host(url.raw_host.decode("ascii"))
    if url.scheme not in {"http", "https"} or not host:
        raise CallRefusedError("the URL must be a whole one, such as https://api.example.com/v1")
    if url.userinfo:
        raise CallRefusedError("the URL may not hold a user or a password; use a secret")
    if host not in hosts:
        raise CallRefusedError(f"{host} is not among the client's hookHosts")
    return url.copy_with(fragment=None), host


def _checked_body(request: HttpRequest) -> bytes | None:
    if request.method not in {"GET", "POST"}:
        raise CallRefusedError("only GET and POST are possible")
    if request.body is None:
        return None
    body = str(request.body).encode(errors="replace")
    if len(body) > MAX_REQUEST_BYTES:
        raise CallRefusedError(f"a body may have {MAX_REQUEST_BYTES} bytes")
    return body


def _headers(given: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """The headers with the secrets in them.

    Raises:
        CallRefusedError: one is none, or not a hook's to set.
    """
    if len(given) > MAX_HEADERS or sum(len(f"{a}{b}") for a, b in given.items()) > MAX_HEADER_BYTES:
        raise CallRefusedError(f"at most {MAX_HEADERS} headers with {MAX_HEADER_BYTES} bytes")
    headers: dict[str, str] = {}
    for name, value in given.items():
        lower = str(name).lower()
        if not _HEADER_NAME.fullmatch(lower) or not _HEADER_VALUE.fullmatch(str(value)):
            raise CallRefusedError("a header has characters that headers cannot have")
        if lower in _OURS or lower.startswith("proxy-"):
            raise CallRefusedError(f"the header {lower[:50]} is not a hook's to set")
        headers[lower] = _SECRET.sub(lambda found: secrets[found[1]], str(value))
    return headers


def _reply(answer: BoundedAnswer, secrets: Mapping[str, str]) -> HttpReply:
    redaction = Redaction(secrets)
    headers = {
        name.lower(): redaction.of(value)
        for name, value in answer.headers.items()
        if name.lower() not in _WITHHELD
    }
    body = redaction.of(answer.body.decode(errors="replace"))
    return HttpReply(answer.status, headers, body)


def _shown(url: object) -> str:
    """A URL without what may be private: no user, no query."""
    try:
        parsed = httpx.URL(str(url))
        host = parsed.raw_host.decode("ascii")  # `.host` reads xn-- names, and there are bad ones
    except (httpx.InvalidURL, ValueError):
        return "(no URL)"
    port = f":{parsed.port}" if parsed.port else ""
    return f"{parsed.scheme}://{host}{port}{parsed.path}"[:300]
