"""The widget as it was built: what stands in `widget/dist`, checked once and compressed once.

A build is a folder with `manifest.json` and the files that it names. Every name but the manifest's
carries a hash of the content, so a file never changes under its name. A page loads the one file
that the manifest calls the loader; the loader finds the others by their names.
"""

import asyncio
import base64
import gzip
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import brotli
from pydantic import BaseModel, ConfigDict, ValidationError

import widget

MANIFEST: Final = "manifest.json"
FILE_NAME: Final = re.compile(r"[a-z][a-zA-Z0-9-]{0,40}-[A-Za-z0-9_-]{6,64}\.js")
MAX_FILE_BYTES: Final = 1_000_000
"""Of one file of a build; ours have a hundredth of it."""


class WidgetNotBuiltError(Exception):
    """There is no build that can be served; the text says why."""


class Manifest(BaseModel):
    """What a build says of itself.

    Attributes:
        loader: The file that a page loads.
        integrity: Of every file, as HTML's `integrity` has it (Subresource Integrity).
    """

    model_config = ConfigDict(frozen=True)

    version: str
    loader: str
    integrity: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """A file of a build, in each form in which it may travel.

    Attributes:
        encoded: The content by HTTP's name of the compression: `br` and `gzip`.
        content_hash: Of the content, in hexadecimal.
    """

    name: str
    content: bytes
    encoded: Mapping[str, bytes]
    content_hash: str
    integrity: str


@dataclass(frozen=True, slots=True)
class WidgetBuild:
    """A whole build, in memory."""

    manifest: Manifest
    files: Mapping[str, BuiltFile]

    @property
    def loader(self) -> BuiltFile:
        """What pages load."""
        return self.files[self.manifest.loader]


class WidgetBuilds:
    """Gives the build of a folder, read anew when its manifest has changed."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: of the build; the one that Parlance comes with when it is left out."""
        self._folder = folder or Path(widget.__path__[0]) / "dist"
        self._lock = asyncio.Lock()
        self._read: tuple[int, WidgetBuild] | None = None

    async def current(self) -> WidgetBuild:
        """The build; the one before while the folder is being written, or holds no whole one.

        Raises:
            WidgetNotBuiltError: there is none, or it is not whole, and there was none before.
        """
        try:
            changed = _changed_at(self._folder)
        except WidgetNotBuiltError:
            if self._read is None:
                raise
            return self._read[1]
        if self._read is None or self._read[0] != changed:
            async with self._lock:
                if self._read is None or self._read[0] != changed:
                    self._read = (changed, await self._newest())
        return self._read[1]

    async def _newest(self) -> WidgetBuild:
        try:
            return await asyncio.to_thread(read_build, self._folder)
        except WidgetNotBuiltError:
            if self._read is None:
                raise
            return self._read[1]


def read_build(folder: Path) -> WidgetBuild:
    """Read, check and compress what stands in a folder.

    Raises:
        WidgetNotBuiltError: it is no build, or not a whole one.
    """
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        files = {name: _built_file(folder, name) for name in _checked_names(manifest)}
    except (OSError, ValidationError) as error:
        raise _not_built(f"{type(error).__name__} in {folder}") from error
    for name, file in files.items():
        if manifest.integrity[name] != file.integrity:
            raise _not_built(f"{name} is not the file that {MANIFEST} means")
    return WidgetBuild(manifest, files)


def built_file(name: str, content: bytes) -> BuiltFile:
    """A file in all its forms; takes milliseconds of computing."""
    encoded = {"br": brotli.compress(content, quality=11), "gzip": gzip.compress(content, mtime=0)}
    return BuiltFile(
        name=name,
        content=content,
        encoded={how: body for how, body in encoded.items() if len(body) < len(content)},
        content_hash=hashlib.sha256(content).hexdigest(),
        integrity=integrity_of(content),
    )


def integrity_of(content: bytes) -> str:
    """What stands in HTML's `integrity` (W3C Subresource Integrity, section 3.5)."""
    return f"sha384-{base64.b64encode(hashlib.sha384(content).digest()).decode()}"


def _checked_names(manifest: Manifest) -> Iterable[str]:
    if manifest.loader not in manifest.integrity:
        raise _not_built(f"the loader is none of the files of {MANIFEST}")
    for name in manifest.integrity:
        if not FILE_NAME.fullmatch(name):
            raise _not_built(f"{name[:100]!r} is no name of a built file")
    return manifest.integrity


def _built_file(folder: Path, name: str) -> BuiltFile:
    with (folder / name).open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise _not_built(f"{name} has more than {MAX_FILE_BYTES} bytes")
    return built_file(name, content)


def _changed_at(folder: Path) -> int:
    try:
        return (folder / MANIFEST).stat().st_mtime_ns
    except OSError as error:
        raise _not_built(f"there is no {MANIFEST} in {folder}") from error


def _not_built(why: str) -> WidgetNotBuiltError:
    return WidgetNotBuiltError(f"the widget is not built: {why}")
