"""Text that can be stored and sent, whatever pieces a provider cut it into.

A provider may escape an emoji as two surrogates and cut between them. Half of one can neither be
written to MongoDB nor sent as UTF-8, so it waits for its other half.
"""


class WholeCharacters:
    """Puts characters together across pieces of one text."""

    def __init__(self) -> None:
        self._held_back = ""

    def of(self, piece: str) -> str:
        """The piece as far as its characters are whole; what can never be whole becomes U+FFFD."""
        if not self._held_back and piece.isascii():
            return piece
        text = self._held_back + piece
        self._held_back = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._held_back = text[:-1], text[-1]
        return text if is_whole(text) else _joined(text)


def is_whole(text: str) -> bool:
    """Whether every character of a text can be encoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _joined(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
