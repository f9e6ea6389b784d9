from collections.abc import AsyncIterator, Iterator

import pytest

from services.llm.factory import ModelFactory
from tests.providers.aimock import Aimock, running_aimock


@pytest.fixture(params=[False, True], ids=["direct", "langchain"])
def langchain_only(request: pytest.FixtureRequest) -> bool:
    """Every test of models holds for both ways to read a provider's stream."""
    return bool(request.param)


@pytest.fixture
async def models(langchain_only: bool) -> AsyncIterator[ModelFactory]:
    factory = ModelFactory(langchain_only=langchain_only)
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
