"""Checks of single fields. All problems of an input are collected and told at once."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from services.host_names import sent_host_name
from services.refusals import FieldIssue, InvalidFieldsError

MAX_URL = 2048
MAX_EMAIL = 254
"""RFC 5321, section 4.5.3.1.3: a path has at most 256 octets with its brackets."""

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_EMAIL = re.compile(
    r"[^@\s\x00-\x1f\x7f-\x9f\"<>()\[\],;:]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}",
    re.IGNORECASE,
)
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""All but tab and the end of a line (Unicode's category Cc)."""

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the text around them: a name with one shows as another name."""

_HALF = re.compile("[\ud800-\udfff]")
"""Half a character of UTF-16, which JSON can hold and no database can."""

_COLOR = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})")


class FieldChecks:
    """Collects what is wrong with an input; `done` raises it."""

    def __init__(self, *prefix: str) -> None:
        self._prefix = prefix
        self._issues: list[FieldIssue] = []

    def wrong(self, field: str, message: str) -> None:
        """Note a problem of a field."""
        self._issues.append(FieldIssue((*self._prefix, field), message))

    @property
    def found(self) -> bool:
        """Whether anything was noted."""
        return bool(self._issues)

    def within(self, *path: str) -> "FieldChecks":
        """Checks of a part of the input, collected with these."""
        inner = FieldChecks(*self._prefix, *path)
        inner._issues = self._issues
        return inner

    def done(self) -> None:
        """Raise everything that was noted.

        Raises:
            InvalidFieldsError: at least one field is wrong.
        """
        if self._issues:
            raise InvalidFieldsError(self._issues)

    def text(self, field: str, value: str, *, longest: int, shortest: int = 1) -> str:
        """Text without surrounding space and control characters, with plain ends of lines."""
        cleaned = value.replace("\r\n", "\n").strip()
        if not shortest <= len(cleaned) <= longest:
            self.wrong(field, f"needs between {shortest} and {longest} characters")
        elif _CONTROL.search(cleaned):
            self.wrong(field, "may not contain control characters")
        elif _HALF.search(cleaned):
            self.wrong(field, "may not contain half characters (lone surrogates)")
        return cleaned

    def line(self, field: str, value: str, *, longest: int) -> str:
        """Text as `text` takes it, on one line."""
        cleaned = self.text(field, value, longest=longest)
        if "\n" in cleaned or "\t" in cleaned:
            self.wrong(field, "must stand on one line, without tabs")
        elif _TURNING.search(cleaned):
            self.wrong(field, "may not contain characters that change the direction of writing")
        return cleaned

    def slug(self, field: str, value: str) -> str:
        """A name for URLs and tokens."""
        if not _SLUG.fullmatch(value):
            self.wrong(field, "needs 1 to 63 characters of a-z, 0-9 and inner hyphens")
        return value

    def email(self, field: str, value: str) -> str:
        """An e-mail address in lower case."""
        cleaned = value.strip().lower()
        if not is_email(cleaned):
            self.wrong(field, "is not an e-mail address, such as anna@example.com")
        return cleaned

    def domain(self, field: str, value: str) -> str:
        """A host name, such as shop.example.com; "münchen.example" in the form that travels."""
        sent = sent_host_name(value.strip().rstrip("."))
        if sent is None or not _HOST.fullmatch(sent):
            self.wrong(field, "is not a domain, such as shop.example.com")
            return value
        return sent

    def time_zone(self, field: str, value: str) -> str:
        """A zone of the IANA database."""
        if value not in available_timezones():
            self.wrong(field, "is not an IANA time zone, such as Europe/Berlin")
        return value

    def color(self, field: str, value: str) -> str:
        """A colour as #rrggbb in lower case; #rgb is written out."""
        cleaned = value.strip().lower()
        if not _COLOR.fullmatch(cleaned):
            self.wrong(field, "is not a colour, such as #1f4fd8")
        is_short = len(cleaned) == len("#rgb")
        return "#" + "".join(2 * digit for digit in cleaned[1:]) if is_short else cleaned

    def web_address(self, field: str, value: str) -> str:
        """An http or https URL."""
        if not is_web_address(value) or len(value) > MAX_URL:
            self.wrong(field, "is not a web address, such as https://example.com/contact")
        return value

    def number(self, field: str, value: float, *, least: float, most: float) -> None:
        """A number within bounds."""
        if not least <= value <= most:
            self.wrong(field, f"must be between {least:g} and {most:g}")

    def at_most(self, field: str, values: Sequence[object], most: int) -> None:
        """A list of bounded length."""
        if len(values) > most:
            self.wrong(field, f"may have at most {most} entries")


def is_email(value: str) -> bool:
    """Whether a text is an e-mail address that mail servers in the wild accept."""
    fits = len(value) <= MAX_EMAIL and value.isprintable()
    return fits and _EMAIL.fullmatch(value) is not None


def is_web_address(value: str) -> bool:
    """Whether a text is an absolute http(s) URL without credentials."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and parts.username is None
        and not any(one.isspace() or not one.isprintable() for one in value)
    )
