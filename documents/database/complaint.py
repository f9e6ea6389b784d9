"""What mongod said before it ended, for the person who has to mend it.

mongod's log has one JSON object per line. The first error of the last run is the cause; what comes
after it is mostly consequences and stack traces.
"""

import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_MEANINGS = {  # by exit code, negative for a signal
    14: "it met something that it cannot go on with, a full disk for instance",
    48: "its port is taken",
    62: "the data was written by a MongoDB too old or too new for this one",
    100: "it cannot use its data folder",
    132: "this processor lacks instructions that it needs (AVX)",
    -4: "this processor lacks instructions that it needs (AVX)",
    -9: "it was killed, perhaps because memory ran out",
}

_LAST_LINES = 400
_STARTING = 4615611
"""The id of mongod's message "MongoDB starting"."""


def explain_exit(code: int | None, output: str, log_file: Path) -> str:
    """Why mongod ended, in one line.

    Args:
        code: Its exit code, negative for a signal, None when it could not be run.
        output: What it wrote besides its log.
        log_file: Its log.
    """
    # Lines of its log and of stack traces are left out.
    said = [line for line in output.splitlines() if line and line[0] not in " {"]
    if "error while loading shared libraries" in output:
        said.append("install the system package that has it (libcurl.so.4 is in libcurl4)")
    meaning = _MEANINGS.get(code) if code is not None else None
    reason = "; ".join(said[-3:]) or first_complaint(log_file)
    return "; ".join(part for part in (meaning, reason) if part) or "it did not say why"


def first_complaint(log_file: Path) -> str | None:
    """The first error of mongod's last run, in one line; None when it did not complain."""
    for entry in _last_run(log_file):
        if entry.get("s") in {"E", "F"}:
            said = str(entry.get("msg", "")).strip()
            detail = _detail(entry.get("attr"))
            return f"{said}: {detail}" if detail else said
    return None


def _last_run(log_file: Path) -> list[dict[str, Any]]:
    run: list[dict[str, Any]] = []
    for entry in _entries(log_file):
        if entry.get("id") == _STARTING:
            run.clear()
        run.append(entry)
    return run


def _entries(log_file: Path) -> Iterator[dict[str, Any]]:
    try:
        with log_file.open(encoding="utf-8", errors="replace") as lines:
            last = deque(lines, maxlen=_LAST_LINES)
    except OSError:
        return
    for line in last:
        try:
            entry = json.loads(line)
        except ValueError:  # a line cut short by a crash
            continue
        if isinstance(entry, dict):
            yield entry


def _detail(value: object) -> str:
    """The words in an error's attributes, wherever this kind of error keeps them."""
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, dict):
        return ""
    names = ("error", "errmsg", "error_str", "reason", "message", "msg")
    details = (_detail(value.get(name)) for name in names)
    return "; ".join(detail for detail in details if detail)
