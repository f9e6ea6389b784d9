"""Baseline: the same subscription as Strawberry and FastAPI run it by default, nothing added."""

import strawberry
from fastapi import FastAPI
from strawberry.fastapi import GraphQLRouter

from benchmarks.answer_types import EVENT_TYPES, Query, Subscription

schema = strawberry.Schema(query=Query, subscription=Subscription, types=EVENT_TYPES)
app = FastAPI()
app.include_router(GraphQLRouter(schema), prefix="/graphql")
