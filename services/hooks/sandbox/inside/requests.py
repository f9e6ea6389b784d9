"""http_get and http_post in a hook: they ask the application, and the process waits."""

import json
from typing import Any, NoReturn

from services.hooks.sandbox.inside import frames
from services.hooks.sandbox.inside.web_replies import HttpError, Reply

MOST_REQUESTS = 5
#: Of a request as JSON.
LONGEST_REQUEST_BYTES = 64 * 1024


class Requests:
    """The requests of one run."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._made = 0

    def get(self, url: str, *, headers: dict[str, str] | None = None) -> Reply:
        """`http_get`.

        Raises:
            HttpError: it was not made, or has not succeeded; the text says why.
        """
        return self._ask("GET", url, headers, None)

    def post(
        self,
        url: str,
        *,
        json: Any = None,
        body: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """`http_post` of JSON or of text.

        Raises:
            HttpError: it was not made, or has not succeeded; the text says why.
        """
        if json is not None:
            body, headers = _as_json(json, headers)
        return self._ask("POST", url, headers, body)

    def _ask(
        self, method: str, url: str, headers: dict[str, str] | None, body: str | None
    ) -> Reply:
        self._made += 1
        if self._made > MOST_REQUESTS:
            raise HttpError(f"a run may make {MOST_REQUESTS} requests")
        wanted = {"method": method, "url": url, "headers": headers or {}, "body": body}
        _check(wanted)
        text = json.dumps(wanted).encode()
        if len(text) > LONGEST_REQUEST_BYTES:
            raise HttpError(f"a request may be {LONGEST_REQUEST_BYTES // 1024} KB long")
        frames.send(self._descriptor, frames.REQUEST, text)
        _kind, answer = frames.receive(self._descriptor)
        return _reply(json.loads(answer))


def _as_json(value: Any, headers: dict[str, str] | None) -> tuple[str, dict[str, str]]:
    return json.dumps(value), {"Content-Type": "application/json", **(headers or {})}


def _check(wanted: dict[str, Any]) -> None:
    headers = wanted["headers"]
    texts = [wanted["url"], *([] if wanted["body"] is None else [wanted["body"]])]
    if type(headers) is not dict:
        _refuse("headers are a dict of texts")
    if not all(type(text) is str for text in [*texts, *headers, *headers.values()]):
        _refuse("the address, the headers and the body are texts")
    if not all(map(_is_whole, [*texts, *headers, *headers.values()])):
        _refuse("the address, the headers or the body hold half a character")


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(sentence: str) -> NoReturn:
    raise HttpError(sentence)


def _reply(answer: dict[str, Any]) -> Reply:
    if answer["error"] is not None:
        raise HttpError(answer["error"])
    return Reply(answer["status"], answer["headers"], answer["body"])
