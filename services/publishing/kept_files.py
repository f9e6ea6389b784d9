"""Files of earlier builds of the widget, which pages go on asking for after an update."""

import asyncio
from typing import Final

from documents.widget_files import keep_widget_file, kept_widget_file
from services.publishing.widget_build import FILE_NAME, BuiltFile, WidgetBuild, built_file

MOST_IN_MEMORY: Final = 100
"""Compressed files of earlier builds in one process: about a megabyte."""


class KeptFiles:
    """Keeps files for good, and finds them again."""

    def __init__(self) -> None:
        self._in_memory: dict[str, BuiltFile] = {}

    async def keep(self, build: WidgetBuild) -> None:
        """Keep the files of a build."""
        for file in build.files.values():
            await keep_widget_file(file.name, file.content)

    async def find(self, name: str) -> BuiltFile | None:
        """A file of any build that was ever served here."""
        if name in self._in_memory or not FILE_NAME.fullmatch(name):
            return self._in_memory.get(name)
        content = await kept_widget_file(name)
        if content is None:
            return None
        file = await asyncio.to_thread(built_file, name, content)
        if len(self._in_memory) >= MOST_IN_MEMORY:
            self._in_memory.clear()
        self._in_memory[name] = file
        return file
