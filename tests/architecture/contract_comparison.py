"""Compares a schema with the contract: what the contract pins must exist with the same type.

Adding to the contract is free, so only one direction is checked, with one exception: an argument
or input field that the contract does not have must be optional, or calls written for it fail.

Differences are keyed by schema coordinates: `Chatbot`, `Chatbot.draft`, `Query.chatbots(first:)`,
`Role.OWNER`, and `AskResult|NotFoundError` for a member of a union.
"""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    NullValueNode,
    get_named_type,
    is_required_argument,
    is_required_input_field,
    print_ast,
)

TypedThing: TypeAlias = GraphQLField | GraphQLArgument | GraphQLInputField

#: Interfaces whose implementations are each named by the fields and unions that return them.
LED_TO_BY_NAME = ("Node", "UserError")


@dataclass(frozen=True)
class Difference:
    """One pinned thing that is missing, or is there with another meaning."""

    coordinate: str
    problem: str
    missing: bool = False

    def __str__(self) -> str:
        return f"{self.coordinate}: {self.problem}"


def compare(contract: GraphQLSchema, built: GraphQLSchema) -> list[Difference]:
    """Returns every way in which the built schema falls short of the contract."""
    found: list[Difference] = []
    for name, pinned in contract.type_map.items():
        if name.startswith("__"):
            continue
        ours = built.type_map.get(name)
        if ours is None:
            found.append(Difference(name, "is missing", missing=True))
        elif type(ours) is not type(pinned):
            found.append(Difference(name, f"is a {_kind(ours)}, pinned as a {_kind(pinned)}"))
        else:
            found.extend(_compare_type(pinned, ours))
    return found


def _kind(type_: GraphQLNamedType) -> str:
    return type(type_).__name__.removeprefix("GraphQL").removesuffix("Type")


def _compare_type(pinned: GraphQLNamedType, ours: GraphQLNamedType) -> Iterator[Difference]:
    match pinned, ours:
        case GraphQLEnumType(), GraphQLEnumType():
            for value in pinned.values.keys() - ours.values.keys():
                yield Difference(f"{pinned.name}.{value}", "is missing", missing=True)
        case GraphQLUnionType(), GraphQLUnionType():
            yield from _compare_members(pinned, ours)
        case GraphQLInputObjectType(), GraphQLInputObjectType():
            yield from _compare_inputs(pinned, ours)
        case (
            (GraphQLObjectType() | GraphQLInterfaceType()),
            (GraphQLObjectType() | GraphQLInterfaceType()),
        ):
            yield from _compare_interfaces(pinned, ours)
            yield from _compare_fields(pinned, ours)


def _compare_members(pinned: GraphQLUnionType, ours: GraphQLUnionType) -> Iterator[Difference]:
    present = {member.name for member in ours.types}
    for member in pinned.types:
        if member.name not in present:
            yield Difference(f"{pinned.name}|{member.name}", "is missing", missing=True)


def _compare_interfaces(
    pinned: GraphQLObjectType | GraphQLInterfaceType, ours: GraphQLObjectType | GraphQLInterfaceType
) -> Iterator[Difference]:
    present = {interface.name for interface in ours.interfaces}
    for interface in pinned.interfaces:
        if interface.name not in present:
            yield Difference(pinned.name, f"does not implement {interface.name}")


def _compare_fields(
    pinned: GraphQLObjectType | GraphQLInterfaceType, ours: GraphQLObjectType | GraphQLInterfaceType
) -> Iterator[Difference]:
    for name, field in pinned.fields.items():
        coordinate = f"{pinned.name}.{name}"
        if name not in ours.fields:
            yield Difference(coordinate, "is missing", missing=True)
        else:
            yield from _compare_typed(coordinate, field, ours.fields[name])
            yield from _compare_arguments(coordinate, field, ours.fields[name])


def _compare_arguments(
    coordinate: str, pinned: GraphQLField, ours: GraphQLField
) -> Iterator[Difference]:
    extra = {name: arg for name, arg in ours.args.items() if name not in pinned.args}
    for name, argument in extra.items():
        if is_required_argument(argument):
            yield Difference(f"{coordinate}({name}:)", "is required and not in the contract")
    yield from _compare_defaults(pinned.args, ours.args, lambda name: f"{coordinate}({name}:)")


def _compare_inputs(
    pinned: GraphQLInputObjectType, ours: GraphQLInputObjectType
) -> Iterator[Difference]:
    if pinned.is_one_of != ours.is_one_of:
        yield Difference(pinned.name, f"@oneOf is {ours.is_one_of}, pinned as {pinned.is_one_of}")
    for name in ours.fields.keys() - pinned.fields.keys():
        if is_required_input_field(ours.fields[name]):
            yield Difference(f"{pinned.name}.{name}", "is required and not in the contract")
    yield from _compare_defaults(pinned.fields, ours.fields, lambda name: f"{pinned.name}.{name}")


def _compare_defaults(
    pinned: Mapping[str, GraphQLArgument | GraphQLInputField],
    ours: Mapping[str, GraphQLArgument | GraphQLInputField],
    coordinate_of: Callable[[str], str],
) -> Iterator[Difference]:
    for name, value in pinned.items():
        coordinate = coordinate_of(name)
        if name not in ours:
            yield Difference(coordinate, "is missing", missing=True)
            continue
        yield from _compare_typed(coordinate, value, ours[name])
        if _default(value) != _default(ours[name]):
            problem = f"defaults to {_default(ours[name])}, pinned as {_default(value)}"
            yield Difference(coordinate, problem)


def _default(value: GraphQLArgument | GraphQLInputField) -> str | None:
    # Both schemas are built from text, so a default is always still the literal of that text. For
    # the caller of a nullable argument, a default of null is no default.
    literal = None if value.default is None else value.default.literal
    if literal is None or isinstance(literal, NullValueNode):
        return None
    return print_ast(literal)


def _compare_typed(coordinate: str, pinned: TypedThing, ours: TypedThing) -> Iterator[Difference]:
    if str(pinned.type) != str(ours.type):
        yield Difference(coordinate, f"has type {ours.type}, pinned as {pinned.type}")


def reachable_types(contract: GraphQLSchema, without: AbstractSet[str]) -> frozenset[str]:
    """Returns the types that the contract still needs when some coordinates are left out.

    A type that only left-out fields lead to is not needed yet, so nobody has to list it as well.

    Args:
        contract: The pinned schema.
        without: Coordinates that are not followed: `Query.reports`, `AskResult|NotFoundError`.
    """
    found: set[str] = set()
    roots = (contract.query_type, contract.mutation_type, contract.subscription_type)
    waiting: list[GraphQLNamedType] = [root for root in roots if root is not None]
    while waiting:
        type_ = waiting.pop()
        if type_.name not in found:
            found.add(type_.name)
            waiting.extend(_leads_to(contract, type_, without))
    return frozenset(found)


def _leads_to(
    contract: GraphQLSchema, type_: GraphQLNamedType, without: AbstractSet[str]
) -> Iterator[GraphQLNamedType]:
    match type_:
        case GraphQLUnionType():
            yield from (m for m in type_.types if f"{type_.name}|{m.name}" not in without)
        case GraphQLInputObjectType():
            for name, value in type_.fields.items():
                if f"{type_.name}.{name}" not in without:
                    yield get_named_type(value.type)
        case GraphQLObjectType() | GraphQLInterfaceType():
            yield from type_.interfaces
            if isinstance(type_, GraphQLInterfaceType) and type_.name not in LED_TO_BY_NAME:
                yield from contract.get_implementations(type_).objects
            for name, field in type_.fields.items():
                if f"{type_.name}.{name}" not in without:
                    yield from _field_leads_to(f"{type_.name}.{name}", field, without)


def _field_leads_to(
    coordinate: str, field: GraphQLField, without: AbstractSet[str]
) -> Iterator[GraphQLNamedType]:
    yield get_named_type(field.type)
    for name, argument in field.args.items():
        if f"{coordinate}({name}:)" not in without:
            yield get_named_type(argument.type)
