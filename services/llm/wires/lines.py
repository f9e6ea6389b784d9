"""Lines out of bytes that the network cut anywhere."""

from collections.abc import Sequence


class Lines:
    """Puts the lines of one stream together; they may end with LF, CR or both."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []
        self._ended_with_cr = False

    def of(self, part: bytes) -> Sequence[bytes]:
        """The lines that a part ends, without their ends."""
        if self._ended_with_cr or b"\r" in part:
            part = self._with_plain_ends(part)
        *ended, begun = part.split(b"\n")
        if ended and self._begun:
            ended[0] = b"".join((*self._begun, ended[0]))
            self._begun.clear()
        if begun:
            self._begun.append(begun)
        return ended

    def rest(self) -> bytes:
        """A last line without an end; empty if there is none."""
        rest = b"".join(self._begun)
        self._begun.clear()
        return rest

    def _with_plain_ends(self, part: bytes) -> bytes:
        if self._ended_with_cr and part.startswith(b"\n"):
            part = part[1:]
            self._ended_with_cr = False
        if part:
            self._ended_with_cr = part.endswith(b"\r")
        return part.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
