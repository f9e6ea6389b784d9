"""A mail as the product writes it: plain words, from which text and HTML are made."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MailLink:
    """What to press, and where it leads."""

    text: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of text that goes with a mail."""

    name: str
    media_type: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one person.

    Attributes:
        name: Who the person is.
        address: Where to.
        subject: One line.
        paragraphs: What it says, before the link.
        link: What to do about it, if anything.
        ending: What it says after the link.
        language: The language of all this, as a code such as "en".
        attachments: What goes with it.
        brand: In whose name it comes, when it is not the installation's.
        brand_color: That one's, as in "#1f4fd8".
    """

    name: str
    address: str
    subject: str
    paragraphs: list[str]
    link: MailLink | None = None
    ending: list[str] = field(default_factory=list)
    language: str = "en"
    attachments: list[Attachment] = field(default_factory=list)
    brand: str = ""
    brand_color: str = ""
