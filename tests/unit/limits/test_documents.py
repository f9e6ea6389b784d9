"""Limits are checked before the validation, which is counted here, and good documents are kept."""

import threading
from collections.abc import Callable

import pytest
from graphql import DocumentNode, GraphQLError, GraphQLSchema, GraphQLSyntaxError

from graphql_schema.limits.allowances import PEOPLE
from graphql_schema.limits.documents import DocumentPreparation
from graphql_schema.limits.errors import (
    DocumentRefusedError,
    LimitExceededError,
    SeveralOperationsError,
    UnknownOperationError,
)
from tests.unit.limits.test_measuring import doubling
from tests.unit.limits.toy_schema import toy_schema

SCHEMA = toy_schema()
MINE = threading.current_thread().name


class Validations:
    """Stands where validation would, and notes what it was asked."""

    def __init__(self, *problems: str) -> None:
        self.threads: list[str] = []
        self.problems = [GraphQLError(one) for one in problems]

    def __call__(self, _schema: GraphQLSchema, _document: DocumentNode) -> list[GraphQLError]:
        self.threads.append(threading.current_thread().name)
        return self.problems


async def prepare(preparation: DocumentPreparation, text: str) -> list[GraphQLError]:
    return await preparation.problems(SCHEMA, preparation.read(SCHEMA, text))


def nested(levels: int) -> str:
    return "{ me " * levels + "{ id" + " }" * (levels + 1)


def fields(count: int) -> str:
    return "{ " + "name " * count + "}"


def aliases(count: int) -> str:
    return "{ " + " ".join(f"a{number}: name" for number in range(count)) + " }"


def directives(count: int) -> str:
    return "{ name " + "@include(if: true) " * count + "}"


def introspection(levels: int) -> str:
    return '{ __type(name: "A") ' + "{ ofType " * (levels - 2) + "{ name " + "}" * levels


def characters(count: int) -> str:
    return "{ name }" + " " * (count - len("{ name }"))


def brackets(count: int) -> str:
    return "{ name(a: " + "[" * (count - 2) + "]" * (count - 2) + ") }"


def tokens(count: int) -> str:
    return (
        "query (" + "$a:B " * ((count - 6) // 4) + ") { name " + "name " * ((count - 6) % 4) + "}"
    )


SIZES: list[tuple[Callable[[int], str], int, str, str]] = [
    (characters, PEOPLE.characters, "DOCUMENT_TOO_LARGE", "characters"),
    (tokens, PEOPLE.tokens, "DOCUMENT_TOO_LARGE", "tokens"),
    (brackets, PEOPLE.nesting, "TOO_DEEP", "brackets"),
    (lambda count: nested(count - 1), PEOPLE.depth, "TOO_DEEP", "fields deep"),
    (introspection, PEOPLE.introspection_depth, "TOO_DEEP", "introspection"),
    (aliases, PEOPLE.aliases, "TOO_COMPLEX", "aliases"),
    (directives, PEOPLE.directives, "TOO_COMPLEX", "directives"),
    (fields, PEOPLE.fields, "TOO_COMPLEX", "fields"),
]


@pytest.mark.parametrize(("make", "limit", "code", "word"), SIZES)
async def test_a_document_of_the_limit_passes_and_a_larger_one_is_refused(
    make: Callable[[int], str], limit: int, code: str, word: str
) -> None:
    validations = Validations()
    preparation = DocumentPreparation(validations)

    assert await prepare(preparation, make(limit)) == []
    with pytest.raises(LimitExceededError) as refused:
        preparation.read(SCHEMA, make(limit + 1))

    assert len(validations.threads) == 1
    assert (refused.value.limit, refused.value.value) == (limit, limit + 1)
    assert refused.value.extensions == {"code": code, "limit": limit, "value": limit + 1}
    for shown in (word, str(limit), str(limit + 1)):
        assert shown in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        doubling(25),
        "{ " + "me { id } " * 1_000 + "}",
        "{ " + "name " * 2_000 + "}",
        "{ me { " + "...A " * 300 + "} } fragment A on User { id name }",
        "{ a" * 5_000,
        "{" * 100_000,
        "{ name(a: " + "[" * 7_000,
        "query ($a: " + "[" * 7_000,
        "#\n" * 50_000,
        '{ name(a: """' + "x" * 100_000 + '""") }',
        "{ name } " + "fragment A on Query { name } " * 200,
    ],
    ids=lambda text: text[:30],
)
async def test_a_hostile_document_never_reaches_the_validation(text: str) -> None:
    validations = Validations()
    with pytest.raises(DocumentRefusedError):
        await prepare(DocumentPreparation(validations), text)

    assert validations.threads == []


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("query A { name } query B { name }", SeveralOperationsError),
        ("{ name } subscription { name }", SeveralOperationsError),
        ("fragment A on Query { name }", UnknownOperationError),
        ("type A { name: String }", UnknownOperationError),
        ("{ name", GraphQLSyntaxError),
        ('{ name(a: ") }', GraphQLSyntaxError),
        ("", GraphQLSyntaxError),
        ("\x00", GraphQLSyntaxError),
    ],
)
def test_what_is_not_one_operation_is_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        DocumentPreparation(Validations()).read(SCHEMA, text)


async def test_a_good_document_is_validated_once() -> None:
    validations = Validations()
    preparation = DocumentPreparation(validations)
    for _ in range(3):
        assert await prepare(preparation, "{ name }") == []

    assert len(validations.threads) == 1
    assert preparation.read(SCHEMA, "{ name }") is preparation.read(SCHEMA, "{ name }")


async def test_a_bad_document_is_not_kept() -> None:
    validations = Validations("no")
    preparation = DocumentPreparation(validations)
    for _ in range(2):
        assert [one.message for one in await prepare(preparation, "{ name }")] == ["no"]

    assert len(validations.threads) == 2


async def test_the_memory_has_a_bound_and_forgets_what_was_not_used_for_longest() -> None:
    validations = Validations()
    preparation = DocumentPreparation(validations, remembered_tokens=12)
    for text in ("{ a: name }", "{ b: name }", "{ a: name }", "{ c: name }", "{ a: name }"):
        await prepare(preparation, text)
    assert len(validations.threads) == 3

    await prepare(preparation, "{ b: name }")
    assert len(validations.threads) == 4


async def test_large_documents_are_validated_beside_the_event_loop() -> None:
    validations = Validations()
    preparation = DocumentPreparation(validations)
    await prepare(preparation, fields(60))
    await prepare(preparation, fields(61))

    assert validations.threads[0] == MINE
    assert validations.threads[1].startswith("document-validation")
