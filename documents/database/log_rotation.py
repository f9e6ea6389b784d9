"""Keeps mongod's log bounded: one file that grows and one that was.

mongod is started with `--logRotate reopen`: after its log was renamed, SIGUSR1 makes it open a new
file under the old name.
"""

from pathlib import Path

LARGEST_LOG_BYTES = 10_000_000
"""From this size on a log is put away, in bytes; with the one put away before, twice that."""


def rotate_log(log_file: Path, *, largest_bytes: int = LARGEST_LOG_BYTES) -> bool:
    """Puts a log that has grown too large away, over the one put away before.

    Returns:
        Whether the log was renamed, so that mongod must open a new one.
    """
    try:
        if log_file.stat().st_size < largest_bytes:
            return False
        log_file.replace(log_file.with_name(f"{log_file.name}.1"))
    except OSError:  # no log yet, or a folder that has gone: mongod will say so itself
        return False
    return True
