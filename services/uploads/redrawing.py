"""The program that reads a stranger's picture and draws it anew. It runs as a process of its own.

So a picture that makes a decoder hang, eat memory or crash takes nothing with it. Nothing of this
package is imported: the process starts with the standard library and Pillow, and without the
server's environment. It reads the picture from standard input and writes to standard output one
line of JSON, with the size or the problem, and then the new picture.

Drawing anew leaves behind what is no picture: metadata with places and names, and whatever was
hidden after its end.
"""

import json
import sys
from contextlib import suppress
from io import BytesIO

from PIL import Image, ImageOps

MAX_SIDE = 4_096
"""Pixels of a side of what is sent; looked at before anything is unpacked."""

KEPT_SIDE = 512
"""Pixels of the longer side of what is kept: twice what a widget shows on the sharpest screens."""

KEPT_BYTES = 200_000
"""What needs more is made smaller: visitors load it with every page."""

CPU_SECONDS = 10
MEMORY_BYTES = 1024 * 1024 * 1024
FORMATS = ("PNG", "WEBP")

Image.MAX_IMAGE_PIXELS = None
"""The sides are checked here, with a message of our own."""


class ProblemError(Exception):
    """The picture is not accepted; the text says why, in one word."""


def redrawn(content: bytes) -> tuple[dict[str, object], bytes]:
    """The picture and what is to be known of it.

    Raises:
        ProblemError: "unknown", "too_large" or "broken".
    """
    picture = _opened(content)
    kind = str(picture.format)
    if max(picture.size) > MAX_SIDE:
        raise ProblemError("too_large")
    try:
        upright = ImageOps.exif_transpose(picture)
    except Exception as error:
        raise ProblemError("broken") from error
    drawn = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    written, side = b"", KEPT_SIDE
    while not written or len(written) > KEPT_BYTES:
        drawn.thumbnail((side, side), Image.Resampling.LANCZOS)
        written, side = _written(drawn, kind), side // 2
    width, height = drawn.size
    return {"format": kind, "width": width, "height": height}, written


def _written(drawn: Image.Image, kind: str) -> bytes:
    """The file of a picture alone; drawing it anew again gives the same file."""
    is_opaque = drawn.mode == "RGB" or drawn.getchannel("A").getextrema() == (255, 255)
    bare = Image.new("RGB" if is_opaque else "RGBA", drawn.size)
    bare.paste(drawn)
    written = BytesIO()
    if kind == "PNG":
        bare.save(written, "PNG", optimize=True)
    else:
        bare.save(written, "WEBP", lossless=True, exact=True)
    return written.getvalue()


def _opened(content: bytes) -> Image.Image:
    """The picture with its size known and nothing unpacked."""
    try:
        return Image.open(BytesIO(content), formats=FORMATS)
    except Exception as error:
        raise ProblemError("broken" if _begins_as_picture(content) else "unknown") from error


def _begins_as_picture(content: bytes) -> bool:
    """Whether somebody meant to send one: a message can say more than that it is none."""
    is_webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    return is_webp or content.startswith(b"\x89PNG\r\n\x1a\n")


def _limit() -> None:
    """Bound what this process may use, where the system can."""
    with suppress(ImportError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Answer for the picture on standard input."""
    _limit()
    try:
        facts, picture = redrawn(sys.stdin.buffer.read())
    except ProblemError as problem:
        facts, picture = {"problem": str(problem)}, b""
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + picture)


if __name__ == "__main__":
    main()
