"""`parlance knowledge`: sources added, read and listed, beside a running server and without one."""

import asyncio
from pathlib import Path

from tests.api.operations import MakeClient, done
from tests.api.test_command_line import check_refused, command
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess
from tests.unit.knowledge.fetching.site_server import html, running_site

SYNCS_AN_HOUR = 20
READ = "READY: {pages} pages, {passages} passages"


async def new_chatbot(admin: GraphQLClient, make_client: MakeClient) -> str:
    given = {"clientId": await make_client(), "name": "Helper"}
    made = await done(admin, "createChatbot", given, "chatbot { embedKey }")
    embed_key: str = made["chatbot"]["embedKey"]
    return embed_key


def added_id(told: str) -> str:
    return told.partition("Added ")[2].partition(" ")[0]


async def test_a_file_is_added_listed_and_read_anew(
    admin: GraphQLClient, make_client: MakeClient, server: ServerProcess, tmp_path: Path
) -> None:
    embed_key = await new_chatbot(admin, make_client)
    file = tmp_path / "prices.md"
    file.write_text("# Tea\n\nDarjeeling costs 5 euros.\n\n# Coffee\n\nArabica costs 6 euros.\n")

    added = command(server, "knowledge", "add", str(file), "--chatbot", embed_key)
    assert added.returncode == 0, added
    assert READ.format(pages=1, passages=2) in added.stdout
    source_id = added_id(added.stdout)
    node = await admin.execute(
        "query ($id: ID!) { node(id: $id) { ... on KnowledgeSource { title kind status } } }",
        {"id": source_id},
    )
    assert node["node"] == {"title": "prices.md", "kind": "FILE", "status": "READY"}

    again = command(server, "knowledge", "sync", source_id)
    assert again.returncode == 0, again
    assert READ.format(pages=1, passages=2) in again.stdout
    listed = command(server, "knowledge", "list", "--chatbot", embed_key)
    [line] = listed.stdout.splitlines()[1:]
    assert line.split()[:5] == [source_id, "READY", "FILE", "1", "2"]


async def test_reading_anew_is_limited_together_with_the_mutation(
    admin: GraphQLClient, make_client: MakeClient, server: ServerProcess, tmp_path: Path
) -> None:
    embed_key = await new_chatbot(admin, make_client)
    file = tmp_path / "prices.md"
    file.write_text("# Tea\n\nDarjeeling costs 5 euros.\n")
    source_id = added_id(
        command(server, "knowledge", "add", str(file), "--chatbot", embed_key).stdout
    )
    for _ in range(SYNCS_AN_HOUR):
        await done(admin, "syncKnowledgeSource", {"id": source_id}, "source { id }")
    check_refused(command(server, "knowledge", "sync", source_id), "20 times within an hour")


async def test_what_could_not_be_read_is_named_and_the_status_says_so(
    admin: GraphQLClient, make_client: MakeClient, server: ServerProcess, tmp_path: Path
) -> None:
    embed_key = await new_chatbot(admin, make_client)
    file = tmp_path / "broken.pdf"
    file.write_bytes(b"%PDF-1.7\nnothing of what belongs there")
    told = command(server, "knowledge", "add", str(file), "--chatbot", embed_key)
    assert told.returncode == 1, told
    assert "FAILED: 0 pages" in told.stdout
    assert "broken.pdf: " in told.stderr
    listed = command(server, "knowledge", "list", "--chatbot", embed_key, "--problems")
    assert "  broken.pdf: " in listed.stdout


async def test_what_makes_no_sense_is_refused_in_a_sentence(
    admin: GraphQLClient, make_client: MakeClient, server: ServerProcess, tmp_path: Path
) -> None:
    embed_key = await new_chatbot(admin, make_client)
    empty = tmp_path / "empty.txt"
    empty.write_text("")
    key = ("--chatbot", embed_key)
    for arguments, told in (
        (("add", str(empty), *key), "empty"),
        (("add", str(tmp_path / "gone.txt"), *key), "gone.txt cannot be read"),
        (("add", "https://example.com/", "--kind", "book", *key), "--kind must be one of url,"),
        (("add", "http://127.0.0.1:9/", *key), "may not be read"),
        (("sync", "nothing"), "parlance knowledge list"),
    ):
        check_refused(command(server, "knowledge", *arguments), told)


async def test_without_a_server_the_command_reads_a_site_itself(own_server: ServerProcess) -> None:
    await asyncio.to_thread(own_server.start)
    await asyncio.to_thread(own_server.stop)
    async with running_site() as site:
        links = "".join(f'<a href="/{number}">{number}</a>' for number in range(5))
        site.pages = {"/": html(f"<h1>Shop</h1><p>We sell tea.</p>{links}")}
        site.pages |= {
            f"/{number}": html(f"<h1>Tea {number}</h1><p>It costs {number} euros.</p>")
            for number in range(5)
        }
        told = await asyncio.to_thread(
            command,
            own_server,
            *("knowledge", "add", f"{site.url}/", "--kind", "crawl", "--chatbot", "demo"),
            PARLANCE_ALLOWED_ADDRESSES='["127.0.0.1"]',
        )
    assert told.returncode == 0, told
    assert READ.format(pages=6, passages=6) in told.stdout
