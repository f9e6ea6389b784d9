"""What the README and the first guide tell people to type works, word for word."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx

from tests.answers import asked
from tests.api.operations import MakeClient
from tests.api.test_invitations import new_address
from tests.api.uploading import picture, upload
from tests.conftest import START_VISIT
from tests.graphql_clients import GraphQLClient
from tests.mailbox import code_in, next_mail
from tests.server_process import ServerProcess

ROOT = Path(__file__).parents[2]


def requests_in_readme() -> list[dict[str, Any]]:
    """Every body that the README gives to curl."""
    bodies = re.findall(r"-d '(\{.*?\})'", (ROOT / "README.md").read_text(), re.DOTALL)
    return [json.loads(body) for body in bodies]


def operations_in_guide(page: str = "getting-started.md") -> list[str]:
    """Every GraphQL operation of a page of the guide, in order."""
    guide = (ROOT / "docs" / "guide" / page).read_text()
    return re.findall(r"```graphql\n(.*?)```", guide, re.DOTALL)


def steps_of_agencies() -> list[tuple[str, str]]:
    """Every block of the guide for agencies with its language, in order."""
    guide = (ROOT / "docs" / "guide" / "agencies.md").read_text()
    return re.findall(r"```(graphql|sh)\n(.*?)```", guide, re.DOTALL)


class AgencySession:
    """Goes through the guide for agencies, with the ids that each step gave."""

    def __init__(self, admin: GraphQLClient) -> None:
        self._admin = admin
        self._known: dict[str, str] = {}
        self.document = ""

    async def go(self, language: str, block: str) -> dict[str, Any]:
        """The result of a step."""
        for name, value in self._known.items():
            block = block.replace(f"<{name}>", value)
        assert not re.search(r"<[a-z ]+>", block), block
        if language == "sh":
            sent = await upload(self._admin, picture(), self._known["client id"])
            self._known["upload id"] = sent.json()["uploadId"]
            return {}
        variables = {"document": self.document} if "$document" in block else {}
        ((operation, result),) = (await self._admin.execute(block, variables)).items()
        if operation == "exportChatbot":
            self.document = result
            return {}
        assert "code" not in result, (block, result)
        self._learn(operation, result)
        return dict(result)

    def _learn(self, operation: str, result: dict[str, Any]) -> None:
        if operation == "createClient":
            name = "next client id" if "client id" in self._known else "client id"
            self._known[name] = result["client"]["id"]
        elif operation == "createChatbot":
            self._known["chatbot id"] = result["chatbot"]["id"]
        elif operation == "chatbot":
            oldest = result["versions"]["edges"][-1]["node"]
            self._known["first version id"] = oldest["id"]


async def test_the_guide_for_agencies_leads_from_a_client_to_a_copy_for_the_next(
    admin: GraphQLClient,
) -> None:
    session = AgencySession(admin)
    results = [await session.go(language, block) for language, block in steps_of_agencies()]
    versions = [one["version"] for one in results if "version" in one]
    assert versions[0]["changedFields"] == ["logoUrl"]
    assert (versions[1]["number"], versions[1]["restoredNumber"]) == (3, 1)
    clone, imported = [one["chatbot"] for one in results if "chatbot" in one][-2:]
    assert clone["draft"]["allowedOrigins"] == ["https://nursery.example"]
    assert not clone["active"]
    assert imported["draft"] == {"name": "Flower helper"}
    assert not imported["active"]


async def test_the_session_of_the_readme_streams_an_answer(server: ServerProcess) -> None:
    start_visit, ask = requests_in_readme()
    async with httpx.AsyncClient(
        headers={"Origin": server.url}, timeout=30, trust_env=False
    ) as http:
        visit = await http.post(f"{server.url}/graphql", json=start_visit)
        token = visit.json()["data"]["startVisit"]["widgetToken"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        streams = [
            (await http.post(f"{server.url}/graphql", json=ask, headers=headers)).text
            for _ in range(2)
        ]
    events = [json.loads(line) for line in re.findall(r"^data: (\{.*)$", streams[0], re.MULTILINE)]
    kinds = [event["data"]["ask"]["__typename"] for event in events]
    assert kinds[0] == "AnswerStarted"
    assert "AnswerDelta" in kinds
    assert kinds[-1] == "AnswerCompleted"
    assert streams[1] == streams[0], "the same key is the same answer"


async def test_the_first_guide_leads_to_a_published_chatbot(
    admin: GraphQLClient, server: ServerProcess
) -> None:
    known = {"the printed one": server.admin_password}
    for operation in operations_in_guide():
        filled = operation
        for name, value in known.items():
            filled = filled.replace(name, value)
        result: dict[str, Any]
        (result,) = (await admin.execute(filled)).values()
        assert "code" not in result, (filled, result)
        for thing, name in (("client", "client"), ("chatbot", "chatbot"), ("llmConfig", "config")):
            if "id" in result.get(thing, {}):
                known[f"<{name} id>"] = result[thing]["id"]
    assert len(known) == len(("password", "client", "chatbot", "config"))


async def is_noted(admin: GraphQLClient, conversation_id: str) -> None:
    """Wait until lists know what the answer was like: they are told after its last event."""
    wanted = "{ conversations(filter: {hasCitations: true}) { edges { node { id } } } }"
    async with asyncio.timeout(60):
        while True:
            found = (await admin.execute(wanted))["conversations"]["edges"]
            if conversation_id in [edge["node"]["id"] for edge in found]:
                return
            await asyncio.sleep(0.02)


async def test_the_guide_for_support_desks_finds_changes_and_deletes_a_conversation(
    server: ServerProcess, admin: GraphQLClient
) -> None:
    found = await admin.execute('{ client(slug: "demo") { id } }')
    visitor = GraphQLClient(server.url, origin=server.url)
    started = await visitor.execute(START_VISIT, {"key": "demo"})
    visitor.token = started["startVisit"]["widgetToken"]
    asked_ = await asked(visitor, "What is Parlance?")
    await visitor.close()
    known = {"<client id>": found["client"]["id"], "<conversation id>": ""}
    known["<conversation id>"] = asked_[0]["conversationId"]
    await is_noted(admin, known["<conversation id>"])
    results = []
    for operation in operations_in_guide("conversations.md"):
        filled = operation
        for name, value in known.items():
            filled = filled.replace(name, value)
        (result,) = (await admin.execute(filled)).values()
        assert "code" not in result, (filled, result)
        results.append(result)
    for listed in results[:2]:
        ids = [edge["node"]["id"] for edge in listed["edges"]]
        assert known["<conversation id>"] in ids
    assert results[-1]["deletedId"] == known["<conversation id>"]


async def test_the_guide_to_access_lets_somebody_in(
    admin: GraphQLClient, make_client: MakeClient, nobody: GraphQLClient, server: ServerProcess
) -> None:
    address = new_address()
    known = {"<client id>": await make_client(), "bea@example.com": address}
    callers = (admin, nobody, nobody)
    kinds: list[str] = []
    for caller, operation in zip(callers, operations_in_guide("access.md"), strict=True):
        filled = operation
        for name, value in known.items():
            filled = filled.replace(name, value)
        result: dict[str, Any]
        (result,) = (await caller.execute(filled)).values()
        kinds.append(result["__typename"])
        if "<code>" not in known:
            known["<code>"] = code_in(await next_mail(server, address))
    assert kinds == ["InviteUserSuccess", "ResetPasswordSuccess", "RequestPasswordResetSuccess"]
    code_in(await next_mail(server, address, known=1))
