"""The recorded bytes by name; `recorded/SOURCES.md` says after what they were written."""

from pathlib import Path

FOLDER = Path(__file__).parent / "recorded"

WHOLE_TEXT = "Grüße aus Zürich! 你好，世界。 🎉 naïve"  # noqa: RUF001
"""What the complete streams say."""


def recorded(name: str) -> bytes:
    """The bytes of one file."""
    return (FOLDER / name).read_bytes()
