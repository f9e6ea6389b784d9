"""Connecting a site's plugin: a person makes a code, the plugin gives it back once for its keys.

Nothing secret is in the plugin's ZIP. The code is spent in the same transaction that makes an API
key with the plugin's scopes and a signing key of the plugin's own. Both are listed with the
client's others, and revoking the API key ends both.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from documents.api_keys import ApiKey, ScopeName
from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.ids import PydanticObjectId
from documents.plugin_connections import PluginConnection
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.accounts.api_keys import ApiKeys
from services.audit.audit_log import record_about
from services.clients.signing_keys import SigningKeys
from services.field_checks import FieldChecks
from services.refusals import RefusedError
from services.sealing.tokens import fingerprint, new_token

CODE_LIVES: Final = timedelta(minutes=15)
CODE_BEGINS: Final = "plc_"
PLUGIN_SCOPES: Final[tuple[ScopeName, ...]] = ("knowledge_write", "visitors_write")
"""Content sync; export and erasure of visitors."""

MAX_NAME: Final = 100


class ConnectionCodeError(RefusedError):
    """The code is unknown, used or expired, or is for another chatbot or site."""

    def __init__(self, message: str) -> None:
        super().__init__("INVALID_TOKEN", message, "code")


@dataclass(frozen=True, slots=True)
class Connected:
    """What a plugin gets, this once."""

    chatbot: Chatbot
    api_key: ApiKey
    api_secret: str
    signing_key_id: str
    signing_secret: str


class PluginConnections:
    """Makes connection codes, and exchanges them."""

    def __init__(
        self, transactions: Transactions, api_keys: ApiKeys, signing_keys: SigningKeys
    ) -> None:
        self._transactions = transactions
        self._api_keys = api_keys
        self._signing_keys = signing_keys

    async def create(
        self, chatbot: Chatbot, site_url: str | None, *, by: PydanticObjectId | None
    ) -> tuple[str, datetime]:
        """A code for a chatbot, and until when it can be used.

        Raises:
            InvalidFieldsError: the site's address is none.
        """
        code = CODE_BEGINS + new_token()
        connection = PluginConnection(
            client_id=chatbot.client_id,
            chatbot_id=chatbot.id,
            code_hash=fingerprint(code),
            site_url=_checked_site(site_url),
            created_by=by,
            expires_at=utc_now() + CODE_LIVES,
        )

        async def store(session: WriteSession) -> None:
            own = TenantScope.one(chatbot.client_id).of(PluginConnection)
            await own.insert(connection, session=session)
            noted = {"connectionFor": site_url or "any site"}
            await record_about(
                session, Chatbot, chatbot.id, client_id=chatbot.client_id, noted=noted
            )

        await self._transactions.run_transaction(store)
        return code, connection.expires_at

    async def exchange(self, embed_key: str, code: str, site_url: str) -> Connected:
        """Spend a code. Of several who show it at once, one gets the keys.

        Raises:
            ConnectionCodeError: it is of no use for this chatbot and site.
            LimitReachedError: the client has as many API keys as it may; the code stays good.
        """

        async def spend(session: WriteSession) -> Connected:
            codes = TenantScope.every_client().of(PluginConnection)
            good = {"code_hash": fingerprint(code), "expires_at": {"$gt": utc_now()}}
            spent = await codes.delete_one(good, session)
            if spent is None:
                message = (
                    "This connection code is unknown, was used or has expired. Make a new one."
                )
                raise ConnectionCodeError(message)
            chatbot = await TenantScope.one(spent.client_id).of(Chatbot).get(spent.chatbot_id)
            if chatbot is None or chatbot.embed_key != embed_key:
                message = "This connection code is for another chatbot. Make one for this chatbot."
                raise ConnectionCodeError(message)
            if spent.site_url is not None and _place(spent.site_url) != _place(site_url):
                message = f"This connection code is for {spent.site_url}. Make one for this site."
                raise ConnectionCodeError(message)
            return await self._connected(chatbot, spent.created_by, site_url, session)

        return await self._transactions.run_transaction(spend)

    async def _connected(
        self,
        chatbot: Chatbot,
        by: PydanticObjectId | None,
        site_url: str,
        session: WriteSession,
    ) -> Connected:
        name = f"WordPress {urlsplit(site_url).netloc}"[:MAX_NAME].strip()
        api_key, secret = await self._api_keys.add(
            chatbot.client_id, name, PLUGIN_SCOPES, by=by, session=session
        )
        signing_key, signing_secret = await self._signing_keys.add_for_plugin(
            chatbot.client_id, api_key.id, session
        )
        return Connected(chatbot, api_key, secret, signing_key.key_id, signing_secret)

    async def end(self, api_key: ApiKey) -> None:
        """Revoke a plugin's keys, on the plugin's own wish."""
        await self._api_keys.revoke(TenantScope.one(api_key.client_id), api_key.id)


def _checked_site(site_url: str | None) -> str | None:
    if site_url is None or not site_url.strip():
        return None
    checks = FieldChecks("input")
    cleaned = checks.web_address("siteUrl", site_url.strip())
    checks.done()
    return cleaned


def _place(address: str) -> tuple[str, str]:
    """A site, however its address is written: with http or https, with or without a last slash."""
    parts = urlsplit(address.strip())
    return parts.netloc.lower(), parts.path.rstrip("/")
