"""What goes on in the background so that data goes when it has to."""

import asyncio

import structlog

from documents.errors import is_unavailable
from services.cancelling import raise_if_cancelled
from services.privacy.erasing import Erasing

LOOK_INTERVAL_SECONDS = 10.0

log = structlog.get_logger()


class Housekeeping:
    """Works for as long as the process lives."""

    def __init__(self, erasing: Erasing) -> None:
        self._erasing = erasing

    async def run(self) -> None:
        """Finish erasures whose process went away, until cancelled."""
        while True:
            try:
                while await self._erasing.finish_due():
                    raise_if_cancelled()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("housekeeping_failed")
            raise_if_cancelled()
            await asyncio.sleep(LOOK_INTERVAL_SECONDS)
