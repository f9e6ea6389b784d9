"""Whether an address may be read at all, told at once and not only by the first sync."""

import asyncio
import dataclasses
from collections.abc import Iterable
from urllib.parse import urlsplit

from services.outgoing.errors import UnsafeAddressError
from services.outgoing.guard import AddressGuard, GuardPolicy
from services.outgoing.resolving import Resolver
from services.refusals import RefusedError

LOOK_SECONDS = 3.0
"""For looking up a name; one that takes longer is left to the sync."""


class SiteAddresses:
    """Judges addresses as the client for sites does."""

    def __init__(self, allowed: Iterable[str], resolver: Resolver | None = None) -> None:
        """`allowed` are hosts, addresses and networks that may be private."""
        policy = dataclasses.replace(GuardPolicy.public_only(allowed), plain_http=True)
        self._guard = AddressGuard(policy, resolver)

    async def check(self, url: str) -> None:
        """Look at an address; one that cannot be looked up just now is left to the sync.

        Raises:
            RefusedError: UNSAFE_ADDRESS: it is not a public one.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        try:
            self._guard.check_url(parts.scheme, host)
            async with asyncio.timeout(LOOK_SECONDS):
                await self._guard.resolve(host, parts.port or 443)
        except UnsafeAddressError as problem:
            message = f"This address may not be read: {problem}"
            raise RefusedError("UNSAFE_ADDRESS", message, "input", "url") from problem
        except (OSError, TimeoutError):
            return
