"""How the application and a hook's process talk: a letter, a length, and so many bytes."""

import os
import struct

HEADER = struct.Struct("!cI")

CHECK, RUN, REPLY = b"c", b"r", b"w"  # to the process
PRINT, REQUEST, RESULT, FAILURE, ISSUES = b"p", b"h", b"o", b"e", b"i"  # from it

#: cpu_tell, wall_tell, cpu, wall in seconds: in front of every check and run, so that the clocks
#: run before anything of a tenant is looked at.
CLOCKS = struct.Struct("!dddd")
LENGTH = struct.Struct("!I")


def framed(kind: bytes, body: bytes) -> bytes:
    """A frame."""
    return HEADER.pack(kind, len(body)) + body


def send(descriptor: int, kind: bytes, body: bytes) -> None:
    """Write a frame whole."""
    rest = memoryview(framed(kind, body))
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def receive_exactly(descriptor: int, size: int) -> bytes:
    """So many bytes.

    Raises:
        EOFError: the other side is gone.
    """
    parts = bytearray()
    while len(parts) < size:
        part = os.read(descriptor, min(size - len(parts), 1 << 16))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def receive(descriptor: int) -> tuple[bytes, bytes]:
    """The next frame.

    Raises:
        EOFError: the other side is gone.
    """
    kind, size = HEADER.unpack(receive_exactly(descriptor, HEADER.size))
    return kind, receive_exactly(descriptor, size)
