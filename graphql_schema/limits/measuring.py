"""Measures a parsed document in one walk, each fragment once.

A fragment is measured where it is defined and the measure is added where it is spread: 25 fragments
that spread each other twice are 33 million fields, but 25 steps here. Nothing is known to be valid
yet: unknown fields, types and fragments count as far as they can be seen and are named later by the
validation, which for its part needs documents of bounded size.
"""

from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
)

from graphql_schema.limits.allowances import Allowance
from graphql_schema.limits.errors import LimitCode, LimitExceededError
from graphql_schema.limits.rows import Rows, has_objects, size_of

INTROSPECTION_FIELDS = frozenset({"__schema", "__type"})
WAIT_ARGUMENT = "waitMs"
"""The argument of fields that answer late on purpose: long polls."""

WAITING_FIELDS = frozenset(
    {
        "testLlmConfig",
        "createIntegration",
        "updateIntegration",
        "testIntegration",
        "deleteIntegration",
        "deleteClient",
        "deleteChatbot",
    }
)
"""Fields that wait for somebody else's service, or until all of something is deleted."""


@dataclass(slots=True)
class Measure:
    """How large a selection is. Fields have the meaning that they have in `Allowance`.

    Attributes:
        introspects: Whether it asks for the schema.
        waits: Whether it has a long poll in it, or waits for somebody else's service.
        rows: The objects that it asks for, to be counted with the variables.
    """

    depth: int = 0
    introspection_depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    introspects: bool = False
    waits: bool = False
    rows: Rows = field(default_factory=lambda: Rows(own=0))

    def add(self, other: "Measure") -> None:
        """Put another selection beside this one."""
        self.depth = max(self.depth, other.depth)
        self.introspection_depth = max(self.introspection_depth, other.introspection_depth)
        self.aliases += other.aliases
        self.directives += other.directives
        self.fields += other.fields
        self.introspects |= other.introspects
        self.waits |= other.waits
        if other.rows.own or other.rows.inner:
            self.rows.inner.append(other.rows)

    def check(self, allowance: Allowance) -> None:
        """Refuse what is too large whatever the variables are.

        Raises:
            LimitExceededError: TOO_DEEP or TOO_COMPLEX.
        """
        for code, name, sentence in _SENTENCES:
            value, limit = getattr(self, name), getattr(allowance, name)
            if value > limit:
                raise LimitExceededError(code, sentence, limit=limit, value=value)


_SENTENCES: tuple[tuple[LimitCode, str, str], ...] = (
    (
        "TOO_COMPLEX",
        "fields",
        "The operation selects {value} fields, fragments included; at most {limit} are allowed.",
    ),
    (
        "TOO_DEEP",
        "depth",
        "The operation is {value} fields deep; at most {limit} are allowed.",
    ),
    (
        "TOO_DEEP",
        "introspection_depth",
        "The introspection is {value} fields deep; at most {limit} are allowed.",
    ),
    (
        "TOO_COMPLEX",
        "aliases",
        "The operation uses {value} aliases, fragments included; at most {limit} are allowed.",
    ),
    (
        "TOO_COMPLEX",
        "directives",
        "The operation uses {value} directives, fragments included; at most {limit} are allowed.",
    ),
)


def measure_document(schema: GraphQLSchema, document: DocumentNode) -> Measure:
    """Measure all operations of the document together, and the fragments that none of them uses.

    (Validation walks through unused fragments too, before it refuses them.)
    """
    return _Measuring(schema, document).whole()


class _Measuring:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._definitions = document.definitions
        self._fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        self._measured: dict[str, Measure] = {}

    def whole(self) -> Measure:
        whole = Measure()
        for each in self._definitions:
            if isinstance(each, OperationDefinitionNode):
                whole.add(self._operation(each))
        for each in self._definitions:
            # By the node and not by the name: of two fragments with one name both are here.
            if isinstance(each, FragmentDefinitionNode) and not self._is_used(each):
                whole.add(self._fragment(each))
        return whole

    def _is_used(self, node: FragmentDefinitionNode) -> bool:
        name = node.name.value
        return name in self._measured and self._fragments[name] is node

    def _operation(self, node: OperationDefinitionNode) -> Measure:
        measure = self._selection_set(
            node.selection_set, self._schema.get_root_type(node.operation)
        )
        measure.directives += len(node.directives or ())
        for variable in node.variable_definitions or ():
            measure.directives += len(variable.directives or ())
        return measure

    def _fragment(self, node: FragmentDefinitionNode) -> Measure:
        # A fragment that comes back to itself finds this empty measure and ends here; validation
        # refuses such a document.
        self._measured[node.name.value] = Measure()
        measure = self._selection_set(node.selection_set, self._named(node.type_condition))
        measure.directives += len(node.directives or ())
        self._measured[node.name.value] = measure
        return measure

    def _selection_set(
        self, node: SelectionSetNode | None, parent: GraphQLNamedType | None
    ) -> Measure:
        measure = Measure()
        for selection in node.selections if node else ():
            measure.add(self._selection(selection, parent))
            measure.directives += len(selection.directives or ())
        return measure

    def _selection(self, node: SelectionNode, parent: GraphQLNamedType | None) -> Measure:
        match node:
            case FieldNode():
                return self._field(node, parent)
            case InlineFragmentNode():
                inside = self._named(node.type_condition) if node.type_condition else parent
                return self._selection_set(node.selection_set, inside)
            case FragmentSpreadNode():
                return self._spread(node.name.value)
        return Measure()

    def _spread(self, name: str) -> Measure:
        if name not in self._measured and name in self._fragments:
            self._fragment(self._fragments[name])
        return self._measured.get(name, Measure())

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Measure:
        definition = None
        if parent is not None and is_composite_type(parent):
            definition = self._schema.get_field(parent, node.name.value)
        type_ = get_named_type(definition.type) if definition else None
        measure = self._selection_set(node.selection_set, type_)
        measure.fields += 1
        measure.aliases += node.alias is not None
        if node.name.value in INTROSPECTION_FIELDS:
            return _as_introspection(measure)
        measure.depth += 1
        if definition is not None:
            measure.waits |= WAIT_ARGUMENT in definition.args or node.name.value in WAITING_FIELDS
        if has_objects(type_):
            measure.rows.size, measure.rows.own = size_of(node, definition, parent)
        return measure

    def _named(self, node: NamedTypeNode) -> GraphQLNamedType | None:
        return self._schema.get_type(node.name.value)


def _as_introspection(measure: Measure) -> Measure:
    return Measure(
        introspection_depth=measure.depth + 1,
        aliases=measure.aliases,
        directives=measure.directives,
        fields=measure.fields,
        introspects=True,
    )
