"""docs/reference/errors.md: every code that a program may meet."""

from graphql import GraphQLEnumType

from api.reference.markdown import one_line, opening, page, table
from api.reference.schema import the_schema
from graphql_schema.error_codes import ERROR_CODES

_TEXT = """\
A refusal that the caller can do something about is data: a member of the mutation's union that
implements `UserError`, or an `AnswerFailed` event in an answer's stream. Everything else stands in
`errors[]`, with a code in `extensions.code`. Codes stay the same whatever the language of the
message."""
_SOCKET = (
    ("1012, 1013", "The server ends, or had a fault while connecting.", "Connect again."),
    ("4400", "A message that is none of the protocol.", "Mend the client."),
    (
        "4401",
        "The token expired or was revoked; each operation was told so before.",
        "Renew the token, connect again.",
    ),
    (
        "4403",
        "The token in `connection_init` is not accepted; the reason is the code.",
        "Do not try again with the same token.",
    ),
    ("4408", "No `connection_init` in time.", "Send it at once."),
    ("4409", "An operation's id is in use already.", "Take another id for each operation."),
    ("4429", "A second `connection_init`.", "Send it once."),
    ("1009", "A message that is too large.", "Send less at once."),
)


def errors_page() -> str:
    """Returns the whole page as Markdown."""
    lines = opening("Errors", "graphql_schema/errors.py and error_codes.py", _TEXT)
    lines += [
        "## Refusals of mutations",
        "",
        "`code` of everything that implements `UserError`.",
        "",
    ]
    lines += _enum("UserErrorCode")
    lines += [
        "## Answers that fail",
        "",
        "`code` of `AnswerFailed`.",
        "",
        *_enum("AnswerFailureCode"),
    ]
    lines += ["## In `errors[]`", ""]
    rows = [(f"`{code}`", means, to_do) for code, (means, to_do) in sorted(ERROR_CODES.items())]
    lines += table(("Code", "What it means", "What to do"), rows)
    lines += ["## Close codes of the WebSocket", ""]
    lines += table(("Code", "Why", "What to do"), _SOCKET)
    return page(lines)


def _enum(name: str) -> list[str]:
    enum = the_schema().type_map[name]
    assert isinstance(enum, GraphQLEnumType)  # noqa: S101 - the contract has both
    rows = [(f"`{one}`", one_line(value.description)) for one, value in sorted(enum.values.items())]
    return table(("Code", "What it means"), rows)
