"""One row of the matrix: an operation, real arguments for it, and what becomes of it for whom.

The expectations are written down from the public contract and docs/guide/access.md, and never read
from the permissions in the code: the two are compared in test_table.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.api.matrix.callers import MEMBERS, PEOPLE, SCOPES, VISITORS, Caller
from tests.api.matrix.outcomes import ALLOWED, FORBIDDEN, UNAUTHENTICATED


@dataclass(frozen=True, slots=True)
class Reference:
    """An argument that is filled in when the call is made.

    Attributes:
        thing: Which thing of the world, such as "chatbot"; of A's, unless a test says otherwise.
        attribute: Its public id, or a field of its stored document such as "draft.name".
        is_new: A copy made for this call, for what changes or deletes it.
    """

    thing: str
    attribute: str = "id"
    is_new: bool = False


def the(thing: str, attribute: str = "id") -> Reference:
    """A thing of the world that no call changes in a way that others would notice."""
    return Reference(thing, attribute)


def a_new(thing: str, attribute: str = "id") -> Reference:
    """A copy of a thing, made for each call."""
    return Reference(thing, attribute, is_new=True)


@dataclass(frozen=True, slots=True)
class NewText:
    """A text that nothing else has, for names and keys that must be unique."""

    ending: str = ""


def any_new_text(ending: str = "") -> NewText:
    """Another text for each call."""
    return NewText(ending)


@dataclass(frozen=True, slots=True)
class Expected:
    """What becomes of a call for each caller, and which scopes open it to API keys."""

    outcomes: Mapping[Caller, str]
    scopes: frozenset[str] = frozenset()

    def but(self, outcomes: Mapping[Caller, str]) -> "Expected":
        """The same with other outcomes for some callers."""
        return replace(self, outcomes={**self.outcomes, **outcomes})


PLATFORM = "platform_"
"""How the names of things begin that belong to no client."""


@dataclass(frozen=True, slots=True)
class Row:
    """An operation with arguments that are right, and what becomes of it.

    Attributes:
        operation: The root field.
        arguments: By their names; for mutations the fields of `input`.
        expected: For whom.
        case: What is special about this row, when an operation has several.
        from_page: The call comes from a page on the server's own origin, whoever makes it.
        from_new_session: The call ends sessions of the caller: it is made with a new one.
        from_new_person: The call changes the caller: it is made by a double.
        names_nothing: ID arguments that name no stored document, with the reason.
        to_unknown: Outcomes of unknown ids in these arguments, where it is none of the usual ones.
    """

    operation: str
    arguments: Mapping[str, Any]
    expected: Expected
    case: str = ""
    from_page: bool = False
    from_new_session: bool = False
    from_new_person: bool = False
    names_nothing: Mapping[str, str] = field(default_factory=dict)
    to_unknown: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.operation}, {self.case}" if self.case else self.operation

    @property
    def callers(self) -> list[Caller]:
        """Everybody with whom the row is tried."""
        scopes = self.expected.scopes
        nonexistent = {Caller.KEY: not scopes, Caller.KEY_WITHOUT: scopes == SCOPES}
        return [one for one in Caller if not nonexistent.get(one)]


def members(least: Caller, *, others: str, scopes: tuple[str, ...] = ()) -> Expected:
    """For members of the client from a role on, admins, and API keys with one of the scopes.

    Args:
        least: The first of the roles that may.
        others: What those hear who work for other clients.
        scopes: What opens it to API keys; none: closed to them.
    """
    may = {*MEMBERS[MEMBERS.index(least) :], Caller.ADMIN}
    outcomes = dict.fromkeys(Caller, FORBIDDEN)
    outcomes |= dict.fromkeys(may, ALLOWED)
    outcomes |= {Caller.NOBODY: UNAUTHENTICATED, Caller.OWNER_OF_B: others}
    if scopes:
        outcomes |= {Caller.KEY: ALLOWED, Caller.KEY_OF_B: others}
    return Expected(outcomes, frozenset(scopes))


def visitors_and_members(least: Caller, *, others: str, scopes: tuple[str, ...] = ()) -> Expected:
    """As `members`, and for the visitor whose thing it is; other visitors hear what others do."""
    expected = members(least, others=others, scopes=scopes)
    return expected.but({**dict.fromkeys(VISITORS, others), Caller.VISITOR: ALLOWED})


def only_visitors() -> Expected:
    """For any visitor, about what is the visitor's own."""
    outcomes = dict.fromkeys(Caller, FORBIDDEN) | dict.fromkeys(VISITORS, ALLOWED)
    return Expected(outcomes | {Caller.NOBODY: UNAUTHENTICATED})


def only_people() -> Expected:
    """For every signed-in person, about what is the person's own."""
    outcomes = dict.fromkeys(Caller, FORBIDDEN) | dict.fromkeys(PEOPLE, ALLOWED)
    return Expected(outcomes | {Caller.NOBODY: UNAUTHENTICATED})


def only_admins() -> Expected:
    """For platform admins."""
    outcomes = dict.fromkeys(Caller, FORBIDDEN) | {Caller.ADMIN: ALLOWED}
    return Expected(outcomes | {Caller.NOBODY: UNAUTHENTICATED})


def everybody() -> Expected:
    """For everybody, whatever token comes along."""
    return Expected(dict.fromkeys(Caller, ALLOWED), SCOPES)
