from collections.abc import AsyncIterator, Iterator

import pytest

from services.llm.factory import ModelFactory
from tests.providers.aimock import Aimock, running_aimock


@pytest.fixture
async def models() -> AsyncIterator[ModelFactory]:
    factory = ModelFactory()
    yield factory
    await factory.close()


@pytest.fixture(scope="session")
def session_aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    with running_aimock(tmp_path_factory.mktemp("aimock")) as mock:
        yield mock


@pytest.fixture
def aimock(session_aimock: Aimock) -> Aimock:
    session_aimock.reset()
    return session_aimock
