"""A list of chatbots reads what is selected, and shows the same as if it read everything."""

from collections.abc import Iterator
from typing import Any

import pytest
from strawberry.types.base import get_object_definition

from documents.chatbots import Chatbot as ChatbotDocument
from documents.chatbots import ChatbotSettings as SettingsDocument
from graphql_schema.chatbots.settings import ChatbotSettings
from graphql_schema.chatbots.types import Chatbot
from graphql_schema.execution.made import MadeOfDocument
from graphql_schema.node import global_id
from graphql_schema.schema import schema
from tests.unit.operations.conftest import Commands, MakeContext
from tests.unit.operations.furnishing import Furnished, furnish

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.usefixtures("counted"),
]

PLAIN = """
  id embedKey active createdAt updatedAt revision
  draft { name primaryColor position languages defaultLanguage logoUrl texts { placeholder } }
"""
SELECTIONS: list[tuple[str, set[str]]] = [
    ("id", set()),
    ("__typename draft { __typename }", {"draft"}),
    ("embedKey draft { name }", {"embed_key", "draft.name"}),
    (
        "key: embedKey draft { name } again: draft { autoOpen }",
        {"embed_key", "draft.name", "draft.auto_open"},
    ),
    ("...part", {"revision", "draft.languages"}),
    ("... on Node { id } ... @skip(if: true) { active }", {"active"}),
    ("draft { logoUrl defaultLlm { name } }", {"draft.logo_url", "draft.default_llm_id"}),
    ("draft { name } hasUnpublishedChanges", {"draft", "published"}),
    ("client { name } published { number } versions { totalCount }", {"published_version_id"}),
]
FRAGMENTS = """
  fragment part on Chatbot { revision ...inner }
  fragment inner on Chatbot { draft { languages } }
"""


async def listed(context_of: MakeContext, made: Furnished, selection: str) -> Any:
    nodes = f"edges {{ cursor node {{ {selection} }} }}"
    document = f"query ($client: ID!) {{ chatbots(clientId: $client) {{ {nodes} }} }}"
    document += FRAGMENTS if "...part" in selection else ""
    variables = {"client": global_id("Client", made.client.id)}
    result = await schema.execute(document, variables, context_of())
    assert result.errors is None
    return result.data


@pytest.mark.parametrize(("selection", "fields"), SELECTIONS)
async def test_only_what_is_selected_is_asked_for(
    context_of: MakeContext, commands: Commands, selection: str, fields: set[str]
) -> None:
    made = await furnish(2)
    for _ in range(2):  # found out, and remembered
        await listed(context_of, made, selection)
        assert commands.fields["chatbots"] == fields | {"_id", "client_id"}


@pytest.mark.parametrize("selection", [PLAIN, *(selection for selection, _ in SELECTIONS)])
async def test_parts_show_what_whole_documents_show(
    context_of: MakeContext,
    commands: Commands,
    monkeypatch: pytest.MonkeyPatch,
    selection: str,
) -> None:
    made = await furnish(3)
    of_parts = await listed(context_of, made, selection)

    monkeypatch.setattr("graphql_schema.chatbots.queries.fields_of_nodes", lambda *_: None)
    assert await listed(context_of, made, selection) == of_parts
    assert commands.fields["chatbots"] == set(), "whole documents were read"


async def test_what_an_older_version_did_not_store_has_its_default(
    context_of: MakeContext,
) -> None:
    made = await furnish(1)
    missing = {"revision": "", "active": "", "draft.languages": "", "draft.logo_url": ""}
    await made.scope.of(ChatbotDocument).raw.update_many(
        {"client_id": made.slug}, {"$unset": missing}
    )

    data = await listed(context_of, made, "revision active draft { name languages logoUrl }")

    (edge,) = data["chatbots"]["edges"]
    assert edge["node"] == {
        "revision": 1,
        "active": True,
        "draft": {"name": "Chatbot 0", "languages": ["EN"], "logoUrl": None},
    }


async def test_a_part_has_what_was_asked_for_and_nothing_else(context_of: MakeContext) -> None:
    context_of()
    made = await furnish(1)
    chatbots = made.scope.of(ChatbotDocument)

    part = await chatbots.part(made.chatbots[0].id, frozenset({"draft.texts", "active"}))

    assert part is not None
    assert (part.id, part.client_id, part.active) == (made.chatbots[0].id, made.slug, True)
    assert part.draft.texts == []
    with pytest.raises(AttributeError):
        _ = part.revision
    with pytest.raises(AttributeError):
        _ = part.draft.name


async def test_a_part_of_another_client_is_not_found(context_of: MakeContext) -> None:
    context_of()
    made, other = await furnish(1), await furnish(1)
    assert await other.scope.of(ChatbotDocument).part(made.chatbots[0].id, frozenset()) is None


def fields_of(shown: type[MadeOfDocument]) -> Iterator[str]:
    yield from (one.python_name for one in get_object_definition(shown, strict=True).fields)


@pytest.mark.parametrize(
    ("shown", "document"), [(Chatbot, ChatbotDocument), (ChatbotSettings, SettingsDocument)]
)
async def test_every_field_says_what_it_needs(
    shown: type[MadeOfDocument], document: type[Any]
) -> None:
    assert set(fields_of(shown)) == set(shown.made)
    for made in shown.made.values():
        assert set(made.stored) <= set(document.model_fields)
