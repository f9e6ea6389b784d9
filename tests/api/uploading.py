"""Pictures, and sending them as a dashboard does."""

from io import BytesIO
from typing import Any

import httpx
from PIL import Image

from tests.graphql_clients import GraphQLClient


def picture(
    kind: str = "PNG", size: tuple[int, int] = (64, 32), color: str = "#1f4fd8", **more: Any
) -> bytes:
    """A picture in one colour, as a file."""
    written = BytesIO()
    Image.new("RGBA", size, color).save(written, kind, **more)
    return written.getvalue()


def moving_picture(kind: str) -> bytes:
    """A picture of a red and a blue frame."""
    written = BytesIO()
    red, blue = (Image.new("RGBA", (16, 16), color) for color in ("#ff0000", "#0000ff"))
    red.save(written, kind, save_all=True, append_images=[blue], duration=100, loop=0)
    return written.getvalue()


async def upload(
    caller: GraphQLClient,
    content: bytes,
    client_id: str | None = None,
    *,
    url: str | None = None,
    name: str = "logo.png",
    **fields: str,
) -> httpx.Response:
    """The response to a picture."""
    form = fields | ({"clientId": client_id} if client_id else {})
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        return await http.post(
            f"{url or caller.url}/uploads",
            files={"file": (name, content, "application/octet-stream")},
            data=form,
            headers=caller.headers(),
        )
