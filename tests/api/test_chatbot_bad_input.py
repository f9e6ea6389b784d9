"""Every field of a chatbot's inputs refuses what is wrong, with its path and what would be right.

The fields are read from the schema: one without a bad example here fails the first test.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import pytest_asyncio
from graphql import GraphQLInputObjectType, build_schema

from graphql_schema.schema import schema
from tests.api.operations import Json, MakeClient, done, mutate, new_chatbot
from tests.graphql_clients import GraphQLClient

INPUTS = ("ChatbotSettingsInput", "ChatbotTextsInput", "CreateChatbotInput", "PublishChatbotInput")
IDS_AND_NUMBERS = {
    "CreateChatbotInput.clientId",
    "CreateChatbotInput.settings",
    "PublishChatbotInput.id",
    "PublishChatbotInput.revision",
}
"""What names a thing or a state: refused as unknown or stale, see test_chatbots.py."""

LONG_URL = "https://example.com/" + "x" * 2048
BAD: dict[str, list[tuple[Any, str, str]]] = {
    "ChatbotSettingsInput.name": [
        ("", "", "between 1 and 100"),
        ("x" * 101, "", "between 1 and 100"),
        ("two\nlines", "", "one line"),
        ("a\x00b", "", "control"),
    ],
    "ChatbotSettingsInput.primaryColor": [("red", "", "#1f4fd8"), ("#12345", "", "#1f4fd8")],
    "ChatbotSettingsInput.secondaryColor": [("#ggg", "", "#1f4fd8"), ("", "", "#1f4fd8")],
    "ChatbotSettingsInput.logoUrl": [
        ("logo.png", "", "POST /uploads"),
        ("javascript:alert(1)", "", "POST /uploads"),
        ("https://user:pass@example.com/logo.png", "", "POST /uploads"),
        (LONG_URL, "", "POST /uploads"),
    ],
    "ChatbotSettingsInput.bubbleIconUrl": [
        ("data:image/png;base64,AAAA", "", "POST /uploads"),
        (LONG_URL, "", "POST /uploads"),
    ],
    "ChatbotSettingsInput.logoUploadId": [("nonsense", "", "upload it again")],
    "ChatbotSettingsInput.bubbleIconUploadId": [("nonsense", "", "upload it again")],
    "ChatbotSettingsInput.autoOpenDelayMs": [
        (-1, "", "between 0 and 600000"),
        (600_001, "", "between 0 and 600000"),
    ],
    "ChatbotSettingsInput.languages": [([], "", "at least one")],
    "ChatbotSettingsInput.defaultLanguage": [("JA", "", "one of the languages")],
    "ChatbotSettingsInput.texts": [
        ([{"language": "EN"}] * 2, "", "each language once"),
        ([{"language": "EN"}] * 17, "", "at most 16"),
    ],
    "ChatbotSettingsInput.allowedOrigins": [
        (["https://example.com/path"], "0", "https://shop.example.com"),
        (["*", "example.com"], "1", "https://shop.example.com"),
        (["https://" + "ä" * 200_000], "0", "https://shop.example.com"),
        (["https://a.example"] * 51, "", "at most 50"),
    ],
    "ChatbotSettingsInput.allowedImageHosts": [
        (["a.example", "https://a.example"], "1", "shop.example.com"),
        (["ä" * 200_000], "0", "shop.example.com"),
        (["a.example"] * 51, "", "at most 50"),
    ],
    "ChatbotSettingsInput.contactEmail": [
        ("nobody", "", "anna@example.com"),
        ("x" * 250 + "@example.com", "", "anna@example.com"),
    ],
    "ChatbotSettingsInput.contactUrl": [
        ("example.com", "", "https://"),
        ("mailto:a@b.example", "", "https://"),
    ],
    "ChatbotSettingsInput.customInstructions": [
        ("x" * 8001, "", "between 0 and 8000"),
    ],
    "ChatbotSettingsInput.defaultLlmId": [("nonsense", "", "may use")],
    "ChatbotSettingsInput.fallbackLlmId": [("nonsense", "", "may use")],
    "ChatbotTextsInput.welcomeMessage": [
        ("x" * 2001, "", "between 1 and 2000"),
    ],
    "ChatbotTextsInput.starterQuestions": [
        (["One?", " "], "1", "between 1 and 200"),
        (["x" * 201], "0", "between 1 and 200"),
        (["two\nlines"], "0", "one line"),
        (["One?"] * 7, "", "at most 6"),
    ],
    "ChatbotTextsInput.placeholder": [("x" * 201, "", "between 1 and 200")],
    "ChatbotTextsInput.consentText": [("x" * 4001, "", "between 1 and 4000")],
    "ChatbotTextsInput.contactText": [("x" * 1001, "", "between 1 and 1000")],
    "CreateChatbotInput.name": [
        ("", "", "between 1 and 100"),
        ("x" * 101, "", "between 1 and 100"),
        ("two\nlines", "", "one line"),
    ],
    "PublishChatbotInput.note": [
        ("x" * 501, "", "between 1 and 500"),
        ("a\x00b", "", "control"),
    ],
}
"""By field: wrong values, where inside of the field the problem is, and what the message says."""

BY_TYPE: dict[str, tuple[Any, str]] = {
    "Boolean": ("yes", "Boolean"),
    "ColorScheme": ("PINK", "ColorScheme"),
    "WidgetPosition": ("MIDDLE", "WidgetPosition"),
    "KnowledgeMode": ("WILD", "KnowledgeMode"),
    "Language": ("XX", "Language"),
}
"""Closed sets: GraphQL itself refuses what is not in them."""

ISSUES = "... on InvalidInputError { issues { path message } }"


def fields() -> Iterator[tuple[str, str]]:
    """Each field of the inputs as Type.field, with the name of its type."""
    types = build_schema(schema.as_str()).type_map
    for name in INPUTS:
        kind = types[name]
        assert isinstance(kind, GraphQLInputObjectType)
        for field, definition in kind.fields.items():
            yield f"{name}.{field}", str(definition.type).strip("![]")


FIELDS = dict(fields())
CLOSED = sorted(field for field, kind in FIELDS.items() if kind in BY_TYPE)


def test_every_field_has_a_bad_example() -> None:
    assert FIELDS.keys() - BAD.keys() - set(CLOSED) - IDS_AND_NUMBERS == set()
    assert BAD.keys() <= FIELDS.keys()


@pytest_asyncio.fixture
async def client_id(make_client: MakeClient) -> str:
    return await make_client()


def given_for(
    coordinate: str, value: Any, client_id: str, chatbot_id: str
) -> tuple[str, Json, list[str]]:
    """The mutation with its input, and the path of the field in it."""
    kind, _, field = coordinate.partition(".")
    match kind:
        case "ChatbotSettingsInput":
            path = ["input", "settings", field]
            return "updateChatbot", {"id": chatbot_id, "settings": {field: value}}, path
        case "ChatbotTextsInput":
            texts = {"language": "EN"} | {field: value}
            path = ["input", "settings", "texts", "0", field]
            given = {"id": chatbot_id, "settings": {"texts": [texts]}}
            return "updateChatbot", given, path
        case "CreateChatbotInput":
            given = {"clientId": client_id, "name": "Helper"} | {field: value}
            return "createChatbot", given, ["input", field]
        case _:
            return "publishChatbot", {"id": chatbot_id, field: value}, ["input", field]


@pytest.mark.parametrize("coordinate", sorted(BAD))
async def test_what_is_wrong_is_told_with_its_path_and_what_would_be_right(
    admin: GraphQLClient, client_id: str, coordinate: str
) -> None:
    chatbot_id = await new_chatbot(admin, client_id)
    for value, inside, message in BAD[coordinate]:
        name, given, path = given_for(coordinate, value, client_id, chatbot_id)
        result = await mutate(admin, name, given, "chatbot { id }", ISSUES)
        assert result["__typename"] == "InvalidInputError", (value, result)
        (issue,) = result["issues"]
        assert issue["path"] == [*path, *filter(None, [inside])]
        assert message in issue["message"]
    document = "query ($id: ID!) { chatbot(id: $id) { revision } }"
    assert (await admin.execute(document, {"id": chatbot_id}))["chatbot"] == {"revision": 1}


@pytest.mark.parametrize("coordinate", CLOSED)
async def test_what_is_not_in_a_closed_set_never_reaches_the_product(
    admin: GraphQLClient, client_id: str, coordinate: str
) -> None:
    chatbot_id = await new_chatbot(admin, client_id)
    value, word = BY_TYPE[FIELDS[coordinate]]
    if coordinate.endswith(".languages"):
        value = [value]
    name, given, path = given_for(coordinate, value, client_id, chatbot_id)
    kind = name[0].upper() + name[1:]
    document = f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ __typename }} }}"
    (error,) = (await admin.send(document, {"input": given}))["errors"]
    assert path[-1] in error["message"]
    assert word in error["message"]


async def test_colours_are_stored_in_one_form(admin: GraphQLClient, client_id: str) -> None:
    chatbot_id = await new_chatbot(admin, client_id)
    settings = {"primaryColor": "#FfF", "secondaryColor": " #1A2b3C "}
    result = await done(
        admin,
        "updateChatbot",
        {"id": chatbot_id, "settings": settings},
        "chatbot { draft { primaryColor secondaryColor } }",
    )
    draft = result["chatbot"]["draft"]
    assert draft == {"primaryColor": "#ffffff", "secondaryColor": "#1a2b3c"}


async def test_texts_are_stored_without_what_surrounds_them(
    admin: GraphQLClient, client_id: str
) -> None:
    texts = {
        "language": "EN",
        "welcomeMessage": "  Hello\r\nyou ",
        "placeholder": "   ",
        "consentText": "",
        "starterQuestions": [" One? "],
    }
    settings = {"texts": [texts], "allowedImageHosts": ["A.example", "a.example."]}
    chatbot_id = await new_chatbot(admin, client_id, settings=settings)
    document = """query ($id: ID!) { chatbot(id: $id) { draft { allowedImageHosts texts {
      language welcomeMessage starterQuestions placeholder consentText contactText
    } } } }"""
    draft = (await admin.execute(document, {"id": chatbot_id}))["chatbot"]["draft"]
    assert draft["allowedImageHosts"] == ["a.example"]
    assert draft["texts"] == [
        {
            "language": "EN",
            "welcomeMessage": "Hello\nyou",
            "starterQuestions": ["One?"],
            "placeholder": None,
            "consentText": None,
            "contactText": None,
        }
    ]
