"""The first look at a document: its text, before the parser sees it.

The parser descends once per bracket, so a document of nothing but brackets exhausts Python's stack
before any limit on fields could be applied. Counting tokens alone needs no stack.
"""

from graphql import Lexer, Source, TokenKind

from graphql_schema.limits.allowances import Allowance
from graphql_schema.limits.errors import LimitExceededError

_OPENING = frozenset({TokenKind.BRACE_L, TokenKind.PAREN_L, TokenKind.BRACKET_L})
_CLOSING = frozenset({TokenKind.BRACE_R, TokenKind.PAREN_R, TokenKind.BRACKET_R})


def check_length(text: str, allowance: Allowance) -> None:
    """Refuse a text that is too long to be looked at.

    Raises:
        LimitExceededError: DOCUMENT_TOO_LARGE.
    """
    if len(text) > allowance.characters:
        raise LimitExceededError(
            "DOCUMENT_TOO_LARGE",
            "The document has {value} characters; at most {limit} are allowed.",
            limit=allowance.characters,
            value=len(text),
        )


def count_tokens(text: str, allowance: Allowance) -> int:
    """Count the tokens, and stop at the first that is one too many or nested too deep.

    Raises:
        LimitExceededError: DOCUMENT_TOO_LARGE, or TOO_DEEP for the brackets.
        GraphQLSyntaxError: the text does not consist of tokens.
    """
    lexer = Lexer(Source(text))
    tokens = nesting = 0
    while (kind := lexer.advance().kind) is not TokenKind.EOF:
        tokens += 1
        check_tokens(tokens, allowance)
        if kind in _OPENING:
            nesting += 1
            _check_nesting(nesting, allowance)
        elif kind in _CLOSING:
            nesting -= 1
    return tokens


def check_tokens(tokens: int, allowance: Allowance) -> None:
    """Refuse a document of too many tokens.

    Raises:
        LimitExceededError: DOCUMENT_TOO_LARGE.
    """
    if tokens > allowance.tokens:
        raise LimitExceededError(
            "DOCUMENT_TOO_LARGE",
            "The document has at least {value} tokens; at most {limit} are allowed.",
            limit=allowance.tokens,
            value=tokens,
        )


def _check_nesting(nesting: int, allowance: Allowance) -> None:
    if nesting > allowance.nesting:
        raise LimitExceededError(
            "TOO_DEEP",
            "The document has at least {value} brackets inside each other; at most {limit} are"
            " allowed.",
            limit=allowance.nesting,
            value=nesting,
        )
