"""The client for every call that leaves this server: webhooks, crawls, hooks, test calls."""

import ssl
from functools import cache

import httpx

from services.outgoing.guard import AddressGuard, GuardPolicy
from services.outgoing.guarded_transport import GuardedTransport
from services.outgoing.resolving import Resolver

USER_AGENT = "Parlance"
"""What receivers see in their logs."""

DEFAULT_TIMEOUT = httpx.Timeout(connect=5.0, read=15.0, write=15.0, pool=5.0)
"""Seconds per step; the whole exchange is bounded by `send_bounded`."""


def guarded_http_client(
    policy: GuardPolicy,
    *,
    resolver: Resolver | None = None,
    tls: ssl.SSLContext | None = None,
    timeout: httpx.Timeout = DEFAULT_TIMEOUT,
) -> httpx.AsyncClient:
    """An HTTP client that reaches only what the policy allows.

    Redirects are not followed unless a request asks for it; then each hop is judged like a first
    call. Failures are httpx's own errors, refusals are `UnsafeAddressError`.

    Args:
        policy: what may be reached.
        resolver: replaces the operating system's in tests.
        tls: trusted authorities; the public ones when left out.
        timeout: seconds per step of an exchange.
    """
    transport = GuardedTransport(AddressGuard(policy, resolver), tls or public_authorities())
    return httpx.AsyncClient(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        timeout=timeout,
        headers={"user-agent": USER_AGENT, "accept-encoding": "identity"},
    )


@cache
def public_authorities() -> ssl.SSLContext:
    """One TLS context for the whole process; building one takes 20 ms of CPU."""
    return httpx.create_ssl_context(trust_env=False)
