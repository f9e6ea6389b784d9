"""Amounts of money."""

import strawberry

from graphql_schema.scalars import BigInt

PLATFORM_CURRENCY = "USD"
"""In which the prices of LLM configs are given where a client's budget names no other."""


@strawberry.type(description="An amount of money.")
class Money:
    """Millionths of a currency's unit."""

    micros: BigInt = strawberry.field(description="Millionths of the currency's unit.")
    currency: str = strawberry.field(description="ISO 4217 code, such as EUR.")


@strawberry.input(description="An amount of money.")
class MoneyInput:
    """Millionths of a currency's unit."""

    micros: BigInt = strawberry.field(description="Millionths of the currency's unit.")
    currency: str = strawberry.field(description="ISO 4217 code, such as EUR.")
