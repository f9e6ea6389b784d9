"""The same subscription on graphql_schema/execution, with errors masked as in the product."""

from fastapi import FastAPI
from strawberry.extensions import MaskErrors
from strawberry.fastapi import GraphQLRouter

from benchmarks.answer_types import EVENT_TYPES, Query, Subscription
from graphql_schema.execution.schema import ParlanceSchema
from graphql_schema.execution.transport_ws import AnswerTransportView


class PlannedRouter(AnswerTransportView, GraphQLRouter[None, None]):
    """Strawberry's router with our transport."""


schema = ParlanceSchema(
    query=Query, subscription=Subscription, types=EVENT_TYPES, extensions=[MaskErrors]
)
app = FastAPI()
app.include_router(PlannedRouter(schema), prefix="/graphql")
