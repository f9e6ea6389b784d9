"""A ZIP file that comes out piece by piece while documents go in: it never stands in memory whole.

The work is done in threads, a batch at a time: thousands of messages would hold up every answer
that is streaming at the moment.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

Entry = Mapping[str, Any]
"""One document, with ids and moments as the database gives them."""

README = "README.txt"


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=_as_text)


class _Outlet:
    """What the ZIP is written to: holds it until somebody takes it. It cannot be gone back in."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, content: bytes) -> int:
        self._held += content
        return len(content)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """There is nothing to close."""

    def taken(self) -> bytes:
        content = bytes(self._held)
        self._held.clear()
        return content


class Archive(AbstractContextManager["Archive"]):
    """Takes documents file by file; each call gives the next piece of the ZIP."""

    def __init__(self) -> None:
        self._outlet = _Outlet()
        self._zip = ZipFile(self._outlet, "w", ZIP_DEFLATED)
        self._open: IO[bytes] | None = None
        self._is_first = True

    def __exit__(self, *problem: object) -> None:
        """Let go of an archive, whether it was ended or not."""
        self.end_file()
        self._zip.close()

    def begin_file(self, name: str) -> None:
        """Go on with a file that will be a JSON list."""
        self._open = self._zip.open(_info(name), "w")
        self._open.write(b"[")
        self._is_first = True

    async def add(self, entries: Iterable[Entry]) -> bytes:
        """Add to the list of the file that is open; the entries are made in the thread, too."""
        return await asyncio.to_thread(self._added, entries)

    def end_file(self) -> None:
        """End the list, if one is open."""
        if self._open is not None:
            self._open.write(b"\n]\n")
            self._open.close()
            self._open = None

    def end(self, text: Iterable[str]) -> bytes:
        """Add the lines that explain it all, and end the ZIP."""
        self._zip.writestr(_info(README), "\n".join(text))
        self._zip.close()
        return self._outlet.taken()

    def _added(self, entries: Iterable[Entry]) -> bytes:
        if self._open is None:
            raise ValueError("begin a file first")
        for entry in entries:
            self._open.write(b"\n" if self._is_first else b",\n")
            self._open.write(_ENCODER.encode(entry).encode())
            self._is_first = False
        return self._outlet.taken()


def _info(name: str) -> ZipInfo:
    info = ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16  # readable by whoever unpacks it
    return info
