"""A process that is told to end ends, also when something in it never comes to an end.

A connection pool that lost a waiter, a thread in a call that hangs, a log that nobody reads: what
is to be stored is stored by then or taken over by another process, and a service manager waits for
an end in order to start the next one. The database of the installation's own goes with its parent.
"""

import faulthandler

EXIT_STATUS = 1
"""What faulthandler ends a process with."""


def end_within(seconds: float) -> None:
    """End the process after so many seconds, unless it has ended by then.

    It writes to standard error where each thread was. That is done by a thread of the interpreter's
    own that needs no lock: https://docs.python.org/3/library/faulthandler.html.
    """
    faulthandler.dump_traceback_later(seconds, exit=True)
