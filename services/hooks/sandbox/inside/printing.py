"""`print` in a hook: the text leaves the process at once, so that it outlives a kill."""

from typing import Any

from services.hooks.sandbox.inside import frames

MOST_BYTES = 8 * 1024
CUT = "\n... (the rest was not kept)"


class Printing:
    """Keeps count of what one run has printed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._left = MOST_BYTES

    def print(self, *values: Any, sep: str = " ", end: str = "\n") -> None:
        """Python's `print`, up to MOST_BYTES in all."""
        if self._left <= 0:
            return
        text = str(sep).join(map(str, values)) + str(end)
        if text:
            self._write(text.encode(errors="replace"))

    def _write(self, text: bytes) -> None:
        fitting = text[: self._left]
        self._left -= len(fitting)
        if len(fitting) < len(text):
            self._left = 0
            fitting += CUT.encode()
        frames.send(self._descriptor, frames.PRINT, fitting)
