"""A Redis on a free loopback port that keeps nothing on disk, as servers share it."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.server_process import STOP_DEADLINE_S, free_port, wait_until_open


class NoRedisError(Exception):
    """This machine has no redis-server."""


@contextmanager
def running_redis() -> Iterator[str]:
    """Run one for the length of the block; its URL.

    Raises:
        NoRedisError: there is no redis-server to run.
    """
    binary, port = shutil.which("redis-server"), free_port()
    if binary is None:
        raise NoRedisError("apt-get install redis-server")
    with tempfile.TemporaryDirectory() as folder:
        quiet = ["--save", "", "--appendonly", "no", "--dir", folder, "--loglevel", "warning"]
        child = subprocess.Popen([binary, "--port", str(port), "--bind", "127.0.0.1", *quiet])
        try:
            wait_until_open(port, child)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            child.terminate()
            child.wait(STOP_DEADLINE_S)
