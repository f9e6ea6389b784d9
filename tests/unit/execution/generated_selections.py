"""Hypothesis strategies: documents over the toy schema, and events with surprises in them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from graphql import (
    GraphQLNamedType,
    GraphQLSchema,
    OperationType,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_interface_type,
    is_object_type,
)
from hypothesis import strategies as st

from tests.unit.execution.toy_schema import (
    Author,
    Card,
    FieldPermissionEvent,
    Later,
    Leaves,
    Mood,
    Note,
    NoteEvent,
    PickyEvent,
    TextEvent,
)

MAX_DEPTH = 3
DIRECTIVES = (
    "",
    "",
    "",
    " @include(if: $yes)",
    " @include(if: $no)",
    " @skip(if: $yes)",
    " @skip(if: $no)",
)


COUNTS = {"": "", "Again: ": "(count: 3)", "Too: ": "(count: $n)"}
"""Arguments by the alias, so that merged selections never contradict each other."""


class DocumentWriter:
    """Draws one document; named fragments are collected while the selections are drawn."""

    def __init__(
        self, draw: Callable[[st.SearchStrategy[Any]], Any], schema: GraphQLSchema
    ) -> None:
        self._draw = draw
        self._schema = schema
        self._fragments: list[str] = []

    def document(self, field: str) -> str:
        alias = self._draw(st.sampled_from(("", "renamed: ")))
        return self._written("subscription", f"{alias}{self._root(field, 'subscription')}")

    def query(self, fields: list[str], kind: str = "query") -> str:
        """An operation with several root fields, which may be the same ones."""
        return self._written(
            kind,
            " ".join(
                f"root{number}: {self._root(field, kind)}" for number, field in enumerate(fields)
            ),
        )

    def _root(self, field: str, kind: str) -> str:
        root = self._schema.get_root_type(OperationType(kind))
        assert root is not None
        return f"{field} {self._selection(get_named_type(root.fields[field].type), 0)}"

    def _written(self, kind: str, selection: str) -> str:
        body = "\n".join([f"{{ {selection} }}", *self._fragments])
        counting = ", $n: Int! = 2" if "$n)" in body else ""
        return f"{kind} ($yes: Boolean!, $no: Boolean!{counting}) {body}"

    def _selection(self, type_: GraphQLNamedType, depth: int) -> str:
        # `__typename` first: a selection whose every field is skipped would test little.
        count = self._draw(st.integers(1, 4))
        # Both variables in it, since an unused variable is a validation error.
        start = "{ __typename @include(if: $yes) @skip(if: $no) "
        return start + " ".join(self._item(type_, depth) for _ in range(count)) + " }"

    def _item(self, type_: GraphQLNamedType, depth: int) -> str:
        kind = self._draw(st.sampled_from(("field", "field", "field", "inline", "named")))
        if depth >= MAX_DEPTH:
            kind = "field"
        if kind == "field":
            return self._field(type_, depth)
        target = self._narrowed(type_)
        directive = self._draw(st.sampled_from(DIRECTIVES))
        selection = self._selection(target, depth + 1)
        if kind == "inline":
            return f"... on {target.name}{directive} {selection}"
        name = f"fragment{len(self._fragments)}"
        self._fragments.append(f"fragment {name} on {target.name} {selection}")
        return f"...{name}{directive} ...{name}"

    def _narrowed(self, type_: GraphQLNamedType) -> GraphQLNamedType:
        if not is_abstract_type(type_):
            return type_
        possible = list(self._schema.get_possible_types(type_))
        return self._draw(st.sampled_from([type_, *possible]))  # type: ignore[no-any-return]

    def _field(self, type_: GraphQLNamedType, depth: int) -> str:
        if not (is_object_type(type_) or is_interface_type(type_)):
            return "__typename"
        names = [name for name in type_.fields if depth < MAX_DEPTH or self._is_leaf(type_, name)]
        name = self._draw(st.sampled_from(names))
        # The alias follows from the field, so that merged selections never contradict each other.
        alias = self._draw(st.sampled_from(("", f"{name}Again: ", f"{name}Too: ")))
        directive = self._draw(st.sampled_from(DIRECTIVES))
        arguments = COUNTS[alias.removeprefix(name)] if type_.fields[name].args else ""
        field_type = get_named_type(type_.fields[name].type)
        nested = self._selection(field_type, depth + 1) if is_composite_type(field_type) else ""
        return f"{alias}{name}{arguments}{directive} {nested}"

    @staticmethod
    def _is_leaf(type_: Any, name: str) -> bool:
        return not is_composite_type(get_named_type(type_.fields[name].type))


def surprising(plain: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly plain values; now and then what makes a field fail, or wait."""
    wrong: tuple[Any, ...] = (None, ValueError("a value of the wrong kind"), object, [], 2.5)
    return st.one_of(plain, plain, plain, plain, st.sampled_from(wrong), plain.map(Later))


texts = surprising(st.text(max_size=5))
authors = st.builds(
    Author,
    name=texts,
    nickname=st.none() | texts,
    mood=surprising(st.none() | st.sampled_from((*Mood, "calm", "furious"))),
)
cards = st.one_of(
    st.builds(
        Card.of,
        title=texts,
        stars=surprising(st.integers(-(2**33), 2**33) | st.booleans()),
        known=surprising(st.none() | st.booleans()),
        mood=surprising(st.none() | st.sampled_from(("calm", "furious"))),
        author=surprising(st.none() | authors),
    ),
    st.builds(Card.of, title=texts),
)
moments = st.just(datetime(2026, 8, 1, tzinfo=UTC))
notes: st.SearchStrategy[Any] = st.deferred(
    lambda: st.builds(
        Note,
        number=surprising(st.integers(-(2**33), 2**33) | st.booleans()),
        body=st.none() | texts,
        score=surprising(st.none() | st.floats() | st.integers()),
        written_at=surprising(st.none() | moments),
        author=surprising(st.none() | authors),
        replies=surprising(st.lists(notes, max_size=2) | st.tuples(notes)),
        labels=surprising(st.none() | st.lists(st.none() | texts, max_size=2)),
    )
)
sequence_numbers = surprising(st.integers(0, 10))
text_events = st.builds(TextEvent, seq=sequence_numbers, text=texts)
note_events = st.builds(
    NoteEvent, seq=sequence_numbers, note=surprising(notes), extra=surprising(st.none() | notes)
)
other_events = st.one_of(
    st.builds(FieldPermissionEvent, seq=sequence_numbers, classified=texts),
    st.builds(PickyEvent, seq=sequence_numbers, claim=st.sampled_from(("true", "false"))),
)
events = st.one_of(text_events, note_events, other_events)
anything = st.one_of(text_events, note_events, authors)

PAYLOADS: dict[str, st.SearchStrategy[Any]] = {
    "events": events,
    "guarded": events,
    "maybeNote": notes,
    "anything": anything,
}
"""What the subscription fields of the toy schema may yield."""


ROOT_VALUES = [notes, events, anything, authors, cards, st.none(), st.builds(Leaves, text=texts)]


@st.composite
def query_cases(
    draw: Callable[[st.SearchStrategy[Any]], Any], schema: GraphQLSchema, kind: str = "query"
) -> tuple[str, list[Any]]:
    """Draw a query or mutation, and what its root fields give each time that it is executed."""
    root = schema.get_root_type(OperationType(kind))
    assert root is not None
    names = [name for name in sorted(root.fields) if name != "ready"]
    fields = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
    document = DocumentWriter(draw, schema).query(fields, kind)
    given = draw(st.lists(surprising(st.one_of(ROOT_VALUES)), min_size=1, max_size=3))
    return document, given


@st.composite
def cases(
    draw: Callable[[st.SearchStrategy[Any]], Any], schema: GraphQLSchema
) -> tuple[str, list[Any]]:
    """Draw a document and what its source yields: mostly what it may, sometimes anything."""
    field = draw(st.sampled_from(sorted(PAYLOADS)))
    payloads = surprising(st.one_of(*[PAYLOADS[field]] * 5, st.one_of(*PAYLOADS.values())))
    document = DocumentWriter(draw, schema).document(field)
    return document, draw(st.lists(payloads, min_size=1, max_size=4))
