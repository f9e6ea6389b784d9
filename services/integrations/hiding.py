"""What may stand in no log and no excerpt: addresses of webhooks with their parts, tokens and keys.

The path of a webhook is its secret, and receivers repeat the path that they do not know, or a part
of it. So the parts are hidden as well, in the forms in which hosts repeat what they got.
"""

import re
from collections.abc import Collection, Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from services.hooks.redaction import forms_of

HIDDEN = "(secret)"

_WINDOW = 16_000
"""Characters of a text that are looked at; an excerpt is shorter by far."""

_SHORTEST_NAME = 4
"""Characters of a user or a password that is hidden by itself; "me" is a part of too many words."""

_BETWEEN = re.compile(r"[/?&=@:;,#]+")

_END_OF_HOST = re.compile(r"[/?#]")
_LONG_WORD = 12
_LONG_CODE = 8
"""From so many characters on a part may be a secret: of letters alone, or with digits and signs."""


def without_secrets(text: str, secrets: Collection[str]) -> str:
    """The beginning of a text with no secret in it; to be cut only afterwards."""
    forms = {form for one in secrets for part in _parts(one) for form in forms_of(part)}
    if not forms:
        return text[:_WINDOW]
    # Of two that begin alike the longer one is taken, or its end would be left standing.
    longest_first = sorted(forms, key=len, reverse=True)
    hidden = re.sub("|".join(map(re.escape, longest_first)), HIDDEN, text[:_WINDOW])
    # What the window cut through is known by no form.
    return hidden if len(text) <= _WINDOW else hidden[: -len(longest_first[0])]


def secrets_in_service(url: str) -> list[str]:
    """What may be secret in an address as Apprise writes it: all of it but names of hosts.

    Services keep their keys at any place of it, that of the host included.
    """
    _, _, rest = url.partition("://")
    whole = _END_OF_HOST.split(rest, maxsplit=1)[0]
    person, _, host = whole.rpartition("@")
    pieces = [one for one in _BETWEEN.split(rest.removeprefix(whole)) if _may_be_secret(one)]
    if "." not in host and _may_be_secret(host):
        pieces.append(host)
    given = [one for one in person.split(":") if len(one) >= _SHORTEST_NAME]
    given += [one for one in (person, *pieces) if one]
    return list(dict.fromkeys([url, *given, *map(unquote, given)]))


def _parts(secret: str) -> Iterator[str]:
    """A secret, and of an address also what follows the host, whole and in pieces."""
    if not secret:
        return
    yield secret
    parts = urlsplit(secret)
    if not parts.netloc:
        return
    pieces = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
    wholes = [parts.path, f"{parts.path}?{parts.query}" if parts.query else "", parts.query]
    yield from (one for one in wholes if len(one) >= _LONG_CODE)
    for one in (*wholes, *pieces):
        if _may_be_secret(one):
            yield from {one, one.strip("/"), unquote(one)}


def _may_be_secret(part: str) -> bool:
    return len(part) >= (_LONG_WORD if part.strip("/").isalpha() else _LONG_CODE)
