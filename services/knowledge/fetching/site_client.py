"""The HTTP client for reading sites: the guarded one, with http allowed and a name that says who.

Plain http is allowed because what comes from a site is untrusted anyway, and because small sites
still have nothing else; private addresses are not, except those that the operator lists.
"""

import dataclasses
from collections.abc import Iterable

import httpx

from services.outgoing.guard import GuardPolicy
from services.outgoing.guarded_client import USER_AGENT, guarded_http_client
from services.outgoing.resolving import Resolver

ROBOT_NAME = "Parlance"
"""What a robots.txt calls us."""


def site_http_client(
    allowed: Iterable[str] = (), *, contact_url: str | None = None, resolver: Resolver | None = None
) -> httpx.AsyncClient:
    """A client for `SiteReader`; whoever makes it closes it.

    Args:
        allowed: Hosts, addresses and networks that may be private, as in the settings.
        contact_url: Where the owner of a site can find out who reads it.
        resolver: Replaces the operating system's in tests.
    """
    policy = dataclasses.replace(GuardPolicy.public_only(allowed), plain_http=True)
    client = guarded_http_client(policy, resolver=resolver)
    client.headers["user-agent"] = f"{USER_AGENT} (+{contact_url})" if contact_url else USER_AGENT
    return client
