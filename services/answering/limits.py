"""Every bound of answering in one place: how long, how often, how much.

They are an argument everywhere, with these defaults, so that a test can make them small.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Times are in seconds.

    Attributes:
        store_interval_s: how often the text so far is stored and the lease renewed.
        lease_s: how long an answer counts as being worked on after the last sign of life.
        operation_s: how long one database operation may take before it counts as lost and is tried
            again.
        ceiling_block: how many event numbers are reserved at once.
        turn_s: how long a turn may take, whatever the model's own deadlines say.
        closing_s: how long a cancelled turn may take to close its provider's connection.
        final_store_s: how long the end of an answer waits for a database that went away.
        hand_over_s: how long a stopping process may take to leave an answer to the next one.
        look_interval_s: how often a process looks for answers whose process went away.
        generations: how often an answer is begun; more often it is ended as interrupted.
        takeover_s: how long a follower waits while nobody shows a sign of life.
        database_patience_s: how long a follower waits for a database that went away.
        untold_s: how long the end of an answer may be untold to those who watch before any
            process tells it.
        stop_s: how long whoever stops an answer waits for its end.
        unfollowed_s: after how long an answer that nobody follows is stopped; None: never.
        followers_interval_s: how often it is looked for followers.
    """

    store_interval_s: float = 1.0
    lease_s: float = 10.0
    operation_s: float = 5.0
    ceiling_block: int = 4096
    turn_s: float = 2_100.0
    closing_s: float = 5.0
    final_store_s: float = 120.0
    hand_over_s: float = 5.0
    look_interval_s: float = 1.0
    generations: int = 2
    takeover_s: float = 60.0
    database_patience_s: float = 60.0
    untold_s: float = 5.0
    stop_s: float = 5.0
    unfollowed_s: float | None = None
    followers_interval_s: float = 1.0


DEFAULT_LIMITS = Limits()
