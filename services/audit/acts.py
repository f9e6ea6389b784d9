"""Who acts: the person, server or program in whose name this task changes things.

Whoever lets somebody in says so once (each mutation that is declared with `audited_for`, each
command), and what is changed under it is recorded in that name. Without it, Parlance itself acts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from documents.ids import PydanticObjectId


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, readable when the account is gone."""

    name: str
    user_id: PydanticObjectId | None = None
    ip_address: str | None = None
    is_visitor: bool = False


@dataclass(slots=True)
class Act:
    """What somebody is about to do.

    Attributes:
        actor: Who.
        action: The name of the operation.
        told: Whether it was said what changed, if anything did.
    """

    actor: Actor
    action: str
    told: bool = field(default=False, init=False)


_ACT: ContextVar[Act | None] = ContextVar("act", default=None)


@contextmanager
def acting(act: Act) -> Iterator[Act]:
    """Make the changes of this block in the name of an act."""
    token = _ACT.set(act)
    try:
        yield act
    finally:
        _ACT.reset(token)


def current_act() -> Act | None:
    """In whose name things are changed; None: Parlance's own."""
    return _ACT.get()


def acts_as_visitor() -> bool:
    """Whether what is changed is a visitor's own: most of that is no entry of a client's log."""
    act = current_act()
    return act is not None and act.actor.is_visitor


def act_as(name: str, user_id: PydanticObjectId) -> None:
    """Go on in the name of whom the caller has turned out to be, by a code or the like."""
    act = _ACT.get()
    if act is not None:
        act.actor = Actor(name, user_id, act.actor.ip_address)
