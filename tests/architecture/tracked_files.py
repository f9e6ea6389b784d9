"""The files of the repository as Git sees them: tracked, and new ones that are not ignored."""

import subprocess
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

PRODUCT = ("api", "graphql_schema", "services", "documents", "widget", "wordpress_plugin")


@cache
def tracked_files() -> tuple[Path, ...]:
    """Returns the repository's own files, relative to its root, deleted ones left out."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, text=True)
    paths = (Path(name) for name in listed.stdout.split("\0") if name)
    return tuple(path for path in paths if (REPOSITORY / path).is_file())


def python_files(*folders: str) -> tuple[Path, ...]:
    """Returns the Python files in the named top-level folders, relative to the root."""
    files = tracked_files()
    return tuple(path for path in files if path.suffix == ".py" and path.parts[0] in folders)


def text_of(path: Path) -> str | None:
    """Returns a tracked file's text, or None for a picture or an archive."""
    try:
        return (REPOSITORY / path).read_text()
    except UnicodeDecodeError:
        return None
