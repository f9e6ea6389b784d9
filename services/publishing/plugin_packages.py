"""The WordPress plugin of one chatbot, as a file with a link that works once."""

import asyncio
from dataclasses import dataclass

from documents.chatbots import Chatbot
from documents.clients import Client
from documents.tenancy import TenantScope
from documents.transactions import Transactions
from services.downloads.downloads import Downloads, Link
from services.refusals import UnknownTargetError
from wordpress_plugin.package import Flavour, Package, PluginValues, plugin_package

MEDIA_TYPE = "application/zip"


@dataclass(frozen=True, slots=True)
class PackedPlugin:
    """A package that waits to be fetched."""

    package: Package
    link: Link


class PluginPackages:
    """Packs the plugin with a chatbot's values; none of them is secret."""

    def __init__(self, transactions: Transactions, downloads: Downloads, public_url: str) -> None:
        self._transactions = transactions
        self._downloads = downloads
        self._public_url = public_url

    async def packed(self, chatbot: Chatbot, flavour: Flavour) -> Package:
        """The package; the same bytes for the same values.

        Raises:
            UnknownTargetError: the chatbot's client is not there any more.
        """
        client = await TenantScope.one(chatbot.client_id).of(Client).find_one({})
        if client is None:
            raise UnknownTargetError("chatbotId")
        values = PluginValues(
            server_url=self._public_url,
            chatbot=chatbot.embed_key,
            client_slug=client.client_id,
            client_name=client.name,
            flavour=flavour,
        )
        return await asyncio.to_thread(plugin_package, values)

    async def handed_out(self, chatbot: Chatbot, flavour: Flavour) -> PackedPlugin:
        """The package behind a link that opens it once.

        Raises:
            UnknownTargetError: the chatbot's client is not there any more.
        """
        package = await self.packed(chatbot, flavour)
        file = self._downloads.begin(chatbot.client_id)
        await file.write(package.content)
        await file.end()
        link = await self._transactions.run_transaction(
            lambda session: file.hand_over(session, package.file_name, MEDIA_TYPE)
        )
        return PackedPlugin(package, link)
