"""How a job reaches a service: by asking the server to, over the job's only descriptor.

Apprise's services speak HTTP through `requests`, which sends whatever it sends through an adapter.
This one writes the request down for the server and gives what comes back. So resolving, judging
addresses, TLS and limits are the server's, the same as for every other outgoing call.
"""

import io
import json
from collections.abc import Mapping
from typing import Any, BinaryIO

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.sessions import Session

from services.confined.frames import read_frame, write_frame
from services.integrations.apprise_program.limits import LARGEST_REQUEST_BYTES


class Door:
    """The way out, for one job."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def ask(self, request: requests.PreparedRequest) -> urllib3.HTTPResponse:
        """Have the server make a request.

        Raises:
            requests.ConnectionError: the server did not get an answer, or does not want to ask.
        """
        body = _body(request)
        head = {
            "method": request.method,
            "url": request.url,
            "headers": {_text(name): _text(one) for name, one in request.headers.items()},
            "has_body": body is not None,
        }
        write_frame(self._stream, json.dumps(head).encode())
        write_frame(self._stream, body or b"")
        answer, content = json.loads(self._heard()), self._heard()
        if answer["status"] is None:
            raise requests.ConnectionError("no answer")
        return urllib3.HTTPResponse(
            body=io.BytesIO(content),
            headers=answer["headers"],
            status=answer["status"],
            preload_content=False,
            request_url=request.url,
        )

    def _heard(self) -> bytes:
        frame = read_frame(self._stream)
        if frame is None:
            raise SystemExit  # the server does not wait any more
        return frame


def lead_all_through(door: Door) -> None:
    """From now on every request of this process goes through a door."""

    class DoorAdapter(HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
            return self.build_response(request, door.ask(request))

    def get_adapter(_session: Session, *_: Any, **__: Any) -> HTTPAdapter:
        return DoorAdapter()

    setattr(Session, "get_adapter", get_adapter)  # noqa: B010 - a method may not be assigned


def _text(given: str | bytes) -> str:
    return given.decode("latin-1") if isinstance(given, bytes) else given


def _body(request: requests.PreparedRequest) -> bytes | None:
    """What is sent, whole.

    Raises:
        requests.RequestException: it is larger than any notice.
    """
    given: Any = request.body
    if given is None or isinstance(given, Mapping):
        return None
    if isinstance(given, str):
        given = given.encode()
    elif hasattr(given, "read"):
        given = given.read(LARGEST_REQUEST_BYTES + 1)
    elif not isinstance(given, bytes):
        given = b"".join(given)
    if len(given) > LARGEST_REQUEST_BYTES:
        raise requests.RequestException("too large")
    return bytes(given)
