"""Signing in, sessions, and who works for a client."""

from tests.api.matrix.callers import Caller
from tests.api.matrix.outcomes import ALLOWED, FORBIDDEN, NOT_FOUND, NOT_FOUND_ERROR, NULL
from tests.api.matrix.people import PASSWORD
from tests.api.matrix.row import (
    Row,
    a_new,
    any_new_text,
    everybody,
    members,
    only_admins,
    only_people,
    the,
)

ROWS = (
    Row("viewer", {}, everybody().but({Caller.NOBODY: NULL})),
    Row("sessions", {}, only_people()),
    Row("users", {"clientId": the("client")}, members(Caller.VIEWER, others=NOT_FOUND)),
    Row("users", {}, only_people(), case="of all clients"),
    Row("signIn", {"email": the("user", "email"), "password": PASSWORD}, everybody()),
    Row("refreshSession", {"refreshToken": a_new("session", "refresh_token")}, everybody()),
    Row("signOut", {"everywhere": False}, only_people(), from_new_session=True),
    Row(
        "createUser",
        {"email": any_new_text("@example.com"), "fullName": "Anna", "password": PASSWORD},
        only_admins(),
    ),
    Row(
        "updateUser",
        {"id": a_new("user"), "fullName": "Anna"},
        members(Caller.VIEWER, others=NOT_FOUND_ERROR).but(
            dict.fromkeys((Caller.VIEWER, Caller.AGENT, Caller.EDITOR, Caller.OWNER), FORBIDDEN)
        ),
    ),
    Row("deactivateUser", {"id": a_new("user")}, only_admins()),
    Row(
        "changePassword",
        {"currentPassword": PASSWORD, "newPassword": "chestnut umbrella 42"},
        only_people(),
        from_new_person=True,
    ),
    Row(
        "inviteUser",
        {"clientId": the("client"), "email": any_new_text("@example.com"), "role": "VIEWER"},
        members(Caller.OWNER, others=NOT_FOUND_ERROR),
    ),
    Row("requestPasswordReset", {"email": any_new_text("@example.com")}, everybody()),
    Row(
        "resetPassword",
        {"resetCode": a_new("invitation", "code"), "newPassword": "chestnut umbrella 42"},
        everybody(),
    ),
    Row(
        "updateMembership",
        {"userId": a_new("user"), "clientId": the("client"), "role": "VIEWER"},
        members(Caller.OWNER, others=NOT_FOUND_ERROR),
    ),
    Row(
        "revokeSession",
        {"id": a_new("session")},
        only_people().but(
            {
                Caller.VIEWER: NOT_FOUND_ERROR,
                Caller.AGENT: NOT_FOUND_ERROR,
                Caller.EDITOR: NOT_FOUND_ERROR,
                Caller.OWNER: ALLOWED,  # the session is the owner's
                Caller.OWNER_OF_B: NOT_FOUND_ERROR,
            }
        ),
    ),
)
