"""Documents of A that name documents of B, as none should: what is named must not be shown."""

from tests.api.matrix.people import new_person
from tests.api.matrix.world import World


async def lure(world: World) -> None:
    """Let everything of A that names something name B's, and somebody work for both."""
    database, theirs, of_a = world.database, world.b.things, {"client_id": world.a.slug}
    model, own_model = (one.things["llm_config"].document["_id"] for one in (world.b, world.a))
    settings = {f"{one}.fallback_llm_id": model for one in ("draft", "published")}
    await database["chatbots"].update_many(of_a, {"$set": settings})
    for visitor, config in ((world.a.things, model), (world.others, own_model)):
        answers = {**of_a, "visitor_id": visitor["visitor"].document["_id"]}
        await database["messages"].update_many(answers, {"$set": {"llm_config_id": config}})
    publisher = {"published_by": theirs["user"].document["_id"]}
    await database["chatbot_versions"].update_many(of_a, {"$set": publisher})
    chatbot = {"chatbot_ids": theirs["chatbot"].document["_id"]}
    await database["knowledge_sources"].update_many(of_a, {"$push": chatbot})
    await new_person(
        database,
        f"works-for-{world.a.slug}-and-{world.b.slug}",
        [
            {"client_id": world.a.slug, "role": "viewer"},
            {"client_id": world.b.slug, "role": "owner"},
        ],
    )
