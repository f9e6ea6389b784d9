"""A site is read by one source at a time, whichever process does it."""

import pytest

from documents.database.database import Database
from services.knowledge.site_turns import SiteBusyError, site_turn

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_who_comes_second_is_told_to_come_back(database: Database) -> None:
    async with site_turn("https://busy.example/shop"):
        with pytest.raises(SiteBusyError):
            async with site_turn("http://BUSY.example:8080/"):
                pass
        async with site_turn("https://other.example/"):
            pass
    async with site_turn("https://busy.example/"):
        pass


async def test_a_turn_that_ends_with_an_error_is_given_back(
    database: Database,
) -> None:
    with pytest.raises(RuntimeError):
        async with site_turn("https://broken.example/"):
            raise RuntimeError
    async with site_turn("https://broken.example/"):
        pass
