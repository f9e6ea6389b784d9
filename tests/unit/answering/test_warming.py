"""Models that are ready before the first question comes."""

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from documents.database.database import Database
from documents.llm_configs import LlmConfig, ProviderName
from services.answering.warming import warm_up

pytestmark = pytest.mark.asyncio(loop_scope="session")
CONFIGS: list[tuple[ProviderName, str | None, bool]] = [
    ("openai", None, True),
    ("openai", None, True),
    ("langchain", "mistralai", True),
    ("anthropic", None, False),
    ("ollama", None, True),
    ("local", None, True),
]


class Warmed:
    """Notes what is warmed up, and breaks over one provider."""

    def __init__(self, breaks_over: str = "") -> None:
        self.seen: list[tuple[str, str | None]] = []
        self._breaks_over = breaks_over

    async def warm_up(self, provider: str, langchain_provider: str | None = None) -> None:
        self.seen.append((provider, langchain_provider))
        if provider == self._breaks_over:
            raise ImportError(provider)


@pytest_asyncio.fixture(loop_scope="session")
async def configs(database: Database) -> None:
    await LlmConfig.delete_all()
    for number, (provider, langchain_provider, active) in enumerate(CONFIGS):
        await LlmConfig(
            client_id=None,
            name=f"Config {number}",
            provider=provider,
            langchain_provider=langchain_provider,
            model="m",
            active=active,
        ).insert()


@pytest.mark.usefixtures("configs")
async def test_each_provider_in_use_is_warmed_up_once_and_no_other() -> None:
    models = Warmed()
    await warm_up(models)
    assert sorted(models.seen, key=str) == [
        ("langchain", "mistralai"),
        ("ollama", None),
        ("openai", None),
    ]


@pytest.mark.usefixtures("configs")
async def test_a_provider_that_cannot_be_imported_is_noted_and_keeps_none_from_the_others() -> None:
    models = Warmed(breaks_over="langchain")
    with capture_logs() as logs:
        await warm_up(models)
    assert len(models.seen) == 3
    assert [(one["event"], one["provider"]) for one in logs] == [
        ("model_not_warmed_up", "langchain"),
        ("model_warmed_up", "ollama"),
        ("model_warmed_up", "openai"),
    ]
