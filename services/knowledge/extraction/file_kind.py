"""What a file is, by what is in it.

Names and declared types lie, by mistake more often than on purpose: a server that calls every page
text/plain, a spreadsheet saved as .csv that is none. They decide only between kinds of text that
look the same from inside.
"""

import io
import zipfile
from typing import Literal

import regex  # type: ignore[import-untyped]

from services.knowledge.extraction.extracted import UnreadableContentError

PackedKind = Literal["pdf", "docx"]
TextKind = Literal["html", "markdown", "csv", "plain"]

_PDF_WITHIN_BYTES = 1_024
_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")
_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
_ALLOWED = "allowed are PDF, DOCX, Markdown, HTML, CSV and plain text"
_FOREIGN = (
    (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"),
    (b"II*\x00", "a picture"), (b"MM\x00*", "a picture"), (b"BM", "a picture"),
    (b"\x1f\x8b", "a packed file"), (b"7z\xbc\xaf", "a packed file"), (b"Rar!", "a packed file"),
    (b"BZh", "a packed file"), (b"\xfd7zXZ", "a packed file"),
    (b"\x28\xb5\x2f\xfd", "a packed file"), (b"MZ", "a program"), (b"\x7fELF", "a program"),
    (b"%!PS", "a PostScript file"), (b"OggS", "a recording"), (b"ID3", "a recording"),
    (b"\x1aE\xdf\xa3", "a recording"),
    (b"SQLite format 3\x00", "a database"),
)  # fmt: skip
_BMP_ZEROS = slice(6, 10)
_OFFICE_PARTS = (
    ("xl/workbook.xml", "an Excel workbook; save the sheet as CSV"),
    ("ppt/presentation.xml", "a PowerPoint file; export it as PDF"),
    ("META-INF/container.xml", "an e-book; export it as PDF or HTML"),
    ("content.xml", "an OpenDocument file; save it as DOCX or PDF"),
)
_HTML_START = regex.compile(
    r"(?i)\A\s*+(?:<\?xml[^>]*>\s*+)?(?:<!--.{0,5000}?-->\s*+)*+"
    r"<(?:!doctype\s+html|html|head|body|main|article|div|section|p|h[1-6]|ul|ol|table|span)\b",
    regex.DOTALL,
)
_HTML_TAGS = regex.compile(r"(?i)</(?:p|div|h[1-6]|li|td|article|section|body)\s*>")
_XML_START = regex.compile(r"\A\s*+<\?xml")
_MARKDOWN_SIGNS = (
    regex.compile(r"(?m)^ {0,3}#{1,6} \S"),
    regex.compile(r"(?m)^\S[^\n]*\n(?:=|-){3,}\s*$"),
    regex.compile(r"\[[^\]\n]{1,200}\]\([^)\s]{1,500}\)"),
    regex.compile(r"(?m)^(?:```|~~~)"),
    regex.compile(r"(?m)^ {0,3}[-*+] \S"),
    regex.compile(r"\*\*[^*\n]{1,200}\*\*"),
)
_LEAST_SIGNS = 2
_LOOKED_AT_CHARACTERS = 50_000


def packed_kind(content: bytes) -> PackedKind | None:
    """PDF or DOCX; None for what may be text.

    Raises:
        UnreadableContentError: it is something else, which the sentence names.
    """
    if b"%PDF-" in content[:_PDF_WITHIN_BYTES]:
        return "pdf"
    if content.startswith(_ZIP_MARKS):
        return _kind_of_archive(content)
    if content.startswith(_OLE_MARK):
        raise _old_office(content)
    if content.startswith(b"{\\rtf"):
        raise _unsupported("an RTF file; save it as DOCX")
    for mark, name in _FOREIGN:
        if content.startswith(mark) and (mark != b"BM" or not any(content[_BMP_ZEROS])):
            raise _unsupported(name)
    if content[:4] == b"RIFF" or content[4:8] == b"ftyp":
        raise _unsupported("a picture or recording")
    return None


def text_kind(
    text: str, *, name: str, declared_type: str | None, delimiter: str | None
) -> TextKind:
    """Which kind of text it is.

    Args:
        text: The decoded text.
        name: The file's name.
        declared_type: The media type that came with it.
        delimiter: What separates cells, if the text looks like a table.

    Raises:
        UnreadableContentError: it is XML that no reader is for.
    """
    head = text[:_LOOKED_AT_CHARACTERS]
    if _HTML_START.match(head) or (
        _is_called(name, declared_type, "html") and _HTML_TAGS.search(head)
    ):
        return "html"
    if _XML_START.match(head):
        raise _unsupported("an XML file")
    if _is_called(name, declared_type, "markdown"):
        return "markdown"
    signs = sum(1 for sign in _MARKDOWN_SIGNS if sign.search(head))
    if delimiter is not None and (_is_called(name, declared_type, "csv") or not signs):
        return "csv"
    return "markdown" if signs >= _LEAST_SIGNS else "plain"


_NAMES = {
    "html": (".html", ".htm", ".xhtml"),
    "markdown": (".md", ".markdown", ".mdown", ".mkd"),
    "csv": (".csv", ".tsv"),
}
_TYPES = {
    "html": ("text/html", "application/xhtml+xml"),
    "markdown": ("text/markdown", "text/x-markdown"),
    "csv": ("text/csv", "text/tab-separated-values"),
}


def _is_called(name: str, declared_type: str | None, kind: str) -> bool:
    declared = (declared_type or "").partition(";")[0].strip().lower()
    return name.lower().endswith(_NAMES[kind]) or declared in _TYPES[kind]


def _kind_of_archive(content: bytes) -> PackedKind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = frozenset(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableContentError(
            "damaged", "The file is damaged or incomplete; save it again and add that."
        ) from error
    if "word/document.xml" in names or (
        "[Content_Types].xml" in names and not any(part in names for part, _ in _OFFICE_PARTS)
    ):
        return "docx"
    raise _unsupported(next((what for part, what in _OFFICE_PARTS if part in names), "an archive"))


def _old_office(content: bytes) -> UnreadableContentError:
    if _ENCRYPTED_OFFICE in content:
        return UnreadableContentError(
            "encrypted", "The document is protected by a password; add it without one."
        )
    return _unsupported("a file of an old Office version; save it as DOCX")


def _unsupported(what: str) -> UnreadableContentError:
    return UnreadableContentError("unsupported_type", f"It is {what}; {_ALLOWED}.")
