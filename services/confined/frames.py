"""Messages between the server and its reading processes: a length of four bytes, then as many."""

import asyncio
import struct
from typing import BinaryIO

_LENGTH = struct.Struct(">I")
_BYTES_PER_WRITE = 256 * 1024


class BrokenFrameError(Exception):
    """The other side hung up inside a message or announced one that is too long."""


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next message, or None when the other side has closed."""
    head = stream.read(_LENGTH.size)
    if not head:
        return None
    return stream.read(_LENGTH.unpack(head)[0])


def write_frame(stream: BinaryIO, payload: bytes) -> None:
    """Send one message."""
    stream.write(_LENGTH.pack(len(payload)))
    stream.write(payload)
    stream.flush()


async def receive_frame(reader: asyncio.StreamReader, *, most_bytes: int) -> bytes:
    """The next message, at most so long.

    Raises:
        BrokenFrameError: it is longer, or ends early.
    """
    try:
        length = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))[0]
        if length > most_bytes:
            raise BrokenFrameError(f"a message of {length} bytes, allowed are {most_bytes}")
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError as error:
        raise BrokenFrameError("the message ended early") from error


async def send_frame(writer: asyncio.StreamWriter, payload: bytes) -> None:
    """Send one message in parts, so that 20 MB are not copied into a buffer at once.

    Raises:
        ConnectionError: the other side is gone.
    """
    writer.write(_LENGTH.pack(len(payload)))
    view = memoryview(payload)
    for start in range(0, len(payload), _BYTES_PER_WRITE):
        writer.write(view[start : start + _BYTES_PER_WRITE])
        await writer.drain()
