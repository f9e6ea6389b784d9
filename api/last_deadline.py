"""A process that is told to end ends, also when something in it never comes to an end.

A connection pool that lost a waiter, a thread in a call that hangs: whatever it is, the answers are
stored by then or taken over by another process, and a service manager waits for an end in order to
start the next one. The database of the installation's own goes with its parent.
"""

import faulthandler
import os
import sys
import threading

import structlog

EXIT_STATUS = 70
"""EX_SOFTWARE of sysexits.h: a fault of ours."""

log = structlog.get_logger()


def end_within(seconds: float) -> None:
    """End the process after so many seconds, unless it has ended by then."""
    timer = threading.Timer(seconds, _end_now, [seconds])
    timer.daemon = True
    timer.start()


def _end_now(seconds: float) -> None:
    log.error("not_ended_in_time", seconds=seconds, where="see the threads below")
    faulthandler.dump_traceback(sys.stderr)
    sys.stdout.flush()
    os._exit(EXIT_STATUS)
