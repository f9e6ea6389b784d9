"""What the application and its fork server say to each other: records of one size.

An order has a letter and a process; a record has what the kernel counted besides. A new child's
two descriptors travel along with its record.
"""

import struct

ORDER = struct.Struct("!cI")
FORK, KILL = b"f", b"k"

#: letter, process, wait status, CPU in microseconds, peak memory in KB
RECORD = struct.Struct("!cIiQQ")
HELLO, SPARE, EXIT, NO_SPARE = b"h", b"s", b"x", b"n"


def bits(layers: list[bool]) -> int:
    """Which of the layers are there, as the hello's process field carries it."""
    return sum(1 << place for place, there in enumerate(layers) if there)
