"""Why a document is not executed, with the limit and the value that the client can show.

PublicError
└── DocumentRefusedError          before execution; HTTP 400, or an `error` frame
├── LimitExceededError        DOCUMENT_TOO_LARGE, TOO_DEEP, TOO_COMPLEX
├── SeveralOperationsError    ONE_OPERATION_ONLY
├── UnknownOperationError     UNKNOWN_OPERATION
└── IntrospectionOffError     INTROSPECTION_OFF
└── ExecutionTimeoutError         TIMEOUT, during execution
"""

from typing import Literal

from graphql_schema.errors import PublicError

LimitCode = Literal["DOCUMENT_TOO_LARGE", "TOO_DEEP", "TOO_COMPLEX"]

MAX_SHOWN_NAME = 100
"""Characters of a client's own text that an error repeats."""


class DocumentRefusedError(PublicError):
    """The document is not executed."""


class LimitExceededError(DocumentRefusedError):
    """Something about the document is larger than it may be.

    Attributes:
        limit: The largest value that passes.
        value: What the document has; at least, where counting stopped early.
    """

    def __init__(self, code: LimitCode, sentence: str, *, limit: int, value: int) -> None:
        """`sentence` has `{value}` and `{limit}` in it."""
        super().__init__(sentence.format(value=value, limit=limit), code)
        self.limit = limit
        self.value = value
        self.extensions = {"code": code, "limit": limit, "value": value}


class SeveralOperationsError(DocumentRefusedError):
    """The document has more than one operation."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"The document has {count} operations; send one operation per request.",
            "ONE_OPERATION_ONLY",
        )


class UnknownOperationError(DocumentRefusedError):
    """`operationName` names no operation of the document, or there is no operation at all."""

    def __init__(self, name: str | None) -> None:
        shown = "no operation" if name is None else f'no operation "{name[:MAX_SHOWN_NAME]}"'
        super().__init__(f"The document has {shown}.", "UNKNOWN_OPERATION")


class IntrospectionOffError(DocumentRefusedError):
    """Introspection by somebody who is no signed-in user."""

    def __init__(self) -> None:
        super().__init__(
            "Introspection is for signed-in users; everybody can read the schema at"
            " /schema.graphql.",
            "INTROSPECTION_OFF",
        )


class ExecutionTimeoutError(PublicError):
    """The operation took too long and was ended; what it changed until then may have stayed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The operation took longer than {seconds:g} seconds and was ended.", "TIMEOUT"
        )
