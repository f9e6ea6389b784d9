"""`parlance` whose queries and mutations are executed by graphql-core alone, without plans.

The server that the compiled one is compared with; no setting of the product leads here.
"""

from api.cli import main
from graphql_schema.schema import schema

schema.plans = None
main()
