"""What is found out about the selections of a query once, and used whenever it comes again.

Dashboards send the same few documents over and over. Which fields are selected of which type, and
how they are read, follows from the document and from the variables that stand in its @skip and
@include. Both make the key, and nothing else about a request goes into what is kept.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, TypeAlias

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLObjectType,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetailsList,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from graphql_schema.execution.leaf_plan import Complete, NeedsFullExecutionError
from graphql_schema.execution.selection_plan import PLANNED_DIRECTIVES, SelectionCompiler

MOST_DOCUMENTS = 100
MOST_VARIANTS = 8
"""How much is kept: documents, and of each document operations under different conditions. One of
the largest operations that the limits let pass takes about 0.1 MB, a page of a dashboard 10 KB."""

Conditions: TypeAlias = tuple[tuple[str, Any], ...]
"""The variables that decide what is selected, with their values."""

Reads: TypeAlias = dict[str, Complete]
"""How to read the fields of an object that are plain, by their names in the response."""


class CompiledOperation:
    """The selections of one operation under the same conditions."""

    def __init__(self, executor: Executor[Any], conditions: Conditions) -> None:
        self.schema = executor.schema
        self.context_value: Any = None
        self.sub_fields: dict[
            tuple[GraphQLObjectType, int], tuple[FieldDetailsList, CollectedFields]
        ] = {}
        self._fragments = executor.fragments
        self._operation = executor.operation
        self._variables = _only(executor.variable_values, conditions)
        self._hide_suggestions = executor.hide_suggestions
        self._roots: CollectedFields | None = None
        self._reads: dict[int, tuple[GroupedFieldSet, Reads]] = {}
        self.compiler = SelectionCompiler(self)

    def root_fields(self, root_type: GraphQLObjectType) -> CollectedFields:
        """The fields of the operation itself."""
        if self._roots is None:
            self._roots = collect_fields(
                self.schema,
                self._fragments,
                self._variables,
                root_type,
                self._operation,
                self._hide_suggestions,
            )
        return self._roots

    def collect_subfields(
        self, return_type: GraphQLObjectType, field_details_list: FieldDetailsList
    ) -> CollectedFields:
        """What is selected of a type, remembered as graphql-core does, which looks here too."""
        key = (return_type, id(field_details_list))
        known = self.sub_fields.get(key)
        if known is not None:
            return known[1]
        collected = collect_subfields(
            self.schema,
            self._fragments,
            self._variables,
            self._operation,
            return_type,
            field_details_list,
            self._hide_suggestions,
        )
        self.sub_fields[key] = (field_details_list, collected)
        return collected

    def reads(self, object_type: GraphQLObjectType, fields: GroupedFieldSet) -> Reads:
        """How to read those of an object's fields that are plain."""
        known = self._reads.get(id(fields))
        if known is None:
            # The fields are kept beside, or another selection might get their identity.
            known = self._reads[id(fields)] = (fields, dict(self._plain(object_type, fields)))
        return known[1]

    def _plain(
        self, object_type: GraphQLObjectType, fields: GroupedFieldSet
    ) -> Iterator[tuple[str, Complete]]:
        for name, details in fields.items():
            try:
                yield name, self.compiler.read_field(object_type, details)
            except NeedsFullExecutionError:
                continue


class CompiledOperations:
    """The operations of one schema that were compiled last."""

    def __init__(self, documents: int = MOST_DOCUMENTS, variants: int = MOST_VARIANTS) -> None:
        self._most_documents = documents
        self._most_variants = variants
        self._known: OrderedDict[int, _CompiledDocument] = OrderedDict()

    def of(self, document: DocumentNode, executor: Executor[Any]) -> CompiledOperation:
        """The compiled form of the operation that the executor is about to execute.

        Documents are told apart by their identity: who prepares them gives the same for the same
        text, and comparing trees would cost more than it saves.
        """
        known = self._known.get(id(document))
        if known is None:
            known = self._known[id(document)] = _CompiledDocument(document)
            if len(self._known) > self._most_documents:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(id(document))
        return known.operation(executor, self._most_variants)

    def __len__(self) -> int:
        """How many operations are kept."""
        return sum(len(each.operations) for each in self._known.values())


class _CompiledDocument:
    def __init__(self, document: DocumentNode) -> None:
        self._document = document  # kept, or another one might get its identity
        self._deciding = sorted(_deciding_variables(document))
        self.operations: OrderedDict[tuple[int, Conditions], CompiledOperation] = OrderedDict()

    def operation(self, executor: Executor[Any], most: int) -> CompiledOperation:
        given = executor.variable_values.coerced
        conditions = tuple((name, given[name]) for name in self._deciding if name in given)
        key = (id(executor.operation), conditions)
        known = self.operations.get(key)
        if known is None:
            known = self.operations[key] = CompiledOperation(executor, conditions)
            if len(self.operations) > most:
                self.operations.popitem(last=False)
        else:
            self.operations.move_to_end(key)
        return known


def _deciding_variables(document: DocumentNode) -> set[str]:
    """The variables in @skip and @include."""
    finder = _ConditionFinder()
    visit(document, finder)
    return finder.names


class _ConditionFinder(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value in PLANNED_DIRECTIVES:
            values = (argument.value for argument in node.arguments or ())
            self.names.update(one.name.value for one in values if isinstance(one, VariableNode))


def _only(variables: VariableValues, conditions: Conditions) -> VariableValues:
    """The variables that decide what is selected, and nothing else of what a request brought."""
    names = [name for name, _ in conditions]
    sources = {name: variables.sources[name] for name in names if name in variables.sources}
    return VariableValues(sources, dict(conditions))
