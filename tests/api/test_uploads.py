"""Logos: sent, drawn anew, served by us, and gone with their client."""

import asyncio
import hashlib
import json
import secrets
import zlib
from collections.abc import AsyncGenerator
from datetime import timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
import pytest_asyncio
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from api.routes.uploads import MAX_BODY_BYTES
from documents.base import utc_now
from documents.ids import PydanticObjectId
from graphql_schema.node import global_id, local_id
from services.uploads.redrawing import KEPT_SIDE, MAX_SIDE
from services.uploads.uploads import MAX_BYTES, MAX_UPLOADS
from tests.api.operations import (
    Json,
    KeyOf,
    MakeClient,
    PersonOf,
    VisitorOf,
    database_of,
    done,
    mutate,
    new_chatbot,
    new_slug,
)
from tests.api.uploading import moving_picture, picture, upload
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

ISSUES = "... on InvalidInputError { issues { path message } }"
LOGOS = "chatbot { draft { logoUrl bubbleIconUrl } }"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
SECRET = "taken at home, 52.5 N 13.4 E"


@pytest_asyncio.fixture
async def client_id(make_client: MakeClient) -> str:
    return await make_client()


@pytest_asyncio.fixture
async def chatbot_id(admin: GraphQLClient, client_id: str) -> str:
    return await new_chatbot(admin, client_id)


async def uploaded(caller: GraphQLClient, content: bytes, client_id: str) -> Json:
    response = await upload(caller, content, client_id)
    assert response.status_code == 201, response.text
    found: Json = response.json()
    return found


async def with_logo(caller: GraphQLClient, chatbot_id: str, upload_id: str) -> str:
    """The address of the logo of a chatbot that got it."""
    given = {"id": chatbot_id, "settings": {"logoUploadId": upload_id}}
    return str((await done(caller, "updateChatbot", given, LOGOS))["chatbot"]["draft"]["logoUrl"])


async def fetched(address: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        return await http.get(address, headers=headers)


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    (error,) = response.json()["errors"]
    return response.status_code, error["extensions"]["code"], error["message"]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
async def test_a_logo_is_served_by_us_as_soon_as_a_chatbot_uses_it(
    admin: GraphQLClient, visitor_of: VisitorOf, client_id: str, chatbot_id: str, kind: str
) -> None:
    # Nobody else's: the address of a picture follows from what it shows.
    sent = picture(kind, color=f"#{secrets.token_hex(3)}")
    told = await uploaded(admin, sent, client_id)
    assert told["sizeBytes"] == len(sent)
    assert told["sha256"] == hashlib.sha256(sent).hexdigest()
    assert (told["width"], told["height"]) == (64, 32)
    assert told["expiresAt"]
    assert (await fetched(told["url"])).status_code == 404, "nobody uses it yet"

    assert await with_logo(admin, chatbot_id, told["uploadId"]) == told["url"]
    served = await fetched(told["url"])
    assert served.status_code == 200
    assert served.headers["content-type"] == f"image/{kind.lower()}"
    assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in served.headers["content-security-policy"]
    assert served.headers["access-control-allow-origin"] == "*"
    assert hashlib.sha256(served.content).hexdigest() in told["url"]
    assert Image.open(BytesIO(served.content)).size == (64, 32)
    again = await fetched(told["url"], **{"If-None-Match": served.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

    await done(admin, "publishChatbot", {"id": chatbot_id}, "version { number }")
    document = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"
    key = (await admin.execute(document, {"id": chatbot_id}))["chatbot"]["embedKey"]
    visitor = await visitor_of(key)
    started = await visitor.execute(
        "mutation ($key: String!) { startVisit(input: {embedKey: $key}) {"
        " ... on StartVisitSuccess { chatbot { logoUrl bubbleIconUrl } } } }",
        {"key": key},
    )
    assert started["startVisit"]["chatbot"] == {"logoUrl": told["url"], "bubbleIconUrl": None}


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says it is huge."""
    small = bytearray(picture())
    small[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    small[29:33] = zlib.crc32(small[12:29]).to_bytes(4, "big")
    return bytes(small)


UNKNOWN = (415, "UNSUPPORTED_MEDIA_TYPE", "not a PNG or WebP")
BAD = {
    "svg": (SVG, *UNKNOWN),
    "html": (HTML, *UNKNOWN),
    "html before a picture": (HTML + picture(), *UNKNOWN),
    "gif": (moving_picture("GIF"), *UNKNOWN),
    "bmp": (picture("BMP"), *UNKNOWN),
    "nothing": (b"", *UNKNOWN),
    "signature alone": (picture()[:8], 400, "INVALID_INPUT", "broken"),
    "truncated": (picture(size=(400, 400))[:-200], 400, "INVALID_INPUT", "broken"),
    "truncated webp": (picture("WEBP", (400, 400))[:-20], 400, "INVALID_INPUT", "broken"),
    "bomb": (bomb(60_000, 60_000), 400, "INVALID_INPUT", f"at most {MAX_SIDE} by {MAX_SIDE}"),
    "too wide": (picture(size=(MAX_SIDE + 1, 1)), 400, "INVALID_INPUT", "at most 4096"),
    "too many bytes": (b"x" * (MAX_BYTES + 1), 413, "BODY_TOO_LARGE", f"{MAX_BYTES} bytes"),
    "far too many": (b"x" * (MAX_BODY_BYTES + 1), 413, "BODY_TOO_LARGE", "bytes"),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_file_gets_a_message_that_says_what_would_be_right(
    admin: GraphQLClient, server: ServerProcess, client_id: str, case: str
) -> None:
    content, *wanted, message = BAD[case]
    status, code, told = refusal(await upload(admin, content, client_id))
    assert [status, code] == wanted, told
    assert message in told
    async with database_of(server) as database:
        slug = (await client_of(admin, client_id))["slug"]
        assert await database.database["uploads"].count_documents({"client_id": slug}) == 0


async def client_of(caller: GraphQLClient, client_id: str) -> Json:
    document = "query ($id: ID!) { client(id: $id) { slug } }"
    found: Json = (await caller.execute(document, {"id": client_id}))["client"]
    return found


async def test_a_body_that_never_ends_is_cut_off_while_it_arrives(
    admin: GraphQLClient, client_id: str
) -> None:
    sent = 0

    async def endless() -> AsyncGenerator[bytes, None]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        while sent < 50 * MAX_BODY_BYTES:
            sent += 65_536
            yield b"x" * 65_536

    headers = admin.headers() | {"content-type": "multipart/form-data; boundary=x"}
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        try:
            response = await http.post(f"{admin.url}/uploads", content=endless(), headers=headers)
            assert response.status_code == 413
        except httpx.TransportError:
            pass  # the connection was closed before we could read the answer
    assert sent < 10 * MAX_BODY_BYTES


def with_hidden_things() -> bytes:
    """A picture that knows where it was taken, lies on its side, and ends in a page."""
    notes = PngInfo()
    notes.add_text("Comment", SECRET)
    notes.add_text("Long", SECRET * 10, zip=True)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, SECRET
    return picture(size=(40, 20), pnginfo=notes, exif=exif) + HTML


async def test_what_is_not_the_picture_is_not_kept(
    admin: GraphQLClient, client_id: str, chatbot_id: str
) -> None:
    told = await uploaded(admin, with_hidden_things(), client_id)
    served = (await fetched(await with_logo(admin, chatbot_id, told["uploadId"]))).content
    assert SECRET.encode() not in served
    assert b"script" not in served
    drawn = Image.open(BytesIO(served))
    drawn.load()
    assert (drawn.size, drawn.info, dict(drawn.getexif())) == ((20, 40), {}, {}), "upright and bare"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
async def test_of_a_moving_picture_the_first_frame_is_kept(
    admin: GraphQLClient, client_id: str, chatbot_id: str, kind: str
) -> None:
    told = await uploaded(admin, moving_picture(kind), client_id)
    served = await fetched(await with_logo(admin, chatbot_id, told["uploadId"]))
    drawn = Image.open(BytesIO(served.content))
    assert getattr(drawn, "n_frames", 1) == 1
    pixel = drawn.convert("RGB").getpixel((8, 8))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200, "red"
    assert pixel[2] < 50, "not blue"


async def test_a_large_picture_becomes_as_large_as_widgets_show_it(
    admin: GraphQLClient, client_id: str
) -> None:
    told = await uploaded(admin, picture(size=(MAX_SIDE, MAX_SIDE // 2)), client_id)
    assert (told["width"], told["height"]) == (KEPT_SIDE, KEPT_SIDE // 2)


async def test_who_may_upload(
    server: ServerProcess,
    make_client: MakeClient,
    nobody: GraphQLClient,
    person_of: PersonOf,
    visitor_of: VisitorOf,
    key_of: KeyOf,
) -> None:
    slug = new_slug()
    client_id, foreign = await make_client(slug), await make_client()
    editor, agent = await person_of(slug, "editor"), await person_of(slug, "agent")
    key, reader = await key_of(client_id, "CHATBOTS_WRITE"), await key_of(client_id, "ASK")
    refused = {
        nobody: (401, "UNAUTHENTICATED"),
        GraphQLClient(server.url, "nonsense"): (401, "UNAUTHENTICATED"),
        await visitor_of(): (403, "FORBIDDEN"),
        agent: (403, "FORBIDDEN"),
        reader: (403, "FORBIDDEN"),
    }
    for caller, wanted in refused.items():
        response = await upload(caller, picture(), client_id)
        assert refusal(response)[:2] == wanted
        if wanted[0] == 401:
            assert response.headers["www-authenticate"] == "Bearer"
    for caller in (editor, key):
        assert (await upload(caller, picture(), client_id)).status_code == 201
        assert (await upload(caller, picture())).status_code == 201, "its only client"
        unknown = str(global_id("Client", PydanticObjectId()))
        as_unknown = refusal(await upload(caller, picture(), unknown))
        assert as_unknown[:2] == (404, "NOT_FOUND")
        for one in (foreign, "nonsense", str(global_id("Chatbot", PydanticObjectId()))):
            assert refusal(await upload(caller, picture(), one)) == as_unknown


async def test_a_form_that_is_none_is_told_what_belongs_there(
    admin: GraphQLClient, client_id: str
) -> None:
    async def sent(**request: Any) -> tuple[int, str, str]:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            url = f"{admin.url}/uploads"
            return refusal(await http.post(url, headers=admin.headers(), **request))

    missing = await sent(data={"clientId": client_id})
    assert missing[:2] == (400, "INVALID_INPUT")
    assert "`file`" in missing[2]
    content = {"file": ("a", picture())}
    assert "`clientId`" in (await sent(files=content))[2], "an admin has no client of their own"
    kind = {"clientId": client_id, "kind": "VIDEO"}
    assert "LOGO" in (await sent(files=content, data=kind))[2]
    two = [("file", ("a", picture())), ("file", ("b", picture()))]
    assert (await sent(files=two, data={"clientId": client_id}))[0] == 400
    broken = await sent(content=b"--y")
    assert broken[0] == 400


async def test_another_clients_upload_is_like_an_unknown_one(
    admin: GraphQLClient, make_client: MakeClient, person_of: PersonOf
) -> None:
    slug = new_slug()
    client_id, foreign_id = await make_client(slug), await make_client()
    chatbot_id = await new_chatbot(admin, client_id)
    editor = await person_of(slug, "editor")
    foreign = (await uploaded(admin, picture(color="#123456"), foreign_id))["uploadId"]
    answers = []
    for upload_id in (foreign, str(global_id("Upload", PydanticObjectId())), "nonsense", ""):
        given = {"id": chatbot_id, "settings": {"logoUploadId": upload_id}}
        answers.append(await mutate(editor, "updateChatbot", given, LOGOS, ISSUES))
    assert answers[1:] == answers[:-1]
    (issue,) = answers[0]["issues"]
    assert issue["path"] == ["input", "settings", "logoUploadId"]
    assert "upload it again" in issue["message"]


async def test_an_address_and_an_upload_do_not_go_together(
    admin: GraphQLClient, client_id: str, chatbot_id: str
) -> None:
    told = await uploaded(admin, picture(), client_id)
    settings = {"logoUploadId": told["uploadId"], "logoUrl": "https://example.com/a.png"}
    given = {"id": chatbot_id, "settings": settings}
    result = await mutate(admin, "updateChatbot", given, LOGOS, ISSUES)
    assert result["issues"][0]["path"] == ["input", "settings", "logoUploadId"]

    await with_logo(admin, chatbot_id, told["uploadId"])
    for cleared in ({"logoUploadId": None}, {"logoUrl": None}):
        given = {"id": chatbot_id, "settings": {"logoUrl": told["url"]}}
        kept = await done(admin, "updateChatbot", given, LOGOS)
        assert kept["chatbot"]["draft"]["logoUrl"] == told["url"], "what the API gave may come back"
        emptied = await done(admin, "updateChatbot", {"id": chatbot_id, "settings": cleared}, LOGOS)
        assert emptied["chatbot"]["draft"]["logoUrl"] is None
    unknown = f"{admin.url}/uploads/{'0' * 64}.png"
    given = {"id": chatbot_id, "settings": {"logoUrl": unknown}}
    result = await mutate(admin, "updateChatbot", given, LOGOS, ISSUES)
    assert "upload it again" in result["issues"][0]["message"]


async def test_the_same_picture_is_stored_once_however_many_send_it_at_once(
    admin: GraphQLClient, server: ServerProcess, client_id: str
) -> None:
    responses = await asyncio.gather(*[upload(admin, picture(), client_id) for _ in range(12)])
    assert {one.status_code for one in responses} <= {201, 503}
    accepted = [one.json() for one in responses if one.status_code == 201]
    assert accepted
    assert len({one["uploadId"] for one in accepted}) == 1
    slug = (await client_of(admin, client_id))["slug"]
    async with database_of(server) as database:
        assert await database.database["uploads"].count_documents({"client_id": slug}) == 1
        entries = database.database["audit_log"].find({"client_id": slug, "action": "upload"})
        assert len(await entries.to_list()) == len(accepted)


async def test_unused_uploads_go_and_used_ones_stay(
    admin: GraphQLClient, server: ServerProcess, client_id: str, chatbot_id: str
) -> None:
    used = await uploaded(admin, picture(color="#000001"), client_id)
    unused = await uploaded(admin, picture(color="#000002"), client_id)
    await with_logo(admin, chatbot_id, used["uploadId"])
    ids = [local_id(one["uploadId"], "Upload") for one in (used, unused)]
    async with database_of(server) as database:
        uploads = database.database["uploads"]
        kept, expiring = [await uploads.find_one({"_id": one}) for one in ids]
        assert kept
        assert expiring
        assert kept["expires_at"] is None
        left = expiring["expires_at"] - utc_now()
        assert timedelta(hours=23) < left <= timedelta(hours=24)
        indexes = await uploads.index_information()
        assert indexes["expiry"]["expireAfterSeconds"] == 0


async def test_a_client_may_have_a_bounded_number_of_pictures(
    admin: GraphQLClient, server: ServerProcess, client_id: str
) -> None:
    slug = (await client_of(admin, client_id))["slug"]
    many = [
        {"client_id": slug, "content_hash": f"{number}", "expires_at": None}
        for number in range(MAX_UPLOADS)
    ]
    async with database_of(server) as database:
        await database.database["uploads"].insert_many(many)
    status, code, message = refusal(await upload(admin, picture(), client_id))
    assert (status, code) == (409, "LIMIT_REACHED")
    assert str(MAX_UPLOADS) in message


async def test_a_page_reads_the_answer_only_where_it_may(
    production: ServerProcess, production_admin: GraphQLClient
) -> None:
    made = await done(
        production_admin, "createClient", {"slug": new_slug(), "name": "A"}, "client { id }"
    )
    production_admin.origin = "https://dashboard.example.com"
    response = await upload(production_admin, picture(), made["client"]["id"])
    assert response.status_code == 201
    assert response.headers["access-control-allow-origin"] == production_admin.origin
    production_admin.origin = "https://elsewhere.example"
    assert refusal(await upload(production_admin, picture()))[:2] == (403, "ORIGIN_NOT_ALLOWED")


async def test_a_used_picture_is_gone_with_its_client(
    admin: GraphQLClient, make_client: MakeClient
) -> None:
    slug = new_slug()
    client_id = await make_client(slug)
    chatbot_id = await new_chatbot(admin, client_id)
    told = await uploaded(admin, picture(color="#abcdef"), client_id)
    await with_logo(admin, chatbot_id, told["uploadId"])
    assert (await fetched(told["url"])).status_code == 200
    given = {"id": client_id, "confirmSlug": slug}
    receipt = await done(admin, "deleteClient", given, "erased { collection documents }")
    assert {"collection": "uploads", "documents": 1} in receipt["erased"]
    assert (await fetched(told["url"])).status_code == 404


async def test_paths_that_are_no_pictures_find_nothing(server: ServerProcess) -> None:
    for path in ("x.png", f"{'0' * 64}.gif", f"{'0' * 64}.png", "..%2f..%2fsecret.key"):
        assert (await fetched(f"{server.url}/uploads/{path}")).status_code == 404
    assert json.loads((await fetched(f"{server.url}/uploads/x.png")).text)
