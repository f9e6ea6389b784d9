"""Pictures in a chatbot's settings, which were uploaded here: visitors' pages ask no other host.

The settings hold the path, so that they outlive a change of the installation's domain; the picture
is kept from then on.
"""

from collections.abc import Mapping
from typing import Any

from documents.transactions import WriteSession
from services.field_checks import FieldChecks
from services.uploads.uploads import TooManyUploadsError, Uploads

URL_OF_UPLOAD = {"logo_upload_id": "logo_url", "bubble_icon_upload_id": "bubble_icon_url"}
"""By which setting each upload is shown."""

_NAMES = {
    "logo_upload_id": "logoUploadId",
    "bubble_icon_upload_id": "bubbleIconUploadId",
    "logo_url": "logoUrl",
    "bubble_icon_url": "bubbleIconUrl",
}


class Logos:
    """Finds out what the pictures of a change mean for one client."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    async def settled(
        self,
        change: Mapping[str, Any],
        client_id: str,
        checks: FieldChecks,
        session: WriteSession,
    ) -> dict[str, Any]:
        """The change with addresses in the place of uploads; problems are noted in `checks`."""
        settled = {field: value for field, value in change.items() if field not in URL_OF_UPLOAD}
        for upload, url in URL_OF_UPLOAD.items():
            if change.get(upload) is not None:
                settled[url] = await self._uploaded(change, upload, client_id, checks, session)
            elif upload in change:
                settled.setdefault(url, None)
            elif change.get(url) is not None:
                settled[url] = await self._linked(change[url], url, client_id, checks, session)
        return settled

    async def _uploaded(
        self,
        change: Mapping[str, Any],
        field: str,
        client_id: str,
        checks: FieldChecks,
        session: WriteSession,
    ) -> str | None:
        if change.get(URL_OF_UPLOAD[field]) is not None:
            checks.wrong(_NAMES[field], f"goes without {_NAMES[URL_OF_UPLOAD[field]]}")
            return None
        path = await self._uploads.used(change[field], client_id, session)
        if path is None:
            problem = "is no upload of this client, or was not used for 24 hours; upload it again"
            checks.wrong(_NAMES[field], problem)
        return path

    async def _linked(
        self,
        address: str,
        field: str,
        client_id: str,
        checks: FieldChecks,
        session: WriteSession,
    ) -> str:
        path = self._uploads.path_in(address)
        if path is None:
            checks.wrong(_NAMES[field], _elsewhere(field))
            return address
        try:
            if not await self._uploads.shared(path, client_id, session):
                checks.wrong(_NAMES[field], "is no picture that is here any more; upload it again")
        except TooManyUploadsError as error:
            checks.wrong(_NAMES[field], str(error))
        return path


def _elsewhere(field: str) -> str:
    upload = next(_NAMES[upload] for upload, url in URL_OF_UPLOAD.items() if url == field)
    return f"is no picture that was uploaded here; send it to POST /uploads and give {upload}"
