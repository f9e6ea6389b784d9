"""Every code that stands in `errors[].extensions.code`, over GraphQL and over the HTTP routes.

The codes of refusals that are data are enums of the schema: `UserErrorCode`, `AnswerFailureCode`.
"""

from collections.abc import Mapping
from typing import Final

ERROR_CODES: Final[Mapping[str, tuple[str, str]]] = {
    "UNAUTHENTICATED": ("Nobody is signed in, or the token is none of ours.", "Sign in."),
    "TOKEN_EXPIRED": (
        "The token was good and is too old.",
        "`refreshSession` or `refreshWidgetToken`, then try again.",
    ),
    "TOKEN_REVOKED": ("The token was taken back.", "Sign in again."),
    "FORBIDDEN": ("Signed in, and not allowed to do this.", "Ask an owner of the client."),
    "NOT_FOUND": (
        "A list of something, or an address, that is not there for the caller.",
        "Look at the id; a single object would be null.",
    ),
    "INVALID_INPUT": ("An argument of a query is out of its range.", "The message says what fits."),
    "BAD_USER_INPUT": ("A variable is missing or has another type.", "Mend the variables."),
    "BAD_REQUEST": (
        "The request is not one of GraphQL over HTTP, or the document is faulty.",
        "Mend the request.",
    ),
    "GRAPHQL_PARSE_FAILED": ("The document is not GraphQL.", "Mend the document."),
    "GRAPHQL_VALIDATION_FAILED": (
        "The document asks for what the schema does not have.",
        "Generate your types anew from `/schema.graphql`.",
    ),
    "DOCUMENT_TOO_LARGE": ("More text, tokens or values than allowed.", "Send less at once."),
    "TOO_DEEP": ("Selections stand deeper in one another than allowed.", "Ask in two steps."),
    "TOO_COMPLEX": (
        "More fields, aliases or rows than one operation may ask for.",
        "Smaller pages; `extensions` has the limit and the value.",
    ),
    "ONE_OPERATION_ONLY": ("The document has several operations.", "Send one for each request."),
    "UNKNOWN_OPERATION": ("`operationName` names none of the document.", "Mend the name."),
    "INTROSPECTION_OFF": (
        "Introspection by somebody who is no signed-in user.",
        "Read `/schema.graphql`, or sign in.",
    ),
    "STREAM_NEEDED": (
        "A subscription as a plain request.",
        "Use a WebSocket, or `Accept: text/event-stream`, or `askOnce`.",
    ),
    "TOO_MANY_OPERATIONS": (
        "More operations at once on one socket than allowed.",
        "End some, or open another socket.",
    ),
    "CURSOR_EXPIRED": (
        "The place to go on from is too old, or none of this subscription.",
        "Ask for the present state, then subscribe without it.",
    ),
    "TIMEOUT": (
        "It took too long and was ended; what it had changed may have stayed.",
        "Look, then try again.",
    ),
    "ORIGIN_NOT_ALLOWED": (
        "The page may not use this server or this chatbot.",
        "Add its origin to the chatbot, or to `PARLANCE_DASHBOARD_ORIGINS`.",
    ),
    "METHOD_NOT_ALLOWED": ("The route has other methods.", "Send POST to `/graphql`."),
    "NOT_ACCEPTABLE": ("None of the media types in `Accept` is spoken.", "Accept JSON."),
    "UNSUPPORTED_MEDIA_TYPE": ("The body or file is of another kind.", "The message names ours."),
    "BODY_TOO_LARGE": ("The request is larger than the route takes.", "The message has the limit."),
    "LIMIT_REACHED": ("There may be no more of these.", "Take some away first."),
    "RATE_LIMITED": ("Too often in a short time.", "Wait as long as `Retry-After` says."),
    "WIDGET_NOT_BUILT": (
        "The widget's files are not there.",
        "`npm run build`, or leave `PARLANCE_WIDGET_DIR` unset.",
    ),
    "UNAVAILABLE": (
        "A passing fault, such as a database that is away (`retryable: true`).",
        "Try again a little later.",
    ),
    "INTERNAL": (
        "A fault of ours.",
        "Give the `incident` to whoever runs the server: the log has it with the cause.",
    ),
}
"""By code: what it means, and what to do."""
