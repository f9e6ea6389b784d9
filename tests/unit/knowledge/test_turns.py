"""Who has the next place: nobody's many sources keep another client's one source waiting."""

from collections.abc import Iterable

from services.knowledge.turns import Turns


def served(turns: Turns, waiting: Iterable[str]) -> str | None:
    """The client that gets the next place, of those who wait in this order."""
    if turns.is_full:
        return None
    waiting = list(waiting)
    for passed_over in turns.passed_over():
        for client_id in waiting:
            if client_id not in passed_over:
                turns.begin(client_id)
                return client_id
    return None


def test_one_client_never_gets_all_places() -> None:
    turns = Turns(4, per_client=2)
    assert [served(turns, ["a", "a", "a", "a"]) for _ in range(4)] == ["a", "a", None, None]
    assert served(turns, ["a", "b"]) == "b"
    turns.end("a")
    assert served(turns, ["a"]) == "a"


def test_no_more_than_the_places_are_taken() -> None:
    turns = Turns(2, per_client=2)
    assert [served(turns, ["a", "b", "c"]) for _ in range(3)] == ["a", "b", None]
    assert turns.is_full


def test_every_client_has_a_turn_before_one_has_its_second() -> None:
    turns = Turns(2, per_client=1)
    waiting = ["a", "a", "a", "b", "b", "b", "c", "d"]
    had = []
    while (client_id := served(turns, waiting)) is not None:
        waiting.remove(client_id)
        had.append(client_id)
        if turns.is_full:
            turns.end(had[-2])
    assert sorted(had[:4]) == ["a", "b", "c", "d"]
    assert sorted(had) == ["a", "a", "a", "b", "b", "b", "c", "d"]


def test_who_is_alone_does_not_wait_for_a_new_round() -> None:
    turns = Turns(3, per_client=2)
    for _ in range(10):
        assert served(turns, ["a"]) == "a"
        turns.end("a")
    assert not turns.is_full
