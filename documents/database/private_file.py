"""Small files that only their owner may read, written whole or not at all."""

import os
from pathlib import Path
from tempfile import mkstemp


def write_private_file(path: Path, content: str) -> None:
    """Writes `content` with mode 0600, so that a crash leaves the old file or the new one."""
    descriptor, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_if_there(path: Path) -> str | None:
    """The file's text without surrounding blanks, or None when there is no such file."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
