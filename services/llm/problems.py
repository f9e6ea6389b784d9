"""From what went wrong on the wire, or inside a vendor's SDK, to one `ModelError`.

Providers like to repeat the key in their complaint, and complaints end up in logs and in front
of people who configure chatbots; everything they say passes through `scrubbed`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from services.llm.errors import (
    ModelAddressError,
    ModelError,
    ModelProtocolError,
    ModelRejectedError,
    ModelServerError,
    ModelThrottledError,
    ModelUnavailableError,
    ModelUnreachableError,
)

MAX_PROBLEM_CHARACTERS = 300
"""Longest piece of a provider's own words that we repeat."""

MAX_RETRY_AFTER_S = 24 * 3600.0
"""A provider may ask for more patience than this, but it is not believed."""

_KEY_LIKE = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|key|api|pat|hf|AIza|Bearer)[-_ ][\w.*-]{6,}|\b[\w*-]{32,}",
    re.IGNORECASE,
)
_THROTTLED_KIND = re.compile(r"rate_limit|too_many_requests|quota", re.IGNORECASE)
_MASK = "[removed]"


def scrubbed(text: str, key: str | None) -> str:
    """One line of a provider's words, without anything that looks like a key."""
    if key:
        text = text.replace(key, _MASK)
    return _KEY_LIKE.sub(_MASK, " ".join(text.split()))[:MAX_PROBLEM_CHARACTERS]


def problem_of_status(
    status: int, headers: Mapping[str, str], body: bytes, *, host: str, key: str | None
) -> ModelError:
    """What a non-2xx answer means."""
    words = scrubbed(_complaint(body), key)
    problem = f"{host} answered {status}" + (f": {words}" if words else "")
    if status < HTTPStatus.BAD_REQUEST:
        return ModelAddressError(f"{host} redirects elsewhere; configure the final address")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ModelThrottledError(problem, retry_after_s=retry_after_s(headers))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return ModelServerError(problem, status=status)
    return ModelRejectedError(problem, status=status)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms` or `Retry-After`, which may be seconds or a date."""
    seconds = _number(headers.get("retry-after-ms"), 0.001)
    if seconds is None:
        seconds = _number(headers.get("retry-after"), 1.0)
    if seconds is None:
        seconds = _seconds_until(headers.get("retry-after"))
    return None if seconds is None else min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def _number(text: str | None, unit_s: float) -> float | None:
    try:
        seconds = float(text or "") * unit_s
    except ValueError:
        return None
    return seconds if seconds == seconds else None  # noqa: PLR0124 - "nan" is a float, too


def _seconds_until(date: str | None) -> float | None:
    try:
        when = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return (when.astimezone(UTC) - datetime.now(UTC)).total_seconds()


def _complaint(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    try:
        data = json.loads(text)
    except ValueError:
        return "" if text.lstrip().startswith("<") else text
    return message_in(data)


def message_in(data: Any) -> str:
    """The sentence in any of the shapes in which providers wrap their errors."""
    if isinstance(data, str):
        return data
    if not isinstance(data, dict):
        return ""
    for name in ("error", "message", "detail"):
        if text := message_in(data.get(name)):
            return text
    return ""


def problem_of_exception(error: BaseException, *, host: str, key: str | None) -> ModelError:
    """What an exception out of a vendor's SDK means; the wire's own verdict wins."""
    for link in _chain(error):
        if isinstance(link, ModelError):
            return link
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and status >= HTTPStatus.BAD_REQUEST:
        return problem_of_status(
            status, _headers_of(error), str(error).encode(), host=host, key=key
        )
    if body := _complaint_of(error):
        return problem_in_stream(body, host=host, key=key)
    if isinstance(error, OSError):
        return ModelUnreachableError(f"{host}: {type(error).__name__}")
    return ModelProtocolError(
        f"{host} sent what its format does not allow ({type(error).__name__})"
    )


def problem_before_asking(error: Exception, *, host: str, key: str | None) -> ModelError:
    """What an SDK means that refuses a request before it has sent anything."""
    # Only plain ValueErrors are written for people; validation errors repeat their whole input.
    words = scrubbed(str(error), key) if type(error) is ValueError else type(error).__name__
    return ModelUnavailableError(f"the SDK for {host} refuses this configuration: {words}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(20):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__


def _headers_of(error: BaseException) -> Mapping[str, str]:
    headers = getattr(getattr(error, "response", None), "headers", None)
    return headers if isinstance(headers, Mapping) else {}


def _complaint_of(error: BaseException) -> Any:
    # openai.APIError and anthropic.APIStatusError(200) have a body, ollama.ResponseError an error:
    # that is how they hand on an error event from inside a stream.
    return getattr(error, "body", None) or getattr(error, "error", None)


def problem_in_stream(body: Any, *, host: str, key: str | None) -> ModelError:
    """What an error means that a provider sends after it began well."""
    words = scrubbed(message_in(body), key)
    problem = f"{host} failed in mid-stream" + (f": {words}" if words else "")
    if _THROTTLED_KIND.search(json.dumps(body, default=str)[:2_000]):
        return ModelThrottledError(problem, retry_after_s=None)
    return ModelServerError(problem, status=None)
