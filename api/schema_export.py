"""What `parlance export-schema` does: writes the files made from the schema, or compares them.

Additions become promises by themselves; what breaks one is written only with `--break-promise`.
"""

from dataclasses import dataclass, field
from pathlib import Path

from graphql_schema.exports import possible_types_of, schema_text
from graphql_schema.promise import broken_promises, promised_form

FOLDER = Path(__file__).parent.parent / "graphql_schema"
SCHEMA_FILE = "schema.graphql"
POSSIBLE_TYPES_FILE = "possible_types.json"
PROMISE_FILE = "promised.graphql"

WHAT_TO_DO = (
    "Documents that work today would break. Add the new thing beside the old one, mark the old one"
    " with deprecation_reason=..., and take it away in a later version. If a version may break,"
    " run `parlance export-schema --break-promise` and say it in CHANGELOG.md."
)


@dataclass(frozen=True, slots=True)
class SchemaExport:
    """A schema's text and the folder in which its three files are."""

    text: str = field(default_factory=schema_text)
    folder: Path = FOLDER

    def write(self, *, break_promise: bool = False) -> list[str]:
        """Write the files; what is wrong, a line each. A promise that is broken stays as it is."""
        broken = [] if break_promise else self._broken()
        for name, text in self._texts().items():
            if name != PROMISE_FILE or not broken:
                (self.folder / name).write_text(text)
        return _told(broken)

    def differences(self) -> list[str]:
        """What is wrong with the files as they are, a line each."""
        broken = self._broken()
        drifted = [
            f"{self.folder.name}/{name} differs from the code; run `make schema`."
            for name, text in self._texts().items()
            if self._read(name) != text and not (name == PROMISE_FILE and broken)
        ]
        return drifted + _told(broken)

    def _texts(self) -> dict[str, str]:
        return {
            SCHEMA_FILE: self.text,
            POSSIBLE_TYPES_FILE: possible_types_of(self.text),
            PROMISE_FILE: promised_form(self.text),
        }

    def _broken(self) -> list[str]:
        promised = self._read(PROMISE_FILE)
        return broken_promises(promised, self.text) if promised else []

    def _read(self, name: str) -> str:
        path = self.folder / name
        return path.read_text() if path.exists() else ""


def _told(broken: list[str]) -> list[str]:
    return [f"Promised and not kept: {one}" for one in broken] + ([WHAT_TO_DO] if broken else [])
