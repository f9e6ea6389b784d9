"""The program that speaks to the services that Apprise knows: loaded once, copied for each job.

Apprise is a large library that parses addresses which tenants write, and makes its own connections.
So it runs where there is nothing to take and nowhere to go: in a process without a secret, started
by exec with an environment of its own. For each job it makes a copy of itself, which gives up files
and sockets before it looks at the address (`job.py`); what it wants to say to a service goes
through the server's own door (`door.py`). When the server lets go of its socket, all ends.
"""

import gc
import os
import signal
import socket
import sys
from typing import NoReturn

from services.integrations.apprise_program.job import do
from services.integrations.apprise_program.offered import load_services

ORDER_BYTES = 1
"""An order is one byte and the copy's own socket."""


def main() -> None:
    """Copy this process for each order until the server is gone."""
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        orders.set_inheritable(False)
        load_services()
        gc.collect()
        gc.freeze()  # what is loaded stays shared with the copies
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the copies
        while True:
            order, descriptors, _flags, _address = socket.recv_fds(orders, ORDER_BYTES, 1)
            if not order:
                return
            for descriptor in descriptors:
                _begin(orders, descriptor)


def _begin(orders: socket.socket, descriptor: int) -> None:
    """One copy; when the machine has no process for it, its socket closes and says so."""
    try:
        pid = os.fork()
    except OSError:
        pid = -1
    if pid == 0:
        orders.close()
        _live(descriptor)
    os.close(descriptor)


def _live(descriptor: int) -> NoReturn:
    try:
        do(socket.socket(fileno=descriptor))
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
