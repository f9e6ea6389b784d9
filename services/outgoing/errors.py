"""What the door for outgoing calls refuses, as one tree.

Network failures keep the HTTP library's own errors; these are only our refusals.

    OutgoingError
    ├── UnsafeAddressError     the SSRF guard said no, see `reason`
    ├── AnswerTooLargeError    the receiver sent more than the caller wants
    ├── AnswerEncodedError     the receiver compressed although we asked it not to
    └── AnswerTooLateError     the whole exchange took longer than its deadline
"""


class OutgoingError(Exception):
    """An outgoing call was refused or cut by us.

    Attributes:
        host: the name in the URL, without user, path and query.
    """

    def __init__(self, message: str, *, host: str) -> None:
        super().__init__(message)
        self.host = host


class UnsafeAddressError(OutgoingError):
    """The guard does not let this call out.

    Attributes:
        reason: why, for the person who configured the address.
    """

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host}: {reason}", host=host)
        self.reason = reason


class AnswerTooLargeError(OutgoingError):
    """The body is longer than allowed.

    Attributes:
        limit_bytes: what the caller allowed.
    """

    def __init__(self, host: str, *, limit_bytes: int) -> None:
        super().__init__(f"{host} sent more than {limit_bytes} bytes", host=host)
        self.limit_bytes = limit_bytes


class AnswerEncodedError(OutgoingError):
    """The body is compressed; unpacking it unasked is how zip bombs go off.

    Attributes:
        encoding: the Content-Encoding header.
    """

    def __init__(self, host: str, *, encoding: str) -> None:
        super().__init__(f"{host} sent an answer in encoding {encoding[:40]!r}", host=host)
        self.encoding = encoding


class AnswerTooLateError(OutgoingError):
    """The exchange was not over by its deadline.

    Attributes:
        deadline_s: what the caller allowed, in seconds.
    """

    def __init__(self, host: str, *, deadline_s: float) -> None:
        super().__init__(f"{host} did not finish within {deadline_s:g} s", host=host)
        self.deadline_s = deadline_s
