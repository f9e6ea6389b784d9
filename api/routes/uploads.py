"""/uploads: pictures and knowledge in, by people and servers; pictures out, to everybody.

What comes in is a form (multipart) with a bearer token, as a browser's file input makes it. What
goes out is what we drew ourselves, under an address that names its content.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import JSONResponse, Response

from documents.clients import Client
from documents.tenancy import TenantScope
from graphql_schema.audit.changing import actor_of
from graphql_schema.errors import AuthorizationError
from graphql_schema.node import global_id, local_id
from graphql_schema.scopes import Scope
from graphql_schema.viewers import ApiKeyViewer, MemberViewer, VisitorViewer
from services.audit.acts import Act, acting
from services.knowledge.extraction.limits import LARGEST_FILE_BYTES
from services.knowledge.files import KnowledgeFiles, UnacceptableFileError
from services.refusals import LimitReachedError, UnknownTargetError
from services.uploads.addresses import FOLDER, picture_hash
from services.uploads.pictures import PictureError, PicturesBusyError, UnknownPictureError
from services.uploads.uploads import MAX_BYTES, Uploaded, Uploads, served

PATH: Final = "/uploads"
MAX_BODY_BYTES: Final = LARGEST_FILE_BYTES + 100_000
"""The largest file with what a form puts around it."""

BODY_SECONDS: Final = 60.0
"""For the whole body: a slow line has the time, and nobody holds a place for ever."""

KINDS: Final = frozenset({"LOGO", "KNOWLEDGE"})
SCOPES: Final = {"LOGO": Scope.CHATBOTS_WRITE, "KNOWLEDGE": Scope.KNOWLEDGE_WRITE}
"""What an API key needs for each of them."""

MAX_FIELDS: Final = 10
MAX_FIELD_BYTES: Final = 1_000
BUSY_AGAIN_AFTER_S: Final = 5

SERVED_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}

router = APIRouter(include_in_schema=False)


class UploadRefusedError(Exception):
    """An upload is not accepted.

    Attributes:
        status: of the response.
        code: for programs.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@router.post(PATH)
async def upload(request: Request) -> Response:
    """Take a file: `file`, its `kind`, and `clientId` of who works for more than one client."""
    try:
        return await _taken(request)
    except UploadRefusedError as refusal:
        return _refused(refusal)


@router.api_route(FOLDER + "{name}", methods=["GET", "HEAD"])
async def picture(name: str, request: Request) -> Response:
    """A picture that was uploaded."""
    content_hash = picture_hash(FOLDER + name)
    found = await served(content_hash) if content_hash else None
    if found is None:
        raise HTTPException(404)
    headers = {**SERVED_HEADERS, "ETag": f'"{content_hash}"'}
    if content_hash and content_hash in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.content_type, headers=headers)


async def _taken(request: Request) -> Response:
    member = await _member(request)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            form = await request.form(
                max_files=1, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES
            )
    except TimeoutError as error:
        message = f"The file must arrive within {BODY_SECONDS:.0f} seconds."
        raise UploadRefusedError(408, "TIMEOUT", message) from error
    try:
        client_id = await _client_of(member, form)
        kind = _kind(form)
        _demand_scope(member, SCOPES[kind])
        file = _file(form, LARGEST_FILE_BYTES if kind == "KNOWLEDGE" else MAX_BYTES)
        content = await file.read()
    finally:
        await form.close()
    with acting(Act(actor_of(member, _address(request)), "upload")):
        if kind == "KNOWLEDGE":
            return await _knowledge(request, client_id, content, file, member)
        uploads: Uploads = request.app.state.wiring.services.uploads
        return _accepted(await _stored(uploads, client_id, content, member), request)


async def _knowledge(
    request: Request, client_id: str, content: bytes, file: UploadFile, member: MemberViewer
) -> Response:
    files: KnowledgeFiles = request.app.state.wiring.services.knowledge_files
    try:
        kept = await files.take(
            client_id,
            content,
            name=file.filename or "",
            declared_type=file.content_type,
            by=member.user_id,
        )
    except UnacceptableFileError as error:
        raise UploadRefusedError(400, "INVALID_INPUT", str(error)) from error
    except LimitReachedError as error:
        raise UploadRefusedError(409, "LIMIT_REACHED", str(error)) from error
    except UnknownTargetError as error:
        raise _unknown_client() from error
    body = {
        "uploadId": global_id("Upload", kept.id),
        "sizeBytes": kept.size_bytes,
        "sha256": kept.sha256,
        "expiresAt": kept.expires_at.isoformat() if kept.expires_at else None,
    }
    return JSONResponse(body, 201)


async def _stored(
    uploads: Uploads, client_id: str, content: bytes, member: MemberViewer
) -> Uploaded:
    try:
        return await uploads.take(client_id, "logo", content, by=member.user_id)
    except UnknownPictureError as error:
        raise UploadRefusedError(415, "UNSUPPORTED_MEDIA_TYPE", str(error)) from error
    except PictureError as error:
        raise UploadRefusedError(400, "INVALID_INPUT", str(error)) from error
    except LimitReachedError as error:
        raise UploadRefusedError(409, "LIMIT_REACHED", str(error)) from error
    except PicturesBusyError as error:
        raise UploadRefusedError(503, "UNAVAILABLE", str(error)) from error
    except UnknownTargetError as error:
        raise _unknown_client() from error


async def _member(request: Request) -> MemberViewer:
    """Who uploads: a person, or a server that may change chatbots or knowledge."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise _unauthorized(AuthorizationError("UNAUTHENTICATED"))
    try:
        viewer = await request.app.state.wiring.identify(token.strip())
    except AuthorizationError as error:
        raise _unauthorized(error) from error
    if isinstance(viewer, VisitorViewer):
        raise _unauthorized(AuthorizationError("FORBIDDEN"))
    member: MemberViewer = viewer
    _demand_scope(member, *SCOPES.values())
    return member


def _demand_scope(member: MemberViewer, *scopes: Scope) -> None:
    """Stop a server whose key has none of these scopes."""
    if isinstance(member, ApiKeyViewer) and not any(
        one.value in member.key.scopes for one in scopes
    ):
        raise _unauthorized(AuthorizationError("FORBIDDEN"))


async def _client_of(member: MemberViewer, form: FormData) -> str:
    """Whose picture it will be, as a slug; the client must be the caller's to edit."""
    editable, named = member.scope("editor"), form.get("clientId")
    if named is None:
        if editable.client_ids is None or len(editable.client_ids) != 1:
            message = "`clientId` is needed: the picture could be of more than one client, or none."
            raise UploadRefusedError(400, "INVALID_INPUT", message)
        (only,) = editable.client_ids
        return only
    client_id = local_id(named, Client.__name__) if isinstance(named, str) else None
    client = await _seen_client(member.scope(), client_id) if client_id else None
    if client is None:
        raise _unknown_client()
    if not editable.admits(client.client_id):
        raise _unauthorized(AuthorizationError("FORBIDDEN"))
    return client.client_id


async def _seen_client(scope: TenantScope, client_id: Any) -> Client | None:
    return await scope.of(Client).get(client_id)


def _kind(form: FormData) -> str:
    kind = form.get("kind", "LOGO")
    if not isinstance(kind, str) or kind not in KINDS:
        message = "`kind` must be LOGO or KNOWLEDGE; left out, it is LOGO."
        raise UploadRefusedError(400, "INVALID_INPUT", message)
    return kind


def _file(form: FormData, most_bytes: int) -> UploadFile:
    file = form.get("file")
    if not isinstance(file, UploadFile):
        message = "The form needs a field `file` with a file in it (multipart/form-data)."
        raise UploadRefusedError(400, "INVALID_INPUT", message)
    if (file.size or 0) > most_bytes:
        message = f"A file of this kind may have at most {most_bytes} bytes."
        raise UploadRefusedError(413, "BODY_TOO_LARGE", message)
    return file


def _accepted(uploaded: Uploaded, request: Request) -> Response:
    stored = uploaded.upload
    body = {
        "uploadId": global_id("Upload", stored.id),
        "sizeBytes": uploaded.size_bytes,
        "sha256": uploaded.sha256,
        "url": request.app.state.settings.base_url + uploaded.path,
        "contentType": stored.content_type,
        "width": stored.width,
        "height": stored.height,
        "expiresAt": stored.expires_at.isoformat() if stored.expires_at else None,
    }
    return JSONResponse(body, 201)


def _refused(refusal: UploadRefusedError) -> Response:
    body = {"errors": [{"message": str(refusal), "extensions": {"code": refusal.code}}]}
    headers = {}
    if refusal.status == 401:  # noqa: PLR2004
        headers["WWW-Authenticate"] = "Bearer"
    if refusal.status == 503:  # noqa: PLR2004
        headers["Retry-After"] = str(BUSY_AGAIN_AFTER_S)
    return JSONResponse(body, refusal.status, headers)


def _unauthorized(error: AuthorizationError) -> UploadRefusedError:
    return UploadRefusedError(403 if error.code == "FORBIDDEN" else 401, error.code, error.message)


def _unknown_client() -> UploadRefusedError:
    return UploadRefusedError(404, "NOT_FOUND", "There is no client with this id.")


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None
