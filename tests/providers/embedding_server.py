"""A provider of embeddings that speaks OpenAI's wire format, with a model small enough to read.

Its vectors are true to a tiny dictionary: words of one concept point in one direction, so that
"car" and "automobile" are near and "car" and "tea" are not. The same text has always the same one.
"""

import asyncio
import hashlib
import json
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

SIZE = 64
CONCEPTS = (
    {"car", "automobile", "vehicle", "auto", "voiture"},
    {"broken", "defective", "damaged", "faulty"},
    {"repair", "mend", "fix", "workshop"},
    {"tea", "drink", "beverage"},
)


@dataclass
class EmbeddingServer:
    """The running server: where it is, what it was asked, and whether it fails.

    Attributes:
        texts: every text that was to be embedded, in order.
        failing: answers 500 from now on.
        silent: answers nothing from now on.
    """

    url: str = ""
    texts: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    failing: bool = False
    silent: bool = False

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request on a connection of its own."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = int(re.search(r"content-length: (\d+)", head, re.IGNORECASE)[1])  # type: ignore[index]
            asked = json.loads(await reader.readexactly(length))
            if key := re.search(r"authorization: Bearer (\S+)", head, re.IGNORECASE):
                self.keys.add(key[1])
            if self.silent:
                await reader.read()  # until the client has had enough
                return
            status, body = self._reply(asked)
            writer.write(
                f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def _reply(self, asked: dict[str, Any]) -> tuple[str, bytes]:
        if self.failing:
            return "500 Internal Server Error", b'{"error": {"message": "out of order"}}'
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        self.texts += texts
        data = [
            {"object": "embedding", "index": index, "embedding": vector_of(text)}
            for index, text in enumerate(texts)
        ]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        reply = {"object": "list", "data": data, "model": asked["model"], "usage": usage}
        return "200 OK", json.dumps(reply).encode()


def vector_of(text: str) -> list[float]:
    """The direction of a text's words together."""
    values = [0.0] * SIZE
    for word in re.findall(r"\w+", text.casefold()):
        concept = next((str(index) for index, one in enumerate(CONCEPTS) if word in one), None)
        digest = hashlib.sha256((concept or word).encode()).digest()
        weight = 3.0 if concept else 0.5
        for place in range(4):
            values[digest[place] % SIZE] += weight * (1 if digest[place + 8] % 2 else -1)
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    return [value / length for value in values]


@asynccontextmanager
async def embedding_server() -> AsyncIterator[EmbeddingServer]:
    """A server on a free port of this machine."""
    server = EmbeddingServer()
    listening = await asyncio.start_server(server.answer, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    try:
        yield server
    finally:
        listening.close()
