"""What somebody sends who wants the server to stand still: documents, bodies and frames.

None is small talk: each stops some GraphQL server, or is the largest that ours lets pass. What a
document asks for need not exist; how long the server thinks before it says so is what counts.
"""

import json
from typing import Any

from graphql import get_introspection_query

JSON_BYTES = 1_400_000
"""Bodies are made so large: just under what the product accepts."""

FRAME_BYTES = 250_000
"""The same for one frame of a WebSocket."""


def doubling(chained: int) -> str:
    """Fragments that each spread the next one twice: 2^chained fields when written out."""
    links = [
        f"fragment F{number} on Query {{ ...F{number + 1} ...F{number + 1} }}"
        for number in range(chained)
    ]
    return "\n".join(["{ ...F0 }", *links, f"fragment F{chained} on Query {{ __typename }}"])


def conflicting(fields: int) -> str:
    """Equal fields with sub-selections, which the rule on overlaps compares in pairs."""
    return "{ " + "viewer { __typename } " * fields + "}"


LARGEST_PAGE = """
query { clients(first: 100) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node {
  __typename id slug name active revision createdAt updatedAt
  chatbots(first: 100) { totalCount edges { cursor node { __typename id active revision } } }
} } } }
"""

DOCUMENTS: dict[str, str] = {
    "introspection": get_introspection_query(),
    "fragments that double, 20": doubling(20),
    "fragments that double, 25": doubling(25),
    "300 equal objects": conflicting(300),
    "2,000 equal objects": conflicting(2_000),
    "100,000 brackets": "{" * 100_000,
    "7,000 nested fields": "{a" * 7_000 + "}" * 7_000,
    "5,000 aliases": "{ " + " ".join(f"a{n}: __typename" for n in range(5_000)) + " }",
    "10,000 directives": "{ __typename " + "@skip(if: false) " * 10_000 + "}",
    "5,000 unknown fields": "{ " + " ".join(f"field{n}" for n in range(5_000)) + " }",
    "60,000 comment lines": "#\n" * 60_000 + "{ __typename }",
    "1,000 operations": " ".join(f"query Q{n} {{ __typename }}" for n in range(1_000)),
    "the largest page": LARGEST_PAGE,
}
"""Under the name that the table has for it."""


def body(variables: Any) -> bytes:
    """A request that carries these variables."""
    document = "query ($a: [ID!]!) { nodes(ids: $a) { __typename } }"
    return json.dumps({"query": document, "variables": variables}).encode()


SIGN_IN = (
    "mutation ($a: String!)"
    ' { signIn(input: {email: "a@example.com", password: $a}) { __typename } }'
)
SCOPES = (
    "mutation ($a: [Scope!]!)"
    ' { createApiKey(input: {clientId: "", name: "a", scopes: $a}) { __typename } }'
)


def operation(document: str, value: Any) -> bytes:
    """A request with one variable."""
    return json.dumps({"query": document, "variables": {"a": value}}).encode()


BODIES: dict[str, bytes] = {
    "password of 60,000 accents": operation(SIGN_IN, "a" + "\u0315" * 30_000 + "\u0300" * 30_000),
    "list of 200,000 scopes": operation(SCOPES, ["ASK"] * 200_000),
    "list of 250,000 ids": body({"a": ["a"] * (JSON_BYTES // 5 - 40_000)}),
    "500,000 empty lists": body({"a": [[]] * (JSON_BYTES // 4 - 20_000)}),
    "100,000 nested lists": b'{"query":"{__typename}","variables":'
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}",
    "one number of 1 MB": b'{"query":"{__typename}","variables":{"a":' + b"9" * 1_000_000 + b"}}",
    "one text of 1 MB": body({"a": ["é" * 200_000]}),
    "10 MB": b" " * 10_000_000,
}
"""Bodies of requests, under the name that the table has for them."""


def frame(**message: Any) -> str:
    """One message of graphql-transport-ws."""
    return json.dumps(message)


def subscribe(number: int, document: str, **variables: Any) -> str:
    """The message that starts an operation."""
    payload = {"query": document, "variables": variables}
    return frame(type="subscribe", id=str(number), payload=payload)


FRAMES: dict[str, list[str]] = {
    "frame of nested lists": [frame(type="connection_init"), "[" * FRAME_BYTES],
    "frame with 80,000 keys": [
        frame(type="connection_init"),
        frame(type="ping", payload={f"{n:x}": 1 for n in range(FRAME_BYTES // 13)}),
    ],
    "subscribe with 60,000 ids": [
        frame(type="connection_init"),
        subscribe(1, "query ($a: [ID!]!) { nodes(ids: $a) { __typename } }", a=["a"] * 45_000),
    ],
    "50 subscribes at once": [
        frame(type="connection_init"),
        *(subscribe(n, get_introspection_query() + " " * n) for n in range(50)),
    ],
    "2,000 pings": [frame(type="connection_init"), *([frame(type="ping")] * 2_000)],
}
"""Frames sent on one socket without waiting, under the name that the table has for them."""
