"""Every bound of following in one place, as an argument so that a test can make it small."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """Times are in seconds.

    Attributes:
        page: how many events a follower reads at once, and holds in memory.
        window: how many numbers are looked through at once for events that few followers want.
        hole_s: how long a taken number may be without its event before it is closed.
        hole_numbers: how many numbers are closed at once.
        look_s: how often a process looks for news of a client although nothing woke it.
        look_unwatched_s: the same while the database's own notifications are broken.
        pause_s: how long to wait before the next attempt when the database is away.
        operation_s: how long one database operation may take.
    """

    page: int = 50
    window: int = 2_000
    hole_s: float = 0.5
    hole_numbers: int = 256
    look_s: float = 5.0
    look_unwatched_s: float = 0.5
    pause_s: float = 0.5
    operation_s: float = 5.0


DEFAULT_LIVE_LIMITS = LiveLimits()
