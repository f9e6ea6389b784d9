"""Why a page was not read, for the owner of the site.

FetchError
├── ForbiddenByRobotsError   the site does not want it
└── LeaveAloneError          the server asked for a pause longer than a run lasts
"""

import httpx

from services.outgoing.errors import (
    AnswerEncodedError,
    AnswerTooLargeError,
    AnswerTooLateError,
    OutgoingError,
    UnsafeAddressError,
)

_MIB = 1024 * 1024


class FetchError(Exception):
    """A page cannot be read.

    Attributes:
        sentence: Why.
        passing: It may go away by itself.
        retry_after_s: How long the server asked to wait, in seconds.
    """

    def __init__(self, sentence: str, *, passing: bool, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.passing = passing
        self.retry_after_s = retry_after_s


class ForbiddenByRobotsError(FetchError):
    """The site's robots.txt keeps us out."""


class LeaveAloneError(FetchError):
    """The server is busy for longer than is waited for: the whole run ends."""


def refused(error: OutgoingError) -> FetchError:
    """What one of our own limits said."""
    match error:
        case UnsafeAddressError():
            return FetchError(
                f"{error.host} may not be read from this server: {error.reason}.", passing=False
            )
        case AnswerTooLargeError():
            return FetchError(
                f"The page is larger than {error.limit_bytes // _MIB} MB.", passing=False
            )
        case AnswerTooLateError():
            return FetchError(
                f"{error.host} did not send the page within {error.deadline_s:g} seconds.",
                passing=True,
            )
        case AnswerEncodedError():
            return FetchError(
                f"{error.host} sent the page packed in a way that was not asked for.", passing=False
            )
    return FetchError(f"{error.host} could not be read.", passing=True)


def failed(error: httpx.HTTPError | httpx.InvalidURL, host: str) -> FetchError:
    """What the network said."""
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return FetchError("The address is not a web address.", passing=False)
    if isinstance(error, httpx.TimeoutException):
        return FetchError(f"{host} did not answer in time.", passing=True)
    if isinstance(error, httpx.ConnectError):
        reason = str(error).lower()
        if "certificate" in reason or "ssl" in reason or "tls" in reason:
            return FetchError(f"{host} has no certificate that can be trusted.", passing=True)
        if "resolve" in reason:
            return FetchError(f"There is no host called {host}.", passing=True)
        return FetchError(f"{host} cannot be reached.", passing=True)
    return FetchError(f"The connection to {host} broke off.", passing=True)


def answered(status: int, host: str) -> FetchError:
    """What an answer other than a page means."""
    if status in {401, 403, 407}:
        sentence = f"{host} does not let Parlance read the page (status {status})."
        return FetchError(sentence, passing=False)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in {408, 425, 429}:
        return FetchError(f"{host} is in trouble (status {status}).", passing=True)
    return FetchError(f"{host} does not give the page (status {status}).", passing=False)
