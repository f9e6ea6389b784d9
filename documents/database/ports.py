"""Which port the private mongod listens on.

The port is kept between starts. A new one is taken from below the ports that the kernel gives to
outgoing connections (from 32768 on Linux, 49152 on macOS): while mongod is down, a driver that
keeps trying a port of that range can be connected to itself and so keep mongod from coming back.
"""

import secrets
import socket

LOWEST_PORT = 20_000
HIGHEST_PORT = 32_000

_ATTEMPTS = 200


class NoFreePortError(RuntimeError):
    """Every port that was tried is taken."""


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As mongod does: or the remains of the last run's connections would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_port(host: str) -> int:
    """A free port, by chance, so that several data folders rarely want the same one.

    Raises:
        NoFreePortError: after many attempts.
    """
    for _ in range(_ATTEMPTS):
        port = LOWEST_PORT + secrets.randbelow(HIGHEST_PORT - LOWEST_PORT)
        if is_free(host, port):
            return port
    raise NoFreePortError(f"no free port between {LOWEST_PORT} and {HIGHEST_PORT} on {host}")
