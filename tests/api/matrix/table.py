"""All rows of the matrix. The rows of a domain stand in the file of its name in rows/."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tests.api.matrix.row import Row
from tests.api.matrix.rows import (
    answers,
    api_keys,
    audit,
    chatbots,
    clients,
    conversations,
    hooks,
    integrations,
    knowledge,
    live,
    llm_configs,
    nodes,
    people,
    privacy,
    publishing,
    usage,
    visits,
)

DOMAINS = (
    people,
    api_keys,
    audit,
    clients,
    chatbots,
    llm_configs,
    visits,
    conversations,
    answers,
    live,
    knowledge,
    hooks,
    integrations,
    privacy,
    publishing,
    usage,
    nodes,
)
ROWS: Sequence[Row] = [row for domain in DOMAINS for row in domain.ROWS]


def rows_by_operation() -> Mapping[str, list[Row]]:
    """The rows of each operation."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in ROWS:
        found[row.operation].append(row)
    return found
