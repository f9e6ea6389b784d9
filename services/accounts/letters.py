"""What people are told by mail about their accounts.

A code travels in the fragment of a link: browsers send that to no server, so it stands in no log.
"""

from dataclasses import dataclass
from datetime import datetime

from documents.clients import Client
from documents.users import User
from services.accounts.invitation_phrases import invitation_phrases
from services.mail.mails import Mail, MailLink


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes the mails.

    Attributes:
        place: What the installation is called: the host of its public address.
        page: Where codes are taken: the dashboard, or our own page.
        dashboard: Where people work; None when nobody said.
    """

    place: str
    page: str
    dashboard: str | None = None

    def invitation(
        self, user: User, *, client: Client, by: str, code: str, until: datetime
    ) -> Mail:
        """To somebody who has no password yet, in the client's language."""
        language, said = invitation_phrases(client.language)
        names = {"by": by, "client": client.name, "place": self.place, "until": _said(until)}
        return Mail(
            name="",
            address=user.email,
            subject=said.invitation.format(**names),
            paragraphs=[said.invited.format(**names), said.begin],
            link=MailLink(said.choose, f"{self.page}#invitationCode={code}"),
            ending=[said.until.format(**names), said.ignore],
            language=language,
        )

    def membership(self, user: User, *, client: Client, by: str) -> Mail:
        """To somebody who has an account, and works for one more client now."""
        language, said = invitation_phrases(client.language)
        names = {"by": by, "client": client.name, "place": self.place}
        return Mail(
            name=user.full_name,
            address=user.email,
            subject=said.membership.format(**names),
            paragraphs=[said.added.format(**names), said.as_ever],
            link=MailLink(said.open_dashboard, self.dashboard) if self.dashboard else None,
            language=language,
        )

    def password_reset(self, name: str, address: str, *, code: str) -> Mail:
        """To somebody who has forgotten the password."""
        return Mail(
            name=name,
            address=address,
            subject=f"A new password for {self.place}",
            paragraphs=[f"Somebody asked for a new password for your account at {self.place}."],
            link=MailLink("Choose a new password", f"{self.page}#resetCode={code}"),
            ending=[
                "The link works once, within 15 minutes.",
                "If that was not you, you need not do anything: your password stays as it is.",
            ],
        )

    def password_changed(self, user: User) -> Mail:
        """To somebody who should know if it was somebody else."""
        return self._notice(
            user,
            subject=f"Your password for {self.place} was changed",
            told=f"The password of your account at {self.place} was changed.",
        )

    def address_changed(self, user: User, new_address: str) -> Mail:
        """To the address that is none any more."""
        return self._notice(
            user,
            subject=f"Your address at {self.place} was changed",
            told=f"An admin has changed the address of your account at {self.place} to"
            f" {new_address}. Sign in with that from now on.",
        )

    def _notice(self, user: User, *, subject: str, told: str) -> Mail:
        wrong = "If that is wrong, ask whoever runs this installation at once."
        return Mail(
            name=user.full_name, address=user.email, subject=subject, paragraphs=[told, wrong]
        )


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
