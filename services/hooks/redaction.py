"""Taking secrets out of what a host sends back, in the forms in which hosts repeat what they got.

A host that wants to give a secret away can always write it in a form of its own. This is about the
everyday ones: an error that quotes the header, a debugging page, an echo as JSON.
"""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus


class Redaction:
    """Puts the names of secrets in the place of secrets."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """`secrets` by their names."""
        self._names = {form: name for name, value in secrets.items() for form in forms_of(value)}
        # Of two that begin alike the longer one is taken, or its end would be left standing.
        longest_first = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def of(self, text: str) -> str:
        """The text without them."""
        if not self._names:
            return text
        return self._pattern.sub(lambda found: f"{{secret:{self._names[found[0]]}}}", text)


def forms_of(value: str) -> Iterator[str]:
    """A secret as it is, and as JSON, URLs and Base64 write it."""
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value)[1:-1].replace("/", "\\/")
    for escaped in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield escaped
        yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), escaped)
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(value.encode()).decode().rstrip("=")
