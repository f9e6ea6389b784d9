"""Whose source is worked at next: every client has its turn, however much another one asks for.

A client whose site takes an hour, or that adds five hundred files at once, leaves room for others:
there are places that it does not get, and of those who wait the one goes first that has not had a
turn since the others had theirs.
"""

from collections import Counter
from collections.abc import Iterator

MOST_REMEMBERED = 1_000
"""Clients that had a turn in this round; with more of them a new round begins."""


class Turns:
    """The places of one kind of work in one process."""

    def __init__(self, places: int, *, per_client: int) -> None:
        """`places` sources are worked at together, `per_client` of them at most of one client."""
        self._places = places
        self._per_client = per_client
        self._at_work: Counter[str] = Counter()
        self._had_turn: set[str] = set()

    @property
    def is_full(self) -> bool:
        """Whether no place is free."""
        return self._at_work.total() >= self._places

    @property
    def with_all_places(self) -> frozenset[str]:
        """The clients that have as many places as one may."""
        return frozenset(self._with(self._per_client))

    def passed_over(self) -> Iterator[frozenset[str]]:
        """The clients to pass over when the next source is looked for, fewer with each look."""
        seen: frozenset[str] | None = None
        for some in (self._had_turn | self._with(1), self._with(1), self._with(self._per_client)):
            clients = frozenset(some)
            if clients != seen:
                yield clients
            seen = clients

    def begin(self, client_id: str) -> None:
        """A source of this client takes a place."""
        if client_id in self._had_turn or len(self._had_turn) >= MOST_REMEMBERED:
            self._had_turn.clear()
        self._had_turn.add(client_id)
        self._at_work[client_id] += 1

    def end(self, client_id: str) -> None:
        """It gives its place up."""
        self._at_work[client_id] -= 1
        if not self._at_work[client_id]:
            del self._at_work[client_id]

    def _with(self, sources: int) -> set[str]:
        """Clients of which so many sources, or more, are worked at."""
        return {client_id for client_id, count in self._at_work.items() if count >= sources}
