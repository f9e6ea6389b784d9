"""A schema with pages, lists and single objects, whose look-ups are counted."""

from typing import Any

from graphql import GraphQLSchema, build_schema

SDL = """
type Query {
  name: String
  me: User
  users(first: Int! = 20, after: String): UserConnection!
  newest(first: Int, last: Int): UserConnection!
  listed: [User!]!
  byId(ids: [ID!]!): [User]!
  events(waitMs: Int! = 0): [User!]!
}
type Mutation { testLlmConfig: String, createIntegration: String, updateIntegration: String,
  testIntegration: String, deleteIntegration: String }
type UserConnection { edges: [UserEdge!]!, pageInfo: PageInfo!, totalCount: Int! }
type UserEdge { cursor: String!, node: User! }
type PageInfo { hasNextPage: Boolean! }
type User {
  id: ID!
  name(upper: Boolean): String
  friend: User
  friends(first: Int! = 20): UserConnection!
}
"""


class CountingSchema(GraphQLSchema):
    """Counts how often a field is looked up: once for each field that a walk comes by."""

    looked_up = 0

    def get_field(self, *arguments: Any) -> Any:
        """Look a field up."""
        self.looked_up += 1
        return super().get_field(*arguments)


def toy_schema() -> CountingSchema:
    """A new schema, its counter at 0."""
    return CountingSchema(**build_schema(SDL).to_kwargs())
