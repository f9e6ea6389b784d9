"""Answers straight from the wire, without an SDK.

LangChain costs more than a hundred microseconds of processor time per token of OpenAI's, an SDK
alone half of it; reading the format itself takes a tenth. The door below is the same one
that the SDKs go through, so guard, headers, keys, sizes and errors cannot differ.
"""

from collections.abc import AsyncGenerator
from functools import partial

import httpx
import orjson

from services.llm.model import ModelRequest, ModelSettings
from services.llm.pieces import OpenSource, Piece
from services.llm.provider_door import DoorPlan, ProviderDoor
from services.llm.wires.wire import Wire


def open_source(
    wire: Wire, settings: ModelSettings, plan: DoorPlan, transport: httpx.AsyncBaseTransport
) -> OpenSource:
    """The source of a provider that speaks a format we read ourselves."""
    return OpenSource(partial(_pieces, wire, settings, plan, ProviderDoor(plan, transport)))


async def _pieces(
    wire: Wire, settings: ModelSettings, plan: DoorPlan, door: ProviderDoor, request: ModelRequest
) -> AsyncGenerator[Piece, None]:
    response = await door.handle_async_request(_request(wire, settings, plan, request))
    reader = wire.reader(plan.host, plan.key)
    async for part in response.stream:
        if piece := reader.read(part):
            yield piece
        if reader.failure:
            raise reader.failure
    if piece := reader.end():
        yield piece
    if reader.failure:
        raise reader.failure


def _request(
    wire: Wire, settings: ModelSettings, plan: DoorPlan, request: ModelRequest
) -> httpx.Request:
    call = wire.call(settings, request)
    return httpx.Request(
        "POST",
        str(plan.base_url).rstrip("/") + call.path,
        content=orjson.dumps(call.body),
        headers={
            "accept": "application/json",
            "content-type": "application/json",
            **call.headers,
        },
    )
