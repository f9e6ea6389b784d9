"""Invitations in every language that a client may have."""

from datetime import UTC, datetime

import pytest

from documents.clients import Client
from documents.users import User
from services.accounts.letters import Letters
from services.languages.codes import LANGUAGES
from services.mail.mails import Mail

LETTERS = Letters("chat.example.com", "https://dash.example.com", "https://dash.example.com")
UNTIL = datetime(2026, 12, 24, 18, 0, tzinfo=UTC)


BEA = User.model_construct(email="bea@example.com", full_name="Bea")
"""Only read: no database is needed to make people and clients in this way."""


def client_speaking(language: str) -> Client:
    made: Client = Client.model_construct(client_id="shop", name="{Shop} & Co", language=language)
    return made


def words_of(mail: Mail) -> str:
    return "\n".join([mail.subject, *mail.paragraphs, *mail.ending])


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_invitation_says_who_invites_whereto_and_until_when(language: str) -> None:
    client = client_speaking(language)
    mail = LETTERS.invitation(BEA, client=client, by="Anna", code="c0de", until=UNTIL)
    assert mail.language == language
    assert mail.link is not None
    assert mail.link.url == "https://dash.example.com#invitationCode=c0de"
    assert "{Shop} & Co" in mail.subject
    for said in ("Anna", "{Shop} & Co", "chat.example.com", "2026-12-24 18:00 UTC"):
        assert said in words_of(mail)
    assert "c0de" not in words_of(mail) + repr(mail)

    told = LETTERS.membership(BEA, client=client, by="Anna")
    assert told.language == language
    assert "Anna" in words_of(told)
    assert told.link is not None


def test_each_language_has_sentences_of_its_own() -> None:
    mails = [
        LETTERS.invitation(BEA, client=client_speaking(one), by="Anna", code="c", until=UNTIL)
        for one in LANGUAGES
    ]
    assert len({words_of(one) for one in mails}) == len(LANGUAGES)


def test_another_language_gets_english() -> None:
    mail = LETTERS.membership(BEA, client=client_speaking("tlh"), by="Anna")
    assert (mail.language, mail.subject) == ("en", "You work for {Shop} & Co now")
