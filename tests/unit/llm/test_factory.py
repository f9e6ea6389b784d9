import asyncio
import subprocess
import sys
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from services.llm.errors import (
    ModelAddressError,
    ModelError,
    ModelProtocolError,
    ModelUnavailableError,
)
from services.llm.factory import MAX_CACHED_MODELS, ModelFactory
from services.llm.local import LocalModel
from services.llm.model import ModelFinished, ModelSettings
from services.outgoing.addresses import Address
from tests.providers.byte_server import Answer, Packets, UntilClosed, byte_server
from tests.providers.recordings import WHOLE_TEXT, recorded
from tests.unit.llm.asking import KEY, PROVIDERS, STREAMS, answer_of, question, settings_for


class NamesOnLoopback:
    """A resolver for which every name is on this machine."""

    async def resolve(self, _host: str, _port: int) -> list[Address]:
        return [ip_address("127.0.0.1")]


def test_equal_settings_share_a_model(models: ModelFactory) -> None:
    settings = settings_for("openai", "http://127.0.0.1:9")
    assert models.create(settings) is models.create(replace(settings))
    assert models.create(settings) is not models.create(replace(settings, api_key="another"))


def test_cache_is_bounded_and_keeps_what_is_used(models: ModelFactory) -> None:
    used = settings_for("openai", "http://127.0.0.1:9")
    model = models.create(used)
    for number in range(MAX_CACHED_MODELS + 10):
        models.create(replace(used, model=f"model-{number}"))
        assert models.create(used) is model


def test_local_needs_no_settings(models: ModelFactory) -> None:
    assert isinstance(models.create(ModelSettings(provider="local")), LocalModel)


def test_unknown_provider_is_unavailable(models: ModelFactory) -> None:
    with pytest.raises(ModelUnavailableError):
        models.create(ModelSettings(provider="skynet"))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "example.com",
        "https://",
        "https://user:secret@example.com",
        "https://example.com/?key=1",
        "http://[::1",
        "",
    ],
)
def test_address_that_is_none_is_refused_without_being_repeated(
    models: ModelFactory, url: str
) -> None:
    settings = ModelSettings(provider="openai_compatible", model="m", api_url=url)
    with pytest.raises(ModelAddressError) as caught:
        models.create(settings)
    assert "secret" not in str(caught.value)


def test_key_is_not_in_the_settings_words() -> None:
    assert KEY not in repr(settings_for("openai", "http://127.0.0.1:9"))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_tenants_config_cannot_reach_the_own_network(
    models: ModelFactory, provider: str
) -> None:
    async with byte_server() as server:
        plain = settings_for(provider, server.url, trusted=False)
        secure = settings_for(provider, server.url.replace("http:", "https:"), trusted=False)
        for settings in (plain, secure):
            with pytest.raises(ModelAddressError):
                await answer_of(models.create(settings))
        assert server.connections == 0


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_public_name_with_private_address_is_refused(provider: str) -> None:
    models = ModelFactory(resolver=NamesOnLoopback())
    async with byte_server() as server:
        settings = settings_for(provider, f"https://api.example.com:{server.port}", trusted=False)
        with pytest.raises(ModelAddressError, match="loopback"):
            await answer_of(models.create(settings))
        assert server.connections == 0
    await models.close()


async def test_listed_host_may_be_private_for_tenants() -> None:
    models = ModelFactory(resolver=NamesOnLoopback(), allowed_addresses=["models.internal"])
    async with byte_server(Answer([Packets(recorded("openai_chat.sse"))])) as server:
        settings = settings_for(
            "openai_compatible", f"http://models.internal:{server.port}", trusted=False
        )
        assert (await answer_of(models.create(settings))).text == WHOLE_TEXT
        assert server.requests[0].headers["host"] == f"models.internal:{server.port}"
    await models.close()


async def test_closing_the_factory_closes_every_connection() -> None:
    models = ModelFactory()
    async with byte_server(Answer([Packets(recorded("openai_chat.sse"))])) as server:
        await answer_of(models.create(settings_for("openai", server.url)))
        assert not server.client_closed.is_set()
        await models.close()
        async with asyncio.timeout(10):
            await server.client_closed.wait()


async def test_closing_the_factory_ends_running_streams() -> None:
    models = ModelFactory()
    async with byte_server(Answer([UntilClosed()])) as server:
        reading = asyncio.create_task(
            answer_of(models.create(settings_for("openai", server.url)), question())
        )
        await server.answered.wait()
        await models.close()
        with pytest.raises(ModelError):
            await reading


def test_an_sdk_is_imported_only_when_its_provider_is_wanted() -> None:
    program = """
import asyncio, sys
from services.llm.factory import ModelFactory
from services.llm.model import ModelRequest, ModelSettings
async def main():
    models = ModelFactory()
    models.create(ModelSettings(provider="openai", model="gpt-4o-mini", api_key="k"))
    local = models.create(ModelSettings(provider="local"))
    assert [event async for event in local.stream(ModelRequest((), "?"))]
    await models.warm_up("local")
    heavy = {"langchain", "langchain_core", "openai", "anthropic", "ollama", "langsmith"}
    assert not heavy & set(sys.modules)
    for provider in ("openai", "anthropic", "ollama"):
        await models.warm_up(provider)
    assert not heavy & set(sys.modules)
    await ModelFactory(langchain_only=True).warm_up("ollama")
    assert {"langchain_core", "ollama"} <= set(sys.modules)
    assert not {"openai", "anthropic"} & set(sys.modules)
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300)


@pytest.mark.parametrize("reader", ["direct", "langchain"])
@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_what_is_warm_imports_nothing_for_its_first_answer(provider: str, reader: str) -> None:
    program = """
import asyncio, sys
from services.llm.factory import ModelFactory
from tests.providers.byte_server import Answer, Packets, byte_server
from tests.providers.recordings import WHOLE_TEXT, recorded
from tests.unit.llm.asking import STREAMS, answer_of, settings_for
async def main(provider, reader):
    async with byte_server(Answer([Packets(recorded(STREAMS[provider]))])) as server:
        models = ModelFactory(langchain_only=reader == "langchain")
        await models.warm_up(provider)
        assert not server.requests
        before = set(sys.modules)
        answer = await answer_of(models.create(settings_for(provider, server.url)))
        assert answer.text == WHOLE_TEXT
        assert set(sys.modules) == before, set(sys.modules) - before
        await models.close()
asyncio.run(main(*sys.argv[1:]))
"""
    subprocess.run([sys.executable, "-c", program, provider, reader], check=True, timeout=300)


PARROT = """
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
class ChatPerplexity(BaseChatModel):
    model: str
    api_key: str
    base_url: str
    temperature: float
    max_tokens: int
    max_retries: int
    @property
    def _llm_type(self): return "parrot"
    def _generate(self, messages, **_): raise NotImplementedError
    async def _astream(self, messages, **_):
        if messages[-1].text == "crash":
            raise RuntimeError(f"bad key {self.api_key}")
        for word in messages[-1].text.split(" "):
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
"""
"""A provider's package as LangChain expects it, under a name that LangChain knows."""


def any_provider(**changes: Any) -> ModelSettings:
    settings = settings_for(
        "langchain", "http://127.0.0.1:9", max_tokens=5, temperature=0.5, **changes
    )
    return replace(settings, langchain_provider="perplexity")


@pytest.fixture
def parrot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "langchain_perplexity.py").write_text(PARROT)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("parrot")
async def test_any_langchain_provider_streams_by_name(models: ModelFactory) -> None:
    answer = await answer_of(models.create(any_provider()), question("polly wants a cracker"))
    assert answer.chunks == ["polly", "wants", "a", "cracker"]
    assert answer.finished == ModelFinished("other")


@pytest.mark.usefixtures("parrot")
async def test_crash_inside_any_provider_is_typed_and_tells_no_key(models: ModelFactory) -> None:
    with pytest.raises(ModelProtocolError) as caught:
        await answer_of(models.create(any_provider()), question("crash"))
    assert KEY not in str(caught.value)


async def test_other_langchain_providers_are_for_platform_admins_only(
    models: ModelFactory,
) -> None:
    with pytest.raises(ModelAddressError):
        models.create(replace(any_provider(), trusted=False))


async def test_langchain_provider_without_its_package_is_unavailable(
    models: ModelFactory,
) -> None:
    settings = replace(any_provider(), langchain_provider="mistralai")
    with pytest.raises(ModelUnavailableError, match="mistralai"):
        await answer_of(models.create(settings))


async def test_langchain_provider_nobody_knows_is_unavailable(models: ModelFactory) -> None:
    settings = replace(any_provider(), langchain_provider="skynet")
    with pytest.raises(ModelUnavailableError, match="skynet"):
        await answer_of(models.create(settings))


@pytest.mark.parametrize("name", ["ollama", "anthropic", "openai"])
async def test_own_provider_by_its_langchain_name_is_guarded_too(
    models: ModelFactory, name: str
) -> None:
    async with byte_server(Answer([Packets(recorded(STREAMS[name]))])) as server:
        settings = replace(
            settings_for(name, server.url), provider="langchain", langchain_provider=name
        )
        assert (await answer_of(models.create(settings))).text == WHOLE_TEXT
        private = replace(settings, trusted=False)
        with pytest.raises(ModelAddressError):
            await answer_of(models.create(private))
