"""One source at a time reads a site, whichever process does: two would ask it twice as fast."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from documents.knowledge_work import LEASE_S
from documents.work_leases import work_lease
from services.cancelling import cancel_and_wait


class SiteBusyError(Exception):
    """Another source reads the site just now."""


@asynccontextmanager
async def site_turn(url: str) -> AsyncIterator[None]:
    """Have a site to oneself.

    Raises:
        SiteBusyError: another source reads it.
    """
    lease = work_lease(f"site {urlsplit(url).hostname}", duration_s=LEASE_S)
    if not await lease.acquire():
        raise SiteBusyError(url)
    keeping = asyncio.create_task(lease.keep(), name="site lease")
    try:
        yield
    finally:
        await cancel_and_wait(keeping)
        if not keeping.cancelled():
            keeping.exception()  # lost: whoever reads next waits a little less
        await lease.release()
