"""Parses, measures and validates documents, and remembers those that are in order.

Dashboards and widgets send the same few documents over and over, and everything here depends on the
text alone. What depends on the request (who asks, with which variables) is not decided here and so
cannot be skipped by a document that was seen before.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, parse

from graphql_schema.limits.allowances import PEOPLE, Allowance
from graphql_schema.limits.errors import SeveralOperationsError, UnknownOperationError
from graphql_schema.limits.measuring import Measure, measure_document
from graphql_schema.limits.scanning import check_length, count_tokens
from graphql_schema.limits.turns import Turns

Validate = Callable[[GraphQLSchema, DocumentNode], Sequence[GraphQLError]]

REMEMBERED_TOKENS = 100_000
"""Size of the memory, in tokens of documents: a few hundred of them, about 50 MB at worst."""

INLINE_FIELDS = 60
"""Documents with more fields are validated on a thread, so that the event loop goes on."""


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document within the limits of everybody, with one operation.

    Attributes:
        text: The document as sent.
        tokens: How many it has.
        tree: The parsed document.
        measure: How large it is.
        operation: Its one operation.
    """

    text: str
    tokens: int
    tree: DocumentNode
    measure: Measure
    operation: OperationDefinitionNode


class DocumentPreparation:
    """Prepares the documents of one schema.

    Args:
        validate: Finds what is wrong with a document whose size is bounded.
        allowance: The limits that hold whoever asks.
        remembered_tokens: Bound of the memory.

    Attributes:
        turns: Taken before an operation that keeps the event loop busy by itself.
    """

    def __init__(
        self,
        validate: Validate,
        allowance: Allowance = PEOPLE,
        remembered_tokens: int = REMEMBERED_TOKENS,
    ) -> None:
        self._validate = validate
        self._allowance = allowance
        self._room = remembered_tokens
        self._valid: OrderedDict[str, PreparedDocument] = OrderedDict()
        self.turns = Turns()
        # One thread: hostile documents wait for each other, and nobody waits for them.
        self._thread = ThreadPoolExecutor(1, "document-validation")

    def read(self, schema: GraphQLSchema, text: str) -> PreparedDocument:
        """Parse and measure a document, unless it is known to be in order.

        Raises:
            DocumentRefusedError: it is too large in some way, or has not exactly one operation.
            GraphQLSyntaxError: it is no document.
        """
        known = self._valid.get(text)
        if known is not None:
            self._valid.move_to_end(text)
            return known
        check_length(text, self._allowance)
        tokens = count_tokens(text, self._allowance)
        tree = parse(text)
        measure = measure_document(schema, tree)
        measure.check(self._allowance)
        return PreparedDocument(text, tokens, tree, measure, _only_operation(tree))

    async def problems(
        self, schema: GraphQLSchema, document: PreparedDocument
    ) -> list[GraphQLError]:
        """What is wrong with a document that was read; an empty list for a good one."""
        if self._valid.get(document.text) is document:
            return []
        if document.measure.fields <= INLINE_FIELDS:
            found = self._validate(schema, document.tree)
        else:
            loop = asyncio.get_running_loop()
            found = await loop.run_in_executor(self._thread, self._validate, schema, document.tree)
        if not found:
            self._remember(document)
        return list(found)

    def _remember(self, document: PreparedDocument) -> None:
        replaced = self._valid.pop(document.text, None)
        self._room += replaced.tokens if replaced else 0
        self._valid[document.text] = document
        self._room -= document.tokens
        while self._room < 0:
            _, oldest = self._valid.popitem(last=False)
            self._room += oldest.tokens


def _only_operation(tree: DocumentNode) -> OperationDefinitionNode:
    operations = [each for each in tree.definitions if isinstance(each, OperationDefinitionNode)]
    if len(operations) > 1:
        raise SeveralOperationsError(len(operations))
    if not operations:
        raise UnknownOperationError(None)
    return operations[0]
