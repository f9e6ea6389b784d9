"""Addresses of integrations: checked, sealed, and what people read instead of them."""

import asyncio
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from documents.ids import PydanticObjectId
from documents.integrations import Integration, IntegrationKindName
from documents.tenancy import TenantScope
from services.field_checks import MAX_URL, FieldChecks
from services.integrations.apprise_program.program import NoProgramError
from services.integrations.channels.apprise_services import (
    AppriseNotices,
    UnusableServiceError,
)
from services.integrations.channels.mails import MOST_ADDRESSES
from services.integrations.channels.telegram import (
    TelegramNotices,
    TelegramRefusalError,
    TelegramUnreachableError,
)
from services.integrations.hiding import secrets_in_service
from services.outgoing.errors import UnsafeAddressError
from services.outgoing.guard import AddressGuard, GuardPolicy
from services.outgoing.resolving import Resolver
from services.refusals import RefusedError
from services.sealing.sealing import Resealing, Sealer

LOOK_SECONDS = 3.0
"""For looking up a name; what is found out later fails the first attempt."""

_BOT_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{10,100}")
"""A bot's number and its secret; it stands in a path, so nothing else may be in it."""

_SCHEME = re.compile(r"[a-z0-9]{1,40}")
MAX_CHAT = 100

Address = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to, with its secrets."""

    kind: IntegrationKindName
    address: Address = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckedTarget:
    """A target that was found to be good, and what people read instead of it."""

    target: Target
    label: str


class Targets:
    """Checks targets."""

    def __init__(
        self,
        telegram: TelegramNotices,
        apprise: AppriseNotices,
        allowed: Iterable[str],
        resolver: Resolver | None = None,
    ) -> None:
        """`allowed` are hosts, addresses and networks that may be private."""
        self._telegram = telegram
        self._apprise = apprise
        self._guard = AddressGuard(GuardPolicy.public_only(allowed), resolver)

    async def checked(self, target: Target) -> CheckedTarget:
        """The target as it is stored.

        Raises:
            InvalidFieldsError: it is none, with what is wrong about it.
            RefusedError: UNSAFE_ADDRESS or UPSTREAM_FAILED.
        """
        checks = FieldChecks("input", "target")
        match target.kind:
            case "email":
                found = checked_mailboxes(target, checks)
                checks.done()
                return found
            case "telegram":
                return await self._chat(target, checks)
            case "apprise":
                return await self._service(target, checks)
            case _:
                return await self._url(target, checks)

    async def _url(self, target: Target, checks: FieldChecks) -> CheckedTarget:
        name = _FIELDS[target.kind]
        url = str(target.address["url"]).strip()
        checks.web_address(name, url)
        checks.done()
        await self._demand_callable(name, url, checks)
        parts = urlsplit(url)
        label = f"{parts.scheme}://{parts.netloc}/…"
        return CheckedTarget(Target(target.kind, {"url": url}), label)

    async def _demand_callable(self, name: str, url: str, checks: FieldChecks) -> None:
        """Refuse an address that the guard would not let any attempt call."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        try:
            self._guard.check_url(parts.scheme, host)
            async with asyncio.timeout(LOOK_SECONDS):
                await self._guard.resolve(host, parts.port or 443)
        except UnsafeAddressError as problem:
            message = f"This address may not be called: {problem}"
            raise RefusedError("UNSAFE_ADDRESS", message, "input", "target", name) from problem
        except UnicodeError:
            checks.wrong(name, "names a host that cannot be: a part of it is empty or too long")
            checks.done()
        except (OSError, TimeoutError):
            pass  # perhaps it can be looked up later

    async def _service(self, target: Target, checks: FieldChecks) -> CheckedTarget:
        url = checks.line("appriseUrl", str(target.address["apprise_url"]), longest=MAX_URL)
        scheme = url.partition("://")[0].lower()
        if not _SCHEME.fullmatch(scheme) or "://" not in url:
            checks.wrong("appriseUrl", "is not an address of Apprise's, such as ntfys://my-topic")
        checks.done()
        try:
            service = await self._apprise.look(url)
        except UnusableServiceError as problem:
            checks.wrong("appriseUrl", str(problem))
            checks.done()
            raise
        except NoProgramError as problem:
            message = "It cannot be found out now what this address stands for: try again."
            raise RefusedError("UPSTREAM_FAILED", message, "input", "target") from problem
        await self._demand_callable("appriseUrl", service.first_url, checks)
        label = f"{service.name} ({scheme}://…)"
        return CheckedTarget(Target("apprise", {"apprise_url": url}), label)

    async def _chat(self, target: Target, checks: FieldChecks) -> CheckedTarget:
        token, chat = str(target.address["bot_token"]).strip(), str(target.address["chat_id"])
        inner = checks.within("telegram")
        if not _BOT_TOKEN.fullmatch(token):
            inner.wrong("botToken", "is not a bot's token, such as 123456:ABC-DEF1234ghIkl")
        chat = inner.line("chatId", chat, longest=MAX_CHAT)
        checks.done()
        try:
            label = await self._telegram.check(token, chat)
        except TelegramRefusalError as problem:
            inner.wrong("botToken" if "token" in str(problem) else "chatId", str(problem))
            checks.done()
            raise
        except TelegramUnreachableError as problem:
            message = f"Telegram cannot be asked about the bot now: {problem}"
            raise RefusedError("UPSTREAM_FAILED", message, "input", "target") from problem
        return CheckedTarget(Target("telegram", {"bot_token": token, "chat_id": chat}), label)


def checked_mailboxes(target: Target, checks: FieldChecks) -> CheckedTarget:
    """Addresses of mails; what is wrong about them is noted."""
    given = list(target.address["addresses"])
    if not given:
        checks.wrong("emails", "Give at least one address.")
    checks.at_most("emails", given, MOST_ADDRESSES)
    addresses = list(dict.fromkeys(checks.email("emails", one) for one in given))
    return CheckedTarget(Target("email", {"addresses": addresses}), ", ".join(addresses))


_FIELDS: Mapping[IntegrationKindName, str] = {
    "webhook": "webhookUrl",
    "slack": "slackWebhookUrl",
    "discord": "discordWebhookUrl",
}


class TargetSeals:
    """Seals what integrations keep secret, and opens it for an attempt."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def sealed(self, integration_id: PydanticObjectId, target: Target) -> str:
        """A target, so that only its own integration opens it."""
        return self._sealer.seal(json.dumps(target.address), owner=_target_owner(integration_id))

    def opened(self, integration: Integration) -> Address:
        """A target with its secrets.

        Raises:
            UnsealError: it was sealed with another secret key.
        """
        opened = self._sealer.open(integration.sealed_target, owner=_target_owner(integration.id))
        address: Address = json.loads(opened)
        return address

    def sealed_key(self, integration_id: PydanticObjectId, secret: str) -> str:
        """A key that signs."""
        return self._sealer.seal(secret, owner=_key_owner(integration_id))

    def opened_key(self, integration_id: PydanticObjectId, sealed: str) -> str:
        """A key that signs, opened.

        Raises:
            UnsealError: it was sealed with another secret key.
        """
        return self._sealer.open(sealed, owner=_key_owner(integration_id))


def secrets_of(address: Address, keys: Collection[str]) -> list[str]:
    """What may stand in no log and no excerpt."""
    told = [one for name, one in address.items() if name in {"url", "bot_token"}]
    services = [one for name, one in address.items() if name == "apprise_url"]
    hidden = [secret for one in services for secret in secrets_in_service(str(one))]
    return [*(one for one in told if isinstance(one, str)), *hidden, *keys]


async def reseal_integrations(resealing: Resealing) -> int:
    """Seal all that integrations keep secret with the installation's new secret; how many."""
    count = 0
    integrations = TenantScope.every_client().of(Integration)
    async for stored in integrations.raw.find(integrations.condition()):
        one = Integration.model_validate(stored)
        changed: dict[str, str] = {}
        if target := resealing.resealed(one.sealed_target, owner=_target_owner(one.id)):
            changed["sealed_target"] = target
        for place, key in enumerate(one.signing_keys):
            if anew := resealing.resealed(key.sealed_secret, owner=_key_owner(one.id)):
                changed[f"signing_keys.{place}.sealed_secret"] = anew
        if changed:
            await integrations.update_one({"_id": one.id}, {"$set": changed})
            count += len(changed)
    return count


def _target_owner(integration_id: PydanticObjectId) -> str:
    return f"integration/{integration_id}/target"


def _key_owner(integration_id: PydanticObjectId) -> str:
    return f"integration/{integration_id}/key"
