"""The public addresses of uploaded pictures: named by their content, so they never change.

Settings hold the path alone. An installation that moves to another domain keeps its logos.
"""

import re

from documents.uploads import ContentTypeName

FOLDER = "/uploads/"
EXTENSIONS: dict[ContentTypeName, str] = {"image/png": "png", "image/webp": "webp"}

_PATH = re.compile(r"/uploads/([0-9a-f]{64})\.(?:png|webp)")


def picture_path(content_hash: str, content_type: ContentTypeName) -> str:
    """Where a picture is served."""
    return f"{FOLDER}{content_hash}.{EXTENSIONS[content_type]}"


def picture_hash(path: str) -> str | None:
    """The content hash in the path of a picture; None for any other path."""
    match = _PATH.fullmatch(path)
    return match[1] if match else None


def absolute(address: str | None, public_url: str) -> str | None:
    """The address of a picture as pages anywhere can use it."""
    if address is not None and address.startswith(FOLDER):
        return public_url + address
    return address


def shown_to_visitors(address: str | None, public_url: str) -> str | None:
    """The same for visitors' pages, which ask nobody but us: no picture for another address."""
    return absolute(address, public_url) if address and picture_hash(address) else None


def own_path(address: str, public_url: str) -> str | None:
    """The path of an address in our folder of pictures; None for other addresses."""
    path = address.removeprefix(public_url)
    return path if path != address and path.startswith(FOLDER) else None
