"""The limits of the public schema: whose they are, and what validates its documents."""

from graphql import DocumentNode, GraphQLError, GraphQLSchema, specified_rules
from strawberry.schema.schema import validate_document

from graphql_schema.context import RequestContext
from graphql_schema.limits.documents import DocumentPreparation
from graphql_schema.limits.extension import OperationLimits
from graphql_schema.viewers import VisitorViewer


async def is_person(context: RequestContext) -> bool:
    """Whether a signed-in user or a server asks: not nobody, and no visitor.

    Raises:
        AuthorizationError: the caller's token is not good.
    """
    viewer = await context.viewer()
    return viewer is not None and not isinstance(viewer, VisitorViewer)


def validate(schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
    """What is wrong with a document, by all of graphql-core's and Strawberry's rules."""
    return validate_document(schema, document, specified_rules)


_PREPARATION = DocumentPreparation(validate)


def operation_limits() -> OperationLimits:
    """The extension for one operation; documents are prepared for all of them together."""
    return OperationLimits(_PREPARATION, is_person)
