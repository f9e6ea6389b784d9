"""Host names as they travel: "münchen.example" is "xn--mnchen-3ya.example" in DNS and in origins.

People write names as they read them; what is stored and compared is what browsers send.
"""

import re

import idna

MAX_HOST_NAME = 253
"""RFC 1035, section 3.1: 255 octets with the lengths of the labels."""

_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")


def sent_host_name(name: str) -> str | None:
    """A name in lower case and in ASCII as browsers send it; None for what is no host name.

    A final dot and underscores stay: whoever wants neither says so.
    """
    if len(name) > MAX_HOST_NAME:
        return None  # in ASCII it would be longer still
    sent = name.lower() if name.isascii() else _in_ascii(name)
    if sent is None or len(sent) > MAX_HOST_NAME or not _NAME.fullmatch(sent):
        return None
    return sent


def _in_ascii(name: str) -> str | None:
    try:
        # As the URL standard asks: mapped by UTS 46 first, "ß" kept apart from "ss".
        return idna.encode(name, uts46=True, transitional=False).decode("ascii")
    except UnicodeError:
        return None
