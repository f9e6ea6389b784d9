"""Packs the plugin for one chatbot: the same values give the same bytes.

The PHP in `plugin/` runs and lints as it stands. What differs between clients is data in
`values.json`, the plugin's own name (`names.py`), and the lines of the header that WordPress reads
as a comment. No secret goes in: the site's administrator connects the plugin with a one-time code.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from wordpress_plugin.names import SOURCE_WORD, PluginNames, names_for, one_line

Flavour = Literal["directory", "self_updating"]

SOURCE: Final = Path(__file__).parent / "plugin"
MAIN: Final = f"{SOURCE_WORD}.php"
UPDATER: Final = "includes/updater.php"
"""Only in the self-updating flavour: the directory updates its plugins itself."""

LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the ZIP: the earliest that the format can say."""

FILE_MODE: Final = 0o100644
TEXTS: Final = frozenset({".php", ".js", ".css", ".json", ".txt", ".po", ".pot"})


@dataclass(frozen=True, slots=True)
class PluginValues:
    """What tells one client's plugin from another's. None of it is secret.

    Attributes:
        server_url: Of this installation, without a slash at the end.
        chatbot: The embed key.
        client_slug: Gives folder and prefix their name.
        client_name: As people write it.
    """

    server_url: str
    chatbot: str
    client_slug: str
    client_name: str
    flavour: Flavour


@dataclass(frozen=True, slots=True)
class Package:
    """A ZIP as WordPress takes it under Plugins > Add New > Upload."""

    file_name: str
    slug: str
    version: str
    tested: str
    changelog: str
    content: bytes
    sha256: str


def plugin_package(values: PluginValues) -> Package:
    """The plugin with these values; takes tens of milliseconds of computing."""
    names = names_for(values.client_slug, values.client_name)
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in sorted(_files(values, names)):
            info = ZipInfo(f"{names.slug}/{path}", LONG_AGO)
            info.compress_type = ZIP_DEFLATED
            info.create_system = 3  # Unix, wherever it is packed
            info.external_attr = FILE_MODE << 16
            archive.writestr(info, content)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    return Package(
        file_name=f"{names.slug}.zip",
        slug=names.slug,
        version=plugin_version(),
        tested=_readme_line("Tested up to:"),
        changelog=_changelog(),
        content=content,
        sha256=digest,
    )


@cache
def plugin_version() -> str:
    """The version in the plugin's header."""
    for line in (SOURCE / MAIN).read_text(encoding="utf-8").splitlines():
        if line.startswith(" * Version:"):
            return line.partition(":")[2].strip()
    raise ValueError(f"{MAIN} has no version in its header")


@cache
def _readme_line(field: str) -> str:
    """A line of readme.txt's header."""
    lines = (SOURCE / "readme.txt").read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix(field).strip() for line in lines if line.startswith(field))


@cache
def _changelog() -> str:
    """What readme.txt says of the versions."""
    text = (SOURCE / "readme.txt").read_text(encoding="utf-8")
    return text.partition("== Changelog ==")[2].partition("\n== ")[0].strip()


def _files(values: PluginValues, names: PluginNames) -> Iterator[tuple[str, bytes]]:
    for path, content in _source_files().items():
        if path == UPDATER and values.flavour == "directory":
            continue
        named = _named(path, names)
        if Path(path).suffix not in TEXTS:
            yield named, content
            continue
        text = _named(content.decode(), names)
        if path == MAIN:
            text = _with_header(text, values, names)
        elif path == "readme.txt":
            text = text.replace("=== Parlance Embed ===", f"=== {names.title} ===", 1)
        yield named, text.encode()
    yield "values.json", _values_file(values, names)


def _values_file(values: PluginValues, names: PluginNames) -> bytes:
    given = {
        "chatbot": values.chatbot,
        "client": one_line(values.client_name),
        "flavour": values.flavour,
        "serverUrl": values.server_url,
        "title": names.title,
    }
    return (json.dumps(given, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _with_header(text: str, values: PluginValues, names: PluginNames) -> str:
    """The main file with the client's header: lines of a comment, nothing that PHP runs."""
    given = {
        "Plugin Name": names.title,
        "Author": one_line(values.client_name) or names.title,
    }
    lines = []
    for line in text.splitlines():
        field = line.removeprefix(" * ").partition(":")[0]
        lines.append(f" * {field}: {given[field]}" if field in given else line)
        if field == "Version" and values.flavour == "self_updating":
            lines.append(f" * Update URI: {update_address(values)}")
    return "\n".join(lines) + "\n"


def update_address(values: PluginValues) -> str:
    """Where a self-updating plugin learns of a newer version."""
    return f"{values.server_url}/plugins/{values.chatbot}/update.json"


def _named(text: str, names: PluginNames) -> str:
    for word, other in names.replacements():
        text = text.replace(word, other)
    return text


@cache
def _source_files() -> dict[str, bytes]:
    """The plugin's files by their paths; translations also in the form that WordPress loads."""
    files = {}
    for path in sorted(SOURCE.rglob("*")):
        name = path.relative_to(SOURCE).as_posix()
        if path.is_file() and name != "values.json":
            files[name] = path.read_bytes()
            if path.suffix == ".po":
                files[name.removesuffix("po") + "mo"] = _compiled(path)
    return files


def _compiled(path: Path) -> bytes:
    with path.open("rb") as source:
        catalog = read_po(source)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    return compiled.getvalue()
