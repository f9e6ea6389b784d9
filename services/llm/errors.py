"""What can go wrong between us and a language model, as one tree.

Routing decides by class (what may fall back, what may be retried), people read `problem`.
A problem never carries a key, a prompt or a header.

    ModelError
    ├── ModelUnreachableError    nothing answered: DNS, refused, reset before or in mid-stream
    ├── ModelTimeoutError        a deadline passed, see `stage`
    ├── ModelThrottledError      429, see `retry_after_s`
    ├── ModelServerError         5xx, or an error event inside the stream, see `status`
    ├── ModelRejectedError       other 4xx: bad key, unknown model, prompt too long
    ├── ModelProtocolError       the answer is not what the provider documents, or too long
    ├── ModelAddressError        the SSRF guard refused the address
    ├── ModelUnavailableError    this installation cannot speak to that provider at all
    ├── ModelBusyError           as many answers as it may give are being given, by our own limit
    └── ModelSkippedError        it failed so often that it is left alone for a while
"""

from datetime import datetime
from typing import Literal

ModelStage = Literal["connect", "first_token", "between_tokens", "total"]


class ModelError(Exception):
    """A language model did not give its answer.

    Attributes:
        problem: one sentence for operators, free of secrets.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class ModelUnreachableError(ModelError):
    """Nobody answered at the address, or the connection broke."""


class ModelTimeoutError(ModelError):
    """A deadline passed.

    Attributes:
        stage: which deadline.
    """

    def __init__(self, problem: str, *, stage: ModelStage) -> None:
        super().__init__(problem)
        self.stage: ModelStage = stage


class ModelThrottledError(ModelError):
    """The provider asks us to slow down.

    Attributes:
        retry_after_s: what the provider asked for, in seconds; None when it did not say.
    """

    def __init__(self, problem: str, *, retry_after_s: float | None) -> None:
        super().__init__(problem)
        self.retry_after_s = retry_after_s


class ModelServerError(ModelError):
    """The provider failed.

    Attributes:
        status: the HTTP status; None when the failure came inside a stream that began well.
    """

    def __init__(self, problem: str, *, status: int | None) -> None:
        super().__init__(problem)
        self.status = status


class ModelRejectedError(ModelError):
    """The provider refuses this request and would refuse it again.

    Attributes:
        status: the HTTP status, a 4xx other than 429.
    """

    def __init__(self, problem: str, *, status: int) -> None:
        super().__init__(problem)
        self.status = status


class ModelProtocolError(ModelError):
    """What came back is not what the provider's documentation promises."""


class ModelAddressError(ModelError):
    """The address of the provider is not one that this config may reach."""


class ModelUnavailableError(ModelError):
    """The provider is unknown to this installation, or its package is missing."""


class ModelBusyError(ModelError):
    """The config's own limit of concurrent answers is reached, and so is that of those who wait."""


class ModelSkippedError(ModelError):
    """The model failed again and again and is not asked before `until`.

    Attributes:
        until: when it is tried again.
    """

    def __init__(self, problem: str, *, until: datetime) -> None:
        super().__init__(problem)
        self.until = until
