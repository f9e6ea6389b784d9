"""One extractor for a test, with the product's own limits."""

from collections.abc import AsyncIterator

import pytest

from services.knowledge.extraction.extractor import Extractor


@pytest.fixture
async def extractor() -> AsyncIterator[Extractor]:
    extractor = Extractor()
    yield extractor
    await extractor.close()
