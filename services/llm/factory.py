"""From a config to a language model.

Building a vendor's client costs tens of milliseconds and opening a connection a round trip or
three, so models are kept per settings and connections per kind of trust. Rotated keys make new
settings; the model with the old key falls out of the cache by age of use.
"""

import asyncio
import codecs
import importlib
import ssl
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import httpx

from services.llm import direct
from services.llm.errors import ModelAddressError, ModelUnavailableError
from services.llm.local import LocalModel
from services.llm.model import ChatTurn, LanguageModel, ModelRequest, ModelSettings
from services.llm.pieces import OpenSource
from services.llm.provider_door import DoorPlan
from services.llm.streaming import StreamedModel
from services.llm.wires import anthropic_wire, ollama_wire, openai_wire
from services.llm.wires.wire import Wire
from services.outgoing.errors import UnsafeAddressError
from services.outgoing.guard import AddressGuard, GuardPolicy
from services.outgoing.guarded_client import public_authorities
from services.outgoing.guarded_transport import (
    GuardedTransport,
    GuardedTransport2,
    StreamingTransport,
)
from services.outgoing.resolving import Resolver

MAX_CACHED_MODELS = 256
"""Models kept ready; the least recently used one goes first."""

PACKAGE_S = 10.0
"""How long LangChain may take to show that it can make a model of some provider."""

PUBLIC_ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "ollama": "http://127.0.0.1:11434",
}
"""Where a provider is when a config names no address."""

REFUSED_ADDRESS = "http://127.0.0.1"
"""Where no client's model may be."""

_Transport = GuardedTransport | GuardedTransport2
_TransportKind = type[GuardedTransport] | type[GuardedTransport2]

_VENDORS: Mapping[str, tuple[str, _TransportKind]] = {
    "openai": ("services.llm.vendors.openai_chat", GuardedTransport2),
    "openai_compatible": ("services.llm.vendors.openai_chat", GuardedTransport2),
    "anthropic": ("services.llm.vendors.anthropic_chat", GuardedTransport2),
    "ollama": ("services.llm.vendors.ollama_chat", GuardedTransport),
}

_WIRES: Mapping[str, Wire] = {
    "openai": openai_wire.WIRE,
    "openai_compatible": openai_wire.WIRE,
    "anthropic": anthropic_wire.WIRE,
    "ollama": ollama_wire.WIRE,
}

_CHUNKS = "services.llm.vendors.chunks"
_ANY_LANGCHAIN = "services.llm.vendors.any_langchain"


class ModelFactory:
    """Creates and keeps language models; one per process."""

    def __init__(
        self,
        *,
        allowed_addresses: Iterable[str] = (),
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        langchain_only: bool = False,
    ) -> None:
        """Nothing is connected yet, and no SDK imported.

        Args:
            allowed_addresses: hosts and networks that tenants' configs may reach although private.
            resolver: replaces the operating system's in tests.
            tls: trusted authorities; the public ones when left out.
            langchain_only: read no provider's stream ourselves.
        """
        self._langchain_only = langchain_only
        self._policies = {
            True: GuardPolicy.trusted(),
            False: GuardPolicy.public_only(allowed_addresses),
        }
        self._resolver = resolver
        self._tls = tls
        self._local = LocalModel()
        self._models: OrderedDict[ModelSettings, LanguageModel] = OrderedDict()
        self._transports: dict[tuple[_TransportKind, bool], _Transport] = {}

    def create(self, settings: ModelSettings) -> LanguageModel:
        """The model of these settings; nothing is contacted before it is asked.

        Raises:
            ModelUnavailableError: the provider is unknown.
            ModelAddressError: the address is no http(s) URL, or this config may not have one.
        """
        if settings.provider == "local":
            return self._local
        model = self._models.get(settings)
        if model is None:
            model = self._models[settings] = self._build(settings)
            if len(self._models) > MAX_CACHED_MODELS:
                self._models.popitem(last=False)
        self._models.move_to_end(settings)
        return model

    def address_problem(self, provider: str, api_url: str | None, *, trusted: bool) -> str | None:
        """Why no model can be reached at an address (None: the provider's own), if so.

        What a name resolves to is judged with each call: it may be another thing tomorrow.
        """
        if not api_url and provider not in {*PUBLIC_ADDRESSES, "openai_compatible"}:
            return None  # wherever LangChain's package finds it
        try:
            url = _base_url(ModelSettings(provider=provider, api_url=api_url))
            AddressGuard(self._policies[trusted], self._resolver).check_url(url.scheme, url.host)
        except ModelAddressError as error:
            return error.problem
        except UnsafeAddressError as error:
            return error.reason
        return None

    async def package_problem(self, langchain_provider: str, model: str) -> str | None:
        """Why LangChain cannot make such a model here, if so."""
        if langchain_provider in _VENDORS:
            return None
        settings = ModelSettings(
            provider="langchain",
            model=model,
            api_key="unused",
            trusted=True,
            langchain_provider=langchain_provider,
        )
        try:
            async with asyncio.timeout(PACKAGE_S):
                await asyncio.to_thread(_open, _ANY_LANGCHAIN, settings)
        except ModelUnavailableError as error:
            return error.problem
        except TimeoutError:
            return None  # it has something to build from, at least
        return None

    async def warm_up(self, provider: str, langchain_provider: str | None = None) -> None:
        """Do once, on a thread, what is slow about a provider's first answer.

        Nobody is contacted. `local` and unknown providers cost nothing.
        """
        vendor = (langchain_provider or "") if provider == "langchain" else provider
        if vendor in _VENDORS:
            by_langchain = self._langchain_only or provider == "langchain"
            rehearsal = self._rehearse(vendor, by_langchain=by_langchain)
            await asyncio.to_thread(asyncio.run, rehearsal)
        elif provider == "langchain" and vendor:
            await self.package_problem(vendor, "unused")

    async def close(self) -> None:
        """Close every connection; running streams end with an error."""
        transports = list(self._transports.values())
        self._models.clear()
        self._transports.clear()
        for transport in transports:
            await transport.aclose()

    async def _rehearse(self, provider: str, *, by_langchain: bool) -> None:
        """Ask at an address that the guard refuses: SDKs import much of themselves when asked."""
        settings = ModelSettings(provider, "unused", api_key="unused", api_url=REFUSED_ADDRESS)
        codecs.lookup("idna")  # what resolving a name imports at first
        plan = _plan(settings)
        transport_class, open_source = _way(settings, plan, by_langchain=by_langchain)
        guard = AddressGuard(GuardPolicy.public_only(()), self._resolver)
        transport = transport_class(guard, self._tls or public_authorities())
        model = StreamedModel(settings, plan.host, partial(open_source, transport))
        try:
            with suppress(ModelAddressError):
                await anext(model.stream(ModelRequest((ChatTurn("user", "?"),), "?")))
        finally:
            await transport.aclose()

    def _build(self, settings: ModelSettings) -> LanguageModel:
        by_langchain = self._langchain_only
        if settings.provider == "langchain":
            vendor = settings.langchain_provider or ""
            if vendor not in _VENDORS:
                return self._build_any(settings)
            settings = replace(settings, provider=vendor)  # by either name guarded
            by_langchain = True
        if settings.provider not in _VENDORS:
            raise ModelUnavailableError(f"there is no provider {settings.provider[:40]!r}")
        plan = _plan(settings)
        transport_class, open_source = _way(settings, plan, by_langchain=by_langchain)
        transport = self._transport(transport_class, trusted=settings.trusted)
        return StreamedModel(settings, plan.host, partial(open_source, transport))

    def _build_any(self, settings: ModelSettings) -> LanguageModel:
        provider = settings.langchain_provider or ""
        if not settings.trusted:
            raise ModelAddressError(f"{provider}: only platform admins may use this provider")
        return StreamedModel(settings, provider, partial(_open, _ANY_LANGCHAIN, settings))

    def _transport(self, kind: _TransportKind, *, trusted: bool) -> _Transport:
        if (kind, trusted) not in self._transports:
            guard = AddressGuard(self._policies[trusted], self._resolver)
            self._transports[kind, trusted] = kind(guard, self._tls or public_authorities())
        return self._transports[kind, trusted]


def _way(
    settings: ModelSettings, plan: DoorPlan, *, by_langchain: bool
) -> tuple[_TransportKind, Callable[[Any], OpenSource]]:
    """How to reach a provider that we know: with our own reader where that makes no difference."""
    wire = _WIRES[settings.provider]
    if not by_langchain and wire.covers(settings):
        return StreamingTransport, partial(direct.open_source, wire, settings, plan)
    module, transport_class = _VENDORS[settings.provider]
    return transport_class, partial(_open, module, settings, plan)


def _open(module: str, *arguments: Any) -> OpenSource:
    try:
        build: Callable[..., Any] = importlib.import_module(module).build
        opened: OpenSource = importlib.import_module(_CHUNKS).open_source(build(*arguments))
    except (ImportError, ValueError, TypeError) as error:
        # What an SDK says of a bad setting repeats all settings, the key among them.
        problem = f"this configuration cannot be used ({type(error).__name__})"
        raise ModelUnavailableError(problem) from None
    return opened


def _plan(settings: ModelSettings) -> DoorPlan:
    return DoorPlan(
        base_url=_base_url(settings),
        auth_headers=_auth_headers(settings),
        key=settings.api_key,
        connect_s=settings.connect_timeout_ms / 1000,
    )


def _base_url(settings: ModelSettings) -> httpx.URL:
    text = settings.api_url or PUBLIC_ADDRESSES.get(settings.provider)
    if text is None:
        raise ModelAddressError(f"{settings.provider} needs an address")
    try:
        url = httpx.URL(text.rstrip("/"))
    except httpx.InvalidURL:
        raise ModelAddressError("the address is no URL") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ModelAddressError("the address must begin with https:// or http:// and name a host")
    if url.userinfo or url.query or url.fragment:
        raise ModelAddressError("the address must be plain: no user, no query, no fragment")
    return url


def _auth_headers(settings: ModelSettings) -> dict[str, str]:
    if not settings.api_key:
        return {}
    if settings.provider == "anthropic":
        return {"x-api-key": settings.api_key}
    return {"authorization": f"Bearer {settings.api_key}"}
