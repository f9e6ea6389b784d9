"""Which media type a client wants its response in, by the header Accept (RFC 9110, 12.5.1)."""

from dataclasses import dataclass

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"

MAX_RANGES = 50
"""Entries of the header that are looked at; real ones have fewer than ten."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a client takes.

    Attributes:
        single: The media type of a single response; None if it takes neither that we have.
        stream: Whether it asks for server-sent events by name.
    """

    single: str | None
    stream: bool


def accepted(header: str | None) -> Acceptance:
    """Read the header.

    `application/graphql-response+json` must be asked for by name, since clients that know no more
    than JSON expect status 200 for documents with mistakes.
    """
    if header is None or not header.strip():
        return Acceptance(JSON, stream=False)
    ranges = _ranges(header)
    new = ranges.get(GRAPHQL_RESPONSE, 0.0)
    old = _quality_of_json(ranges)
    stream = ranges.get(EVENT_STREAM, 0.0) > 0
    if max(new, old) <= 0:
        return Acceptance(None, stream)
    return Acceptance(GRAPHQL_RESPONSE if new >= old else JSON, stream)


def _quality_of_json(ranges: dict[str, float]) -> float:
    for name in (JSON, "application/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0


def _ranges(header: str) -> dict[str, float]:
    """Quality by media range; the first of equal ranges counts, a charset that is not ours not."""
    found: dict[str, float] = {}
    for part in header.split(",")[:MAX_RANGES]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if all(_is_utf8(one) for one in parameters):
            found.setdefault(name, min(map(_quality, parameters), default=1.0))
    return found


def _is_utf8(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name != "charset" or value.strip('"') in {"utf-8", "utf8", "*"}


def _quality(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0


def is_json_body(content_type: str | None) -> bool:
    """Whether the header Content-Type announces JSON in UTF-8."""
    name, *parameters = (piece.strip().lower() for piece in (content_type or "").split(";"))
    return name == JSON and all(_is_utf8(one) for one in parameters)
