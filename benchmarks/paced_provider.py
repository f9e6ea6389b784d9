"""A provider in OpenAI's format that speaks at a steady pace, one token in a packet.

The model's name says how: `paced-TOKENS-PER_SECOND-FIRST_MS`. A protocol without a library,
because it shares the machine with what is measured.
"""

import asyncio
import json
import signal
import sys

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
WORDS = (" the", " answer", " to", " your", " question", " is", " in", " chapter", " four", ".")


def model_name(tokens: int, per_s: int, first_ms: int) -> str:
    """The model that answers with so many tokens, so many a second, the first after so long."""
    return f"paced-{tokens}-{per_s}-{first_ms}"


def _packet(delta: dict[str, str], reason: str | None = None, **more: object) -> bytes:
    chunk = {
        "id": "chatcmpl-123",
        "object": "chat.completion.chunk",
        "created": 1694268190,
        "model": "paced",
        "system_fingerprint": "fp_44709d6fcb",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}],
        **more,
    }
    data = f"data: {json.dumps(chunk)}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(data), data)


TOKENS = [_packet({"content": word}) for word in WORDS]
USAGE = {"prompt_tokens": 100, "completion_tokens": 100, "total_tokens": 200}
END = _packet({}, "stop") + _packet({}, None, usage=USAGE) + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


class Speaking(asyncio.Protocol):
    """One connection, kept for the next question."""

    def __init__(self) -> None:
        self._received = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Stop speaking."""
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Begin when the request is whole."""
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        _, _, length = head.lower().partition(b"content-length:")
        if separator and len(body) >= int(length.split(b"\r\n")[0]):
            self._received = b""
            _, tokens, per_s, first_ms = json.loads(body)["model"].split("-")
            self._begin(int(tokens), int(per_s), int(first_ms))

    def _begin(self, tokens: int, per_s: int, first_ms: int) -> None:
        loop = asyncio.get_running_loop()
        first_at = loop.time() + first_ms / 1000
        self._transport.write(HEAD)

        def say(number: int) -> None:
            if number == tokens:
                self._transport.write(END)
                return
            self._transport.write(TOKENS[number % len(TOKENS)])
            self._timer = loop.call_at(first_at + (number + 1) / per_s, say, number + 1)

        self._timer = loop.call_at(first_at, say, 0)


async def main(port: int) -> None:
    """Serve until told to stop."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await loop.create_server(Speaking, "127.0.0.1", port)
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
