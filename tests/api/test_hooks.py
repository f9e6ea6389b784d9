"""Writing, trying and running hooks over GraphQL, as an agency's editor does."""

import asyncio
import secrets
from pathlib import Path

from tests.answers import asked, text_of
from tests.api.operations import (
    Json,
    MakeClient,
    PersonOf,
    VisitorOf,
    codes,
    done,
    mutate,
    mutation,
    new_chatbot,
    new_slug,
)
from tests.conftest import signed_in
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

HOOK = """
query ($id: ID!) {
  hook(chatbotId: $id) {
    id enabled required disabledReason
    active { number functions } chatbot { id }
    stats { calls failures p50Ms p99Ms }
    recentErrors { verdict problem line excerpt count lastAt }
    versions { totalCount edges { node { number note valid testedAt activatedAt
      createdBy { email } issues { line problem hint } } } }
  }
}
"""
RUN = """
run { verdict problem line excerpt resultJson diff prints wallMs cpuMs memoryMb
  http { method url status tookMs problem } }
version { testedAt }
"""
PATIENCE_S = 30.0
SAYS = 'def before_llm(ctx, message):\n    return {"block": "Version %d."}\n'


async def hook_of(caller: GraphQLClient, chatbot_id: str) -> Json:
    found: Json = (await caller.execute(HOOK, {"id": chatbot_id}))["hook"]
    return found


async def hook_after(caller: GraphQLClient, chatbot_id: str, *, calls: int) -> Json:
    """The hook when so many runs are noted, which is done beside the answers."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            hook = await hook_of(caller, chatbot_id)
            if hook["stats"]["calls"] >= calls:
                return hook


async def saved(caller: GraphQLClient, chatbot_id: str, source: str, **more: object) -> Json:
    given = {"chatbotId": chatbot_id, "source": source, **more}
    fields = "version { id number valid diff note functions issues { line column problem hint } }"
    version: Json = (await done(caller, "saveHookVersion", given, fields))["version"]
    return version


async def tried(caller: GraphQLClient, version_id: str, **more: object) -> Json:
    given = {
        "versionId": version_id,
        "function": "BEFORE_LLM",
        "question": "Where is order 7?",
        **more,
    }
    return await done(caller, "testHook", given, RUN)


async def activated(caller: GraphQLClient, chatbot_id: str, source: str, **more: object) -> Json:
    version = await saved(caller, chatbot_id, source)
    assert (await tried(caller, version["id"]))["run"]["verdict"] == "OK"
    given = {"versionId": version["id"], **more}
    await done(caller, "activateHookVersion", given, "hook { enabled }")
    return version


async def editor_with_chatbot(
    make_client: MakeClient, person_of: PersonOf, admin: GraphQLClient
) -> tuple[GraphQLClient, str, str]:
    slug = new_slug()
    client_id = await make_client(slug)
    return await person_of(slug, "editor"), client_id, await new_chatbot(admin, client_id)


async def embed_key_of(admin: GraphQLClient, chatbot_id: str) -> str:
    document = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"
    return str((await admin.execute(document, {"id": chatbot_id}))["chatbot"]["embedKey"])


async def test_from_a_text_to_a_visitors_answer_and_back(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    editor, _, chatbot_id = await editor_with_chatbot(make_client, person_of, admin)
    assert await hook_of(editor, chatbot_id) is None
    visitor = await visitor_of(await embed_key_of(admin, chatbot_id))
    await activated(editor, chatbot_id, SAYS % 1)
    assert text_of(await asked(visitor, "Hello?")) == "Version 1."
    second = await activated(editor, chatbot_id, SAYS % 2, required=True)
    assert '-    return {"block": "Version 1."}' in second["diff"]
    assert '+    return {"block": "Version 2."}' in second["diff"]
    assert text_of(await asked(visitor, "Hello?")) == "Version 2."

    own = {"chatbotId": chatbot_id}
    await done(editor, "rollbackHook", own, "hook { enabled }")
    assert text_of(await asked(visitor, "Hello?")) == "Version 1."
    refused = await mutate(editor, "rollbackHook", own, "hook { enabled }")
    assert (refused["__typename"], refused["code"]) == ("RefusedError", "NOT_FOUND")

    await done(editor, "setHookEnabled", {**own, "enabled": False}, "hook { enabled }")
    assert "Version" not in text_of(await asked(visitor, "Hello?"))
    await done(editor, "setHookEnabled", {**own, "enabled": True}, "hook { enabled }")
    assert text_of(await asked(visitor, "Hello?")) == "Version 1."

    hook = await hook_of(editor, chatbot_id)
    assert (hook["enabled"], hook["required"], hook["active"]["number"]) == (True, True, 1)
    assert hook["active"]["functions"] == ["BEFORE_LLM"]
    assert hook["versions"]["totalCount"] == 2
    newest = hook["versions"]["edges"][0]["node"]
    assert newest["number"] == 2
    assert newest["createdBy"]["email"].startswith("editor-")


async def test_what_has_not_passed_a_test_is_not_activated(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    editor, _, chatbot_id = await editor_with_chatbot(make_client, person_of, admin)
    version = await saved(
        editor, chatbot_id, 'def before_llm(ctx, message):\n    return {"a": 1}\n'
    )
    given = {"versionId": version["id"]}
    refused = await mutate(editor, "activateHookVersion", given, "hook { enabled }")
    assert (refused["__typename"], refused["code"]) == ("RefusedError", "NOT_TESTED")
    trial = await tried(editor, version["id"])
    assert trial["run"]["verdict"] == "BAD_RESULT"
    assert "may not return 'a'" in trial["run"]["problem"]
    assert trial["version"]["testedAt"] is None
    refused = await mutate(editor, "activateHookVersion", given, "hook { enabled }")
    assert refused["code"] == "NOT_TESTED"
    own = {"chatbotId": chatbot_id, "enabled": True}
    refused = await mutate(editor, "setHookEnabled", own, "hook { enabled }")
    assert refused["code"] == "NOT_TESTED"


async def test_mistakes_are_told_with_their_lines_and_can_be_saved(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    editor, _, chatbot_id = await editor_with_chatbot(make_client, person_of, admin)
    source = "def before_llm(ctx, message):\n    return ctx.__class__\n"
    fields = "valid issues { line problem hint }"
    given = {"chatbotId": chatbot_id, "source": source}
    checked = await done(editor, "validateHook", given, fields)
    assert not checked["valid"]
    assert checked["issues"][0]["line"] == 2
    nothing = await done(editor, "validateHook", {**given, "source": "x = 1\n"}, fields)
    assert "none of the functions" in nothing["issues"][0]["problem"]
    long = await done(editor, "validateHook", {**given, "source": "# " + "x" * 70_000}, fields)
    assert "more than 65536 bytes" in long["issues"][0]["problem"]
    version = await saved(editor, chatbot_id, source)
    assert (version["valid"], version["issues"][0]["line"]) == (False, 2)
    trial = await tried(editor, version["id"])
    assert (trial["run"]["verdict"], trial["run"]["line"]) == ("INVALID_CODE", 2)


async def test_a_dry_run_shows_everything_and_does_nothing(
    admin: GraphQLClient,
    make_client: MakeClient,
    person_of: PersonOf,
    visitor_of: VisitorOf,
) -> None:
    editor, _, chatbot_id = await editor_with_chatbot(make_client, person_of, admin)
    visitor = await visitor_of(await embed_key_of(admin, chatbot_id))
    events = await asked(visitor, "My order is 4711.")
    conversation_id = events[0]["conversationId"]
    version = await saved(
        editor,
        chatbot_id,
        """
def before_llm(ctx, message):
    print("history:", [one["text"] for one in ctx["history"]][0])
    try:
        http_get("https://api.shop.example/orders?key=private")
    except HttpError as error:
        print("no:", error)
    return {"message": "Order 7: where is it?", "escalate": True, "state": {"seen": 1}}

def after_llm(ctx, message, answer):
    return None
""",
    )
    assert version["functions"] == ["AFTER_LLM", "BEFORE_LLM"]
    run = (await tried(editor, version["id"], conversationId=conversation_id))["run"]
    assert run["verdict"] == "OK", run
    assert "history: My order is 4711." in run["prints"]
    assert "no: api.shop.example is not among the client's hookHosts" in run["prints"]
    assert "-Where is order 7?" in run["diff"]
    assert "+Order 7: where is it?" in run["diff"]
    assert '"escalate": true' in run["resultJson"]
    assert run["http"][0]["url"] == "https://api.shop.example/orders"
    assert run["http"][0]["status"] is None
    assert run["wallMs"] > 0
    assert run["cpuMs"] > 0
    assert run["memoryMb"] > 0
    document = "query ($id: ID!) { conversation(id: $id) { status tags } }"
    found = (await editor.execute(document, {"id": conversation_id}))["conversation"]
    assert found["status"] == "OPEN"
    again = await tried(editor, version["id"], conversationId=conversation_id)
    assert again["run"]["verdict"] == "OK"

    wrong = {"versionId": version["id"], "function": "ON_END", "question": "Hello?"}
    refused = await mutate(editor, "testHook", wrong, RUN)
    assert (refused["__typename"], refused["path"]) == ("InvalidInputError", ["input", "function"])
    elsewhere = await new_chatbot(admin, await make_client(new_slug()))
    other = await visitor_of(await embed_key_of(admin, elsewhere))
    foreign = (await asked(other, "Hello?"))[0]["conversationId"]
    unknown = {**wrong, "function": "BEFORE_LLM", "conversationId": foreign}
    refused = await mutate(editor, "testHook", unknown, RUN)
    assert (refused["__typename"], refused["path"]) == (
        "NotFoundError",
        ["input", "conversationId"],
    )


async def test_errors_stand_together_with_the_authors_own_line(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    editor, _, chatbot_id = await editor_with_chatbot(make_client, person_of, admin)
    source = 'def before_llm(ctx, message):\n    return {}[message] if "!" in message else None\n'
    await activated(editor, chatbot_id, source)
    visitor = await visitor_of(await embed_key_of(admin, chatbot_id))
    for _ in range(2):
        events = await asked(visitor, "Hello!")
        assert events[-1]["__typename"] == "AnswerCompleted"
    await asked(visitor, "Hello?")
    hook = await hook_after(editor, chatbot_id, calls=3)
    assert (hook["stats"]["calls"], hook["stats"]["failures"]) == (3, 2)
    assert hook["stats"]["p50Ms"] > 0
    (group,) = hook["recentErrors"]
    assert (group["verdict"], group["line"], group["count"]) == ("RAISED", 2, 2)
    assert "return {}[message]" in group["excerpt"]


async def test_an_agent_reads_tags_and_closes_what_waits_for_a_person(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    chatbot_id = await new_chatbot(admin, client_id)
    source = (
        'def before_llm(ctx, message):\n    return {"escalate": True, "block": "One moment."}\n'
    )
    await activated(admin, chatbot_id, source)
    visitor = await visitor_of(await embed_key_of(admin, chatbot_id))
    events = await asked(visitor, "A person, please")
    assert text_of(events).startswith("One moment.\n\nSomeone from our team")
    agent = await person_of(slug, "agent")
    waiting = await agent.execute(
        "query ($id: ID!) { conversations(clientId: $id, filter: {statuses: [NEEDS_HUMAN]})"
        " { edges { node { id messages(first: 5) { edges { node { content } } } } } } }",
        {"id": client_id},
    )
    (edge,) = waiting["conversations"]["edges"]
    assert edge["node"]["id"] == events[0]["conversationId"]
    assert edge["node"]["messages"]["edges"][0]["node"]["content"] == "A person, please"
    given = {"id": edge["node"]["id"], "tags": ["called back", " called back "]}
    tagged = await done(agent, "tagConversation", given, "conversation { tags status }")
    assert tagged["conversation"] == {"tags": ["called back"], "status": "NEEDS_HUMAN"}
    wrong = {**given, "tags": ["", "x" * 51]}
    refused = await mutate(agent, "tagConversation", wrong, "conversation { tags }")
    assert refused["__typename"] == "InvalidInputError"
    own = {"id": edge["node"]["id"]}
    closed = await done(agent, "closeConversation", own, "conversation { status }")
    assert closed["conversation"]["status"] == "CLOSED"
    viewer = await person_of(slug, "viewer")
    assert await codes(viewer, mutation("tagConversation"), {"input": given}) == ["FORBIDDEN"]


async def test_secrets_are_set_by_host_and_never_shown(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    editor, client_id, _ = await editor_with_chatbot(make_client, person_of, admin)
    value = f"secret-{secrets.token_hex(8)}"
    given = {"clientId": client_id, "name": "TOKEN", "host": "api.shop.example", "value": value}
    refused = await mutate(editor, "setHookSecret", given, "secretNames")
    assert (refused["__typename"], refused["path"]) == ("InvalidInputError", ["input", "host"])
    hosts = {"id": client_id, "hookHosts": ["api.shop.example"]}
    await done(admin, "updateClient", hosts, "client { id }")
    assert await done(editor, "setHookSecret", given, "secretNames") == {
        "__typename": "SetHookSecretSuccess",
        "secretNames": ["TOKEN"],
    }
    names = await editor.execute(
        "query ($id: ID!) { hookSecretNames(clientId: $id) }", {"id": client_id}
    )
    assert names == {"hookSecretNames": ["TOKEN"]}
    log = await admin.execute(
        "query ($id: ID!) { auditLog(clientId: $id) { edges { node { action changes"
        " { field before after } } } } }",
        {"id": client_id},
    )
    assert "setHookSecret" in str(log)
    assert value not in str(log)
    gone = await done(editor, "setHookSecret", {**given, "value": None}, "secretNames")
    assert gone["secretNames"] == []


async def test_checks_and_tests_are_limited_per_person(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", PARLANCE_HOOK_CHECKS_PER_PERSON="2")
    server.start()
    admin = await signed_in(server.url, server.admin_email, server.admin_password)
    data = await admin.execute('{ client(slug: "demo") { id } }')
    chatbot_id = await new_chatbot(admin, data["client"]["id"])
    given = {"chatbotId": chatbot_id, "source": SAYS % 1}
    kinds = [
        (await mutate(admin, name, given, fields))["__typename"]
        for name, fields in (
            ("saveHookVersion", "version { id }"),
            ("validateHook", "valid"),
            ("validateHook", "valid"),
            ("saveHookVersion", "version { id }"),
        )
    ]
    await admin.close()
    server.stop()
    assert kinds == [
        "SaveHookVersionSuccess",
        "ValidateHookSuccess",
        "RateLimitedError",
        "RateLimitedError",
    ]
