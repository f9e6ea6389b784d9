"""From bytes to text, whatever the file is. Runs in the reading process, never in the server."""

from services.knowledge.extraction.claims import Claims
from services.knowledge.extraction.decoding import decoded
from services.knowledge.extraction.extracted import ExtractedText, UnreadableContentError
from services.knowledge.extraction.file_kind import packed_kind, text_kind
from services.knowledge.extraction.readers.csv_rows import delimiter_of, read_csv
from services.knowledge.extraction.readers.docx import read_docx
from services.knowledge.extraction.readers.html import no_page_text, read_html
from services.knowledge.extraction.readers.pdf import read_pdf
from services.knowledge.extraction.readers.plain import read_markdown, read_plain

_NO_TEXT = UnreadableContentError("empty", "The file has no text in it.")


def read(content: bytes, claims: Claims) -> ExtractedText:
    """The text of a file or page.

    Raises:
        UnreadableContentError: there is none, and why.
    """
    packed = packed_kind(content)
    if packed is not None:
        return read_pdf(content) if packed == "pdf" else read_docx(content)
    extracted = _read_text(content, claims)
    if extracted.text.strip() or not extracted.indexable:
        return extracted
    raise _NO_TEXT


def _read_text(content: bytes, claims: Claims) -> ExtractedText:
    text = decoded(content, claims.encoding)
    delimiter = delimiter_of(text)
    kind = text_kind(
        text, name=claims.name, declared_type=claims.declared_type, delimiter=delimiter
    )
    if kind == "html":
        page = read_html(content, declared_encoding=claims.encoding, url=claims.url)
        if page.text or not page.indexable:
            return page
        raise no_page_text()
    if kind == "csv" and delimiter is not None:
        return read_csv(text, delimiter)
    return read_markdown(text) if kind == "markdown" else read_plain(text)
