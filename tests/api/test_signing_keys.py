"""Signing keys: made by owners, shown once, two live at once, sealed at rest."""

import asyncio

import pytest

from tests.api.operations import (
    Json,
    MakeClient,
    PersonOf,
    VisitorOf,
    check_people_only,
    codes,
    database_of,
    done,
    mutate,
    mutation,
    new_slug,
)
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

ROTATED = """
secret signingKey { id keyId createdAt retiredAt lastUsedAt }
client { signingKeys { keyId retiredAt } }
"""
KEYS = "query ($id: ID) { client(id: $id) { signingKeys { id keyId retiredAt } } }"


async def rotate(caller: GraphQLClient, client_id: str, **more: str) -> Json:
    given = {"clientId": client_id, **more}
    return await done(caller, "rotateClientSigningKey", given, ROTATED)


def live(rotated: Json) -> list[str]:
    keys = rotated["client"]["signingKeys"]
    return [one["keyId"] for one in keys if one["retiredAt"] is None]


async def test_two_keys_live_while_a_backend_changes_over(
    server: ServerProcess, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    owner = await person_of(slug, "owner")
    first, second = await rotate(owner, client_id), await rotate(owner, client_id)
    names = [one["signingKey"]["keyId"] for one in (first, second)]
    assert first["secret"] != second["secret"]
    assert live(second) == names[::-1]

    given = {"clientId": client_id}
    refused = await mutate(owner, "rotateClientSigningKey", given, "secret")
    assert (refused["__typename"], refused["path"]) == (
        "LimitReachedError",
        ["input", "retireKeyId"],
    )
    third = await rotate(owner, client_id, retireKeyId=names[0])
    assert live(third) == [third["signingKey"]["keyId"], names[1]]
    async with database_of(server) as database:
        stored = await database.database["clients"].find_one({"client_id": slug})
    assert stored is not None
    assert [one["sealed_secret"] is None for one in stored["signing_keys"]] == [True, False, False]
    for one in (first, second, third):
        assert one["secret"] not in str(stored)


async def test_two_that_rotate_at_once_never_make_three(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    given = {"clientId": client_id}
    results = await asyncio.gather(
        *(mutate(admin, "rotateClientSigningKey", given, "secret") for _ in range(5))
    )
    kinds = sorted(one["__typename"] for one in results)
    assert kinds == ["LimitReachedError"] * 3 + ["RotateClientSigningKeySuccess"] * 2


async def test_the_list_keeps_the_last_ten_retired_keys(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    made = await rotate(admin, client_id)
    for _ in range(12):
        made = await rotate(admin, client_id, retireKeyId=made["signingKey"]["keyId"])
    assert (len(made["client"]["signingKeys"]), len(live(made))) == (11, 1)


async def test_a_key_that_is_not_live_cannot_be_retired(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    client_id = await make_client()
    first = (await rotate(admin, client_id))["signingKey"]["keyId"]
    await rotate(admin, client_id, retireKeyId=first)
    for key_id in (first, "key_unknown"):
        given = {"clientId": client_id, "retireKeyId": key_id}
        refused = await mutate(admin, "rotateClientSigningKey", given, "secret")
        assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "retireKeyId"])


@pytest.mark.parametrize("role", ["viewer", "agent", "editor"])
async def test_only_owners_see_and_make_keys(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf, role: str
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    key_id = (await rotate(admin, client_id))["signingKey"]["id"]
    member = await person_of(slug, role)  # type: ignore[arg-type]
    given = {"input": {"clientId": client_id}}
    assert await codes(member, mutation("rotateClientSigningKey"), given) == ["FORBIDDEN"]
    assert await codes(member, KEYS, {"id": client_id}) == ["FORBIDDEN"]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert await member.execute(node, {"id": key_id}) == {"node": None}
    assert await admin.execute(node, {"id": key_id}) == {"node": {"id": key_id}}


async def test_others_clients_are_unknown(
    make_client: MakeClient,
    person_of: PersonOf,
    nobody: GraphQLClient,
    visitor_of: VisitorOf,
) -> None:
    slug = new_slug()
    await make_client(slug)
    foreign = await make_client()
    owner = await person_of(slug, "owner")
    for wanted in (foreign, "nonsense"):
        given = {"clientId": wanted}
        refused = await mutate(owner, "rotateClientSigningKey", given, "secret")
        assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "clientId"])
    operations = {
        "rotate": (mutation("rotateClientSigningKey"), {"input": {"clientId": foreign}}),
    }
    await check_people_only(operations, nobody, await visitor_of())
