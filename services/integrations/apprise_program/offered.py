"""Which of Apprise's services are offered: those that are reached by HTTP, and by nothing else.

The others write to this machine (its log, its desktop), or open connections of their own, which no
guard would see. A job could open none anyway; it is refused here so that people are told why.
"""

from importlib import import_module

from apprise.asset import AppriseAsset
from apprise.common import OverflowMode, PersistentStoreMode
from apprise.manager_plugins import NotificationManager
from apprise.plugins import NotifyBase

NOT_BY_HTTP = frozenset(
    {
        *("blink1", "dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"),
        *("amqp", "amqps", "aprs", "deltachat", "deltachats", "growl", "irc", "ircs"),
        *("mailto", "mailtos", "mqtt", "mqtts", "nostr", "rsyslog", "smpp", "smpps"),
        *("session", "sessions", "sogs", "xmpp", "xmpps"),
    }
)
"""Schemes of services on this machine, or of other protocols."""

_LOADED_LATE = ("netrc", "idna", "markdown", "apprise.compat.markdown33")
_CODECS = ("ascii", "latin-1", "cp1252", "utf-16", "idna", "unicode_escape")


def load_services() -> None:
    """Load every service, and what services load when they speak: later no file can be read."""
    for module in _LOADED_LATE:
        import_module(module)
    for codec in _CODECS:
        "x".encode(codec)
    services = NotificationManager()
    services.load_modules()
    services.disable(*NOT_BY_HTTP)
    NotifyBase.overflow_mode = OverflowMode.TRUNCATE
    for service in (NotifyBase, *services.plugins()):
        # Seconds that Apprise sleeps between the requests of one address: with seven receivers no
        # attempt would come to its end in time, and each would tell the first ones again.
        service.request_rate_per_sec = 0


def is_known(scheme: str) -> bool:
    """Whether Apprise has a service of this name at all."""
    return scheme in NotificationManager()


def asset() -> AppriseAsset:
    """How messages look and what services may do: no pictures, no files, no detours."""
    return AppriseAsset(
        app_id="Parlance",
        app_desc="Notices of Parlance",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        image_path_mask="",
        http_redirects=False,
        async_mode=False,
        default_service_retry=0,
        interpret_emojis=False,
        pgp_autogen=False,
        pem_autogen=False,
        storage_mode=PersistentStoreMode.MEMORY,
        timezone="UTC",
        language="en",
    )
