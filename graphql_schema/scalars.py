"""Scalars of the public schema beside GraphQL's own."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
MAX_SAFE_INTEGER = 2**53 - 1


def _datetime_out(value: datetime) -> str:
    text = value.isoformat(timespec="milliseconds")
    if not text.endswith("+00:00"):  # what is stored is in UTC
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        text = aware.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def _datetime_in(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise GraphQLError("A DateTime looks like 2026-01-31T12:00:00Z.") from error
    if moment.tzinfo is None:
        raise GraphQLError("A DateTime needs a time zone, such as the Z in 2026-01-31T12:00:00Z.")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise GraphQLError("A DateTime must be in the years 1 to 9999 in UTC.") from error


def _date_in(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise GraphQLError("A Date looks like 2026-01-31.") from error


def _decimal_out(value: Decimal) -> str:
    return f"{value:f}"


def _decimal_in(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise GraphQLError('A Decimal looks like "0.0015".') from error
    if not number.is_finite():
        raise GraphQLError("A Decimal must be finite.")
    return number


def _big_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_SAFE_INTEGER:
        raise GraphQLError("A BigInt is an integer between -(2^53-1) and 2^53-1.")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment: RFC 3339 in UTC, ends in Z.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=_datetime_out,
        parse_value=_datetime_in,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day, YYYY-MM-DD, in the client's time zone.",
        serialize=date.isoformat,
        parse_value=_date_in,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="An exact decimal number as a string.",
        serialize=_decimal_out,
        parse_value=_decimal_in,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="An integer up to 2^53-1; GraphQL's Int has 32 bits only.",
        serialize=_big_int,
        parse_value=_big_int,
    ),
}
