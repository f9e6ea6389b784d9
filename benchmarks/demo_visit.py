"""Becomes a visitor of the demo chatbot, as a page with the widget does."""

import httpx

START_VISIT = """
mutation ($embedKey: String!) { startVisit(input: {embedKey: $embedKey}) {
  __typename ... on StartVisitSuccess { widgetToken } ... on UserError { code message }
} }
"""


class NoVisitError(Exception):
    """The chatbot does not let us in."""


def start_visit(origin: str, embed_key: str = "demo") -> str:
    """Start a visit from the application's own origin and return its widget token.

    Raises:
        NoVisitError: it was refused.
    """
    headers = {"Origin": origin}
    body = {"query": START_VISIT, "variables": {"embedKey": embed_key}}
    response = httpx.post(f"{origin}/graphql", json=body, headers=headers)
    result = (response.json().get("data") or {}).get("startVisit") or {}
    if result.get("__typename") != "StartVisitSuccess":
        raise NoVisitError(f"startVisit gave {response.text}")
    return str(result["widgetToken"])
