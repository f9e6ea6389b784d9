"""Writes docs/reference/settings.md from the settings' own names, types and descriptions.

The page is committed, and `make lint` fails when it says something else than the code, so that an
operator never reads about a setting that is gone.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from api.settings import Settings
from services.chatbots.llm_config_rules import KEY_ENV_PREFIX

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "settings.md"

_OPENING = f"""\
# Settings

<!-- Written by `make schema` from api/settings.py. Change the descriptions there. -->

Parlance reads its settings from environment variables when it starts, and from nowhere else. None
is required for `make run`, and an empty one counts as not set. A value that cannot be used stops
the start with the variable's name.

Keys of language-model providers are variables as well: a platform-wide model configuration names
one that begins with `{KEY_ENV_PREFIX}`, and no other variable can be named.

| Variable | Value | Default | Meaning |
| --- | --- | --- | --- |
"""

_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "array": "JSON list",
}
_FORMATS = {"password": "secret", "path": "path", "file-path": "path", "directory-path": "path"}


def settings_page() -> str:
    """Returns the whole page as Markdown."""
    return _OPENING + "".join(f"{row}\n" for row in _rows())


def main(arguments: Sequence[str] = ()) -> int:
    """Writes the page; with `--check`, only compares it with what is committed.

    Returns:
        The exit status: 1 when the page is missing or says something else than the code.
    """
    page = settings_page()
    if "--check" not in arguments:
        PAGE.write_text(page)
    elif not PAGE.exists() or PAGE.read_text() != page:
        sys.stderr.write(f"docs/reference/{PAGE.name} differs from the code; run `make schema`.\n")
        return 1
    return 0


def _rows() -> Iterator[str]:
    prefix = Settings.model_config["env_prefix"]
    properties: dict[str, dict[str, Any]] = Settings.model_json_schema()["properties"]
    for name, schema in properties.items():
        cells = (
            f"`{prefix}{name.upper()}`",
            _value(schema),
            _default(schema.get("default")),
            schema.get("description", ""),
        )
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _value(schema: dict[str, Any]) -> str:
    for alternative in schema.get("anyOf", []):
        if alternative.get("type") != "null":
            return _value(alternative)
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    word = _FORMATS.get(schema.get("format", "")) or _WORDS[schema["type"]]
    if "minimum" in schema and "maximum" in schema:
        return f"{word}, {schema['minimum']:g} to {schema['maximum']:g}"
    return word


def _default(value: object) -> str:
    if value is None or value in ("", []):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
