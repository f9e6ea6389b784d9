"""The socket on which the server listens, taken before anything else is opened."""

import socket

from api.settings import Settings


class PortInUseError(RuntimeError):
    """The address cannot be listened on."""


def listening_socket(settings: Settings) -> socket.socket:
    """A socket bound to the settings' host and port.

    Raises:
        PortInUseError: the address is taken or not this machine's; the text says what to do.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise PortInUseError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}."
            " Stop what uses it, or choose another place with PARLANCE_HOST and PARLANCE_PORT."
        ) from error
    return listener
