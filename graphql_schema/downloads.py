"""Files to be fetched over HTTP."""

from datetime import datetime

import strawberry

from services.downloads.downloads import Link


@strawberry.type(
    description="A file. The address holds a one-time code: whoever opens it first gets the file,"
    " nobody gets it twice, and after 15 minutes nobody gets it at all."
)
class Download:
    """A link."""

    url: str = strawberry.field(description="Where it is. Treat it as a secret.")
    expires_at: datetime = strawberry.field(description="Until when it must be opened.")
    sha256: str = strawberry.field(description="The SHA-256 of the file, in hex.")
    size_bytes: int = strawberry.field(description="How large it is.")


def download_from(link: Link, public_url: str) -> Download:
    """The public form of a link."""
    return Download(
        url=f"{public_url}/exports/{link.code}",
        expires_at=link.expires_at,
        sha256=link.sha256,
        size_bytes=link.size_bytes,
    )
