"""What a client's plugin is called, in the ways in which WordPress wants it called.

Four words of the source are exchanged for the client's, so that the plugins of two clients can live
in one WordPress. The alphabet of the new words is closed ([a-z0-9-] and _), so the PHP stays what
it was. The rules are those of the plugin directory: no trademark in slug or name, prefixes of four
characters at least, a slug of five at least.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE_WORD: Final = "parlance-embed"
"""How the source calls itself; also with `_`, in capitals, and with capitals at the beginning."""

MAX_SLUG: Final = 50
MAX_NAME: Final = 60
SUFFIX: Final = "chatbot"

TRADEMARKS: Final = frozenset((Path(__file__).parent / "trademarks.txt").read_text().split())
"""Words that the plugin directory refuses (Plugin Check, `Trademarks_Check`), and a few more."""


@dataclass(frozen=True, slots=True)
class PluginNames:
    """How one client's plugin is called.

    Attributes:
        slug: Folder, text domain and block namespace.
        prefix: Of functions, options, hooks and handles.
        title: For people.
    """

    slug: str
    prefix: str
    title: str

    def replacements(self) -> tuple[tuple[str, str], ...]:
        """The words of the source and those that stand for them, each of a closed alphabet."""
        word = SOURCE_WORD.replace("-", "_")
        capitalised = "_".join(part.capitalize() for part in self.prefix.split("_"))
        return (
            (SOURCE_WORD, self.slug),
            (word.upper(), self.prefix.upper()),
            ("Parlance_Embed", capitalised),
            (word, self.prefix),
        )


def names_for(client_slug: str, client_name: str) -> PluginNames:
    """The names of a client's plugin; the same for the same client."""
    slug = f"{_allowed_slug(client_slug)}-{SUFFIX}"
    prefix = slug.replace("-", "_")
    if prefix[0].isdigit():
        prefix = f"{SUFFIX}_{prefix}"
    return PluginNames(slug, prefix, f"{_allowed_name(client_name)} {SUFFIX.capitalize()}".strip())


def one_line(text: str) -> str:
    """A text that can stand in a header of a PHP comment, whatever it says."""
    plain = "".join(one if unicodedata.category(one)[0] not in "CZ" else " " for one in text)
    calm = re.sub(r"\*/|/\*|\?>|<\?|[<>`\\]", " ", plain)
    return " ".join(calm.split())


def _allowed_slug(client_slug: str) -> str:
    kept = re.sub(r"[^a-z0-9]+", "-", client_slug.lower()).strip("-")
    parts = [part for part in kept.split("-") if part]
    if kept in TRADEMARKS or any(part in TRADEMARKS for part in parts):
        parts = [part for part in parts if part not in TRADEMARKS]
    shortened = "-".join(parts)[: MAX_SLUG - len(SUFFIX) - 1].strip("-")
    return shortened or f"site-{hashlib.sha256(client_slug.encode()).hexdigest()[:8]}"


def _allowed_name(client_name: str) -> str:
    words = one_line(client_name)[:MAX_NAME].split()
    return " ".join(word for word in words if word.lower().strip(".,") not in TRADEMARKS)
