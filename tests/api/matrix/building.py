"""Makes the world: two clients that have one of everything, every text of which is their own."""

import secrets
from datetime import timedelta
from typing import Any

from documents.base import utc_now
from graphql_schema.pagination import position_in
from tests.answers import asked
from tests.api.matrix.callers import MEMBERS, Caller
from tests.api.matrix.people import new_person, new_session
from tests.api.matrix.planting import plant
from tests.api.matrix.things import Side, Thing
from tests.api.matrix.world import World
from tests.api.operations import done
from tests.api.test_erasure import all_counted
from tests.api.uploading import picture, upload
from tests.conftest import START_VISIT
from tests.graphql_clients import GraphQLClient, Json
from tests.unit.answering.processes import until
from tests.watching import cursor_now

COLLECTIONS = {
    "client": ("Client", "clients"),
    "llm_config": ("LlmConfig", "llm_configs"),
    "chatbot": ("Chatbot", "chatbots"),
    "chatbot_version": ("ChatbotVersion", "chatbot_versions"),
    "knowledge_source": ("KnowledgeSource", "knowledge_sources"),
    "api_key": ("ApiKey", "api_keys"),
    "invitation": ("OneTimeCode", "one_time_codes"),
    "audit_entry": ("AuditEntry", "audit_log"),
    "upload": ("Upload", "uploads"),
    "hook": ("Hook", "hooks"),
    "hook_version": ("HookVersion", "hook_versions"),
    "integration": ("Integration", "integrations"),
    "report": ("Report", "reports"),
    "report_schedule": ("ReportSchedule", "report_schedules"),
}
"""Types and collections of which the first document of a client is its thing of this name."""

HOOK = """
def before_llm(ctx, message):
    return {
        "message": message + " SLUG wants to know.",
        "suggestions": ["What else of SLUG?"],
        "state": {"asked": "SLUG"},
    }
"""
ROLLBACKS = 50
"""Calls of rollbackHook that the world is good for."""

OF_A_VISITOR = {
    "visit": ("Visit", "visits", {}),
    "widget_token": ("WidgetToken", "widget_tokens", {}),
    "conversation": ("Conversation", "conversations", {}),
    "question": ("Message", "messages", {"sender": "visitor"}),
    "answer": ("Message", "messages", {"sender": "bot"}),
}


async def build(world: World) -> None:
    """Fill a new world."""
    world.a = await _built_side(world, "a", {one: one.name.lower() for one in MEMBERS})
    world.b = await _built_side(world, "b", {Caller.OWNER_OF_B: "owner"})
    chatbot = world.a.things["chatbot"]
    await _visitor(world, world.a, Caller.VISITOR, chatbot, world.a.things)
    await _visitor(world, world.a, Caller.OTHER_VISITOR, chatbot, world.others)
    chatbot = world.b.things["chatbot"]
    await _visitor(world, world.b, Caller.VISITOR_OF_B, chatbot, world.b.things)
    for side in (world.a, world.b):
        await _dismissed(world.admin, side)
        await all_counted(world.server, side.slug)
        await _delivered(world, side)
    await plant(world.database, world.a.slug, world.a.things, world.others)
    await plant(world.database, world.b.slug, world.b.things)


async def _built_side(world: World, letter: str, people: dict[Caller, str]) -> Side:
    side = Side(f"{letter}-{secrets.token_hex(5)}")
    admin = world.admin
    client_id = await _client(admin, side.slug)
    model = _llm_config(client_id, side.slug)
    config = await done(admin, "createLlmConfig", model, "llmConfig { id }")
    texts = {"language": "EN", "welcomeMessage": "Welcome"}
    settings = {"texts": [texts]}
    chatbot = {"clientId": client_id, "name": f"Chatbot of {side.slug}", "settings": settings}
    made = await done(admin, "createChatbot", chatbot, "chatbot { id }")
    source = {
        "chatbotIds": [made["chatbot"]["id"]],
        "kind": "TEXT",
        "title": f"Opening hours of {side.slug}",
        "text": f"The house of {side.slug} opens at nine.",
    }
    await done(admin, "addKnowledgeSource", source, "source { id }")
    await _reports(world, side, client_id)
    await _integration(admin, side.slug, client_id)
    key = {"clientId": client_id, "name": f"Shop of {side.slug}", "scopes": ["REPORTS_READ"]}
    await done(admin, "createApiKey", key, "apiKey { id }")
    await _people(world, side, people)
    await _invited(world, client_id)
    fallback = {"fallbackLlmId": config["llmConfig"]["id"]}
    settings = fallback | {"logoUploadId": await _uploaded_logo(admin, client_id)}
    changed = {"id": made["chatbot"]["id"], "settings": settings}
    await done(admin, "updateChatbot", changed, "chatbot { id }")
    await done(admin, "publishChatbot", {"id": made["chatbot"]["id"]}, "version { id }")
    await _hook(world, side.slug, client_id, made["chatbot"]["id"])
    await _connection(admin, side.slug, made["chatbot"]["id"])
    for name, (type_name, collection) in COLLECTIONS.items():
        found = await world.database[collection].find_one({"client_id": side.slug})
        side.things[name] = Thing(type_name, collection, _there(found, name))
    pushed = {"chatbotIds": [made["chatbot"]["id"]], "kind": "PUSH", "title": "Posts"}
    await done(admin, "addKnowledgeSource", pushed, "source { id }")
    await _further_things(world, side)
    # Other tests leave models of the platform's behind whose providers are gone.
    working = {"client_id": None, "provider": "local", "active": True}
    platform = await world.database["llm_configs"].find_one(working)
    platform_config = Thing("LlmConfig", "llm_configs", _there(platform, "platform's model"))
    side.things["platform_llm_config"] = platform_config
    signing_key = side.things["client"].document["signing_keys"][0]
    side.things["signing_key"] = Thing("SigningKey", "", signing_key | {"_id": signing_key["id"]})
    side.things["beginning"] = await _beginning(admin, client_id)
    return side


async def _dismissed(admin: GraphQLClient, side: Side) -> None:
    """A question that needs no answer."""
    given = {
        "chatbotId": side.things["chatbot"].id,
        "questionIds": [side.things["question"].id],
    }
    await done(admin, "dismissQuestions", given, "dismissed")


async def _further_things(world: World, side: Side) -> None:
    """The first of a kind, of what there are several kinds of."""
    for name, type_name, collection, kind in (
        ("pushed_source", "KnowledgeSource", "knowledge_sources", "push"),
        ("webhook", "Integration", "integrations", "webhook"),
    ):
        of_kind = {"client_id": side.slug, "kind": kind}
        found = await world.database[collection].find_one(of_kind)
        side.things[name] = Thing(type_name, collection, _there(found, name))


async def _uploaded_logo(admin: GraphQLClient, client_id: str) -> str:
    """A picture; beside it a file that no source reads yet."""
    await upload(admin, b"Tea at four.", client_id, name="tea.txt", kind="KNOWLEDGE")
    logo = picture("PNG", (8, 8), color=f"#{secrets.token_hex(3)}")
    return str((await upload(admin, logo, client_id)).json()["uploadId"])


async def _connection(admin: GraphQLClient, slug: str, chatbot_id: str) -> None:
    """A code for a site's plugin that nobody has used."""
    site = {"chatbotId": chatbot_id, "siteUrl": f"https://{slug}.example"}
    await done(admin, "createPluginConnection", site, "connectionCode")


async def _hook(world: World, slug: str, client_id: str, chatbot_id: str) -> None:
    """A hook that remembers something, with a secret, and with versions to go back to."""
    admin, host = world.admin, f"api.{slug}.example"
    await done(admin, "updateClient", {"id": client_id, "hookHosts": [host]}, "client { id }")
    secret = {"clientId": client_id, "name": "TOKEN", "host": host, "value": f"secret-of-{slug}"}
    await done(admin, "setHookSecret", secret, "secretNames")
    source = HOOK.replace("SLUG", slug)
    saved = {"chatbotId": chatbot_id, "source": source, "note": "First"}
    version = (await done(admin, "saveHookVersion", saved, "version { id }"))["version"]["id"]
    trial = {"versionId": version, "function": "BEFORE_LLM", "question": "Hello?"}
    tried = await done(admin, "testHook", trial, "run { verdict problem }")
    assert tried["run"]["verdict"] == "OK", tried
    await done(admin, "activateHookVersion", {"versionId": version}, "hook { enabled }")
    stored = await world.database["hook_versions"].find_one({"client_id": slug})
    many = {"$set": {"earlier_version_ids": [_there(stored, "version")["_id"]] * ROLLBACKS}}
    await world.database["hooks"].update_one({"client_id": slug}, many)


async def _beginning(admin: GraphQLClient, client_id: str) -> Thing:
    """Where the event streams stand before anything happens."""
    cursor = await cursor_now(admin, client_id)
    return Thing("LiveEvent", "", {"_id": position_in(cursor, "after"), "cursor": cursor})


async def _client(admin: GraphQLClient, slug: str) -> str:
    given = {"slug": slug, "name": f"House of {slug}", "domain": f"{slug}.example"}
    client_id = str((await done(admin, "createClient", given, "client { id }"))["client"]["id"])
    await done(admin, "rotateClientSigningKey", {"clientId": client_id}, "secret")
    return client_id


def _llm_config(client_id: str, slug: str) -> Json:
    name = f"Model of {slug}"
    return {"clientId": client_id, "name": name, "provider": "LOCAL", "model": "extractive"}


async def _reports(world: World, side: Side, client_id: str) -> None:
    """A report that is ready, and one that comes by itself."""
    period = {"from": "2026-01-01", "until": "2026-01-02"}
    given = {"clientId": client_id, "period": period, "format": "HTML"}
    await done(world.admin, "generateReport", given, "report { id }")
    schedule = {
        "clientId": client_id,
        "interval": "MONTHLY",
        "format": "HTML",
        "recipients": [f"reports-{side.slug}@example.com"],
    }
    await done(world.admin, "createReportSchedule", schedule, "schedule { id }")

    async def is_ready() -> bool:
        ready = {"client_id": side.slug, "status": "ready"}
        return await world.database["reports"].find_one(ready) is not None

    await until(is_ready)


async def _integration(admin: GraphQLClient, slug: str, client_id: str) -> None:
    """An integration that is told of answers."""
    given = {
        "clientId": client_id,
        "name": f"Notices of {slug}",
        "target": {"emails": [f"notices-{slug}@example.com"]},
        "events": ["MESSAGE_CREATED"],
    }
    await done(admin, "createIntegration", given, "integration { id }")
    signed = {"name": f"Program of {slug}", "events": ["QUOTA_THRESHOLD"]}
    target = {"target": {"webhookUrl": f"https://{slug}.example/notices"}}
    await done(admin, "createIntegration", {**given, **signed, **target}, "integration { id }")


async def _delivered(world: World, side: Side) -> None:
    """A delivery that has come to its end, of the visitor's own answer."""
    own = {"visitor_id": side.things["visitor"].document["_id"], "status": "delivered"}

    async def is_there() -> bool:
        return await world.database["deliveries"].find_one(own) is not None

    await until(is_there)
    found = await world.database["deliveries"].find_one(own)
    side.things["delivery"] = Thing("Delivery", "deliveries", _there(found, "delivery"))


async def _people(world: World, side: Side, people: dict[Caller, str]) -> None:
    """A member for each role, with a session; the last one's are things of the side."""
    for caller, role in people.items():
        membership = {"client_id": side.slug, "role": role}
        user_id = await new_person(world.database, f"{role}-of-{side.slug}", [membership])
        agent = f"Browser of {side.slug}"
        token = await new_session(world.database, world.access_tokens, user_id, agent)
        side.tokens[caller] = token
        for name, collection, key in (("user", "users", "_id"), ("session", "sessions", "user_id")):
            found = await world.database[collection].find_one({key: user_id})
            side.things[name] = Thing(name.capitalize(), collection, _there(found, name))


async def _invited(world: World, client_id: str) -> None:
    """Somebody who has not chosen a password yet; the mail is sent when this returns."""
    email = f"invited-{secrets.token_hex(5)}@example.com"
    given = {"clientId": client_id, "email": email, "role": "VIEWER"}
    await done(world.admin, "inviteUser", given, "user { id }")

    async def is_sent() -> bool:
        return await world.database["outgoing_mails"].find_one({"status": "waiting"}) is None

    await until(is_sent)


async def _visitor(
    world: World, side: Side, caller: Caller, chatbot: Thing, things: dict[str, Thing]
) -> None:
    """A visitor who has asked something."""
    visitor = GraphQLClient(world.server.url, origin=world.server.url)
    started = await visitor.execute(START_VISIT, {"key": chatbot.document["embed_key"]})
    visitor.token = side.tokens[caller] = started["startVisit"]["widgetToken"]
    unknown = await asked(visitor, f"Do elephants swim, asks {caller.name}?")
    question = f"When does {side.slug} open, asks {caller.name}?"
    events = await asked(visitor, question, conversationId=unknown[0]["conversationId"])
    rated = {"messageId": events[0]["messageId"], "rating": "DOWN", "comment": "Too short."}
    await done(visitor, "rateAnswer", rated, "answer { id }")
    await visitor.close()
    newest = [("_id", -1)]
    of_client: dict[str, Any] = {"client_id": side.slug}
    found = await world.database["visitors"].find_one(of_client, sort=newest)
    things["visitor"] = Thing("Visitor", "visitors", _there(found, "visitor"))
    own = {**of_client, "visitor_id": things["visitor"].document["_id"]}
    answered_by = {"llm_config_ids": side.things["llm_config"].document["_id"]}
    await world.database["conversations"].update_many(own, {"$addToSet": answered_by})
    for name, (type_name, collection, which) in OF_A_VISITOR.items():
        found = await world.database[collection].find_one({**own, **which}, sort=newest)
        things[name] = Thing(type_name, collection, _there(found, name))
    await _export(world, own, things["visitor"].id)


async def _export(world: World, own: dict[str, Any], visitor_id: str) -> None:
    """An archive of the visitor's that nobody fetches, and that outlasts the tests."""
    await done(world.admin, "exportVisitor", {"visitorId": visitor_id}, "download { url }")
    never = {"$set": {"expires_at": utc_now() + timedelta(days=1)}}
    for name in ("downloads", "download_parts"):
        await world.database[name].update_many(own, never)


def _there(found: dict[str, Any] | None, name: str) -> dict[str, Any]:
    assert found is not None, f"the world has no {name}"
    return found
