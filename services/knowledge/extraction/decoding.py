"""Bytes to text: the byte order mark, then what was declared, then UTF-8, then what fits best."""

import codecs
from encodings import normalize_encoding
from encodings.aliases import aliases

import regex  # type: ignore[import-untyped]
from charset_normalizer import from_bytes

from services.knowledge.extraction.extracted import UnreadableContentError

ENCODINGS = (
    "utf_8", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "ascii",
    "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258",
    "cp874", "iso8859_2", "iso8859_5", "iso8859_7", "iso8859_9", "iso8859_15", "koi8_r", "koi8_u",
    "cp932", "euc_jp", "iso2022_jp", "gb18030", "big5", "cp949",
)  # fmt: skip
"""Every encoding that is tried; loaded before the reading process gives up opening files."""

_AS_BROWSERS_DO = {
    "latin_1": "cp1252",
    "iso8859_1": "cp1252",
    "ascii": "cp1252",
    "iso8859_9": "cp1254",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "tis_620": "cp874",
}
"""encoding.spec.whatwg.org, "Names and labels": labels are read as their supersets."""

_MARKS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF32_LE, "utf_32"),
    (codecs.BOM_UTF16_LE, "utf_16"),
    (codecs.BOM_UTF16_BE, "utf_16"),
)
_SAMPLE_BYTES = 64 * 1024
_WHOLE_PER_BROKEN = 10
_LEAST_LIKELY_TEXT = 0.02
"""Share of control characters from which on something is no text."""

_CONTROL = regex.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")


def load_encodings() -> None:
    """Import every codec now, since a confined process can open no file later."""
    for name in ENCODINGS:
        codecs.lookup(name)
        "a".encode(name)


def decoded(content: bytes, declared: str | None = None) -> str:
    """The text.

    Args:
        content: The bytes of a file that claims to be text.
        declared: The encoding that a header or the file itself names.

    Raises:
        UnreadableContentError: it is no text in a known encoding.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _checked(content.decode(encoding, "replace").removeprefix("\ufeff"))
    for encoding in filter(None, (_known(declared), _wide(content), "utf_8")):
        text = _strictly(content, encoding)
        if text is not None:
            return _checked(text)
    text = content.decode("utf_8", "replace")
    return _checked(text if _is_nearly_whole(text) else _best_fit(content))


def _known(label: str | None) -> str | None:
    """The codec behind a declared label, if it is one of ours; looking it up imports nothing."""
    written = normalize_encoding((label or "").strip(" \"'").lower())
    name = aliases.get(written, written)
    name = _AS_BROWSERS_DO.get(name, name)
    return name if name in ENCODINGS else None


def _wide(content: bytes) -> str | None:
    """UTF-16 without a mark shows in that every other byte of Western text is zero."""
    sample = content[:2_000]
    if len(sample) < 4:  # noqa: PLR2004 -- two characters
        return None
    zeros_even, zeros_odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if zeros_odd > half * 0.7 and zeros_even < half * 0.1:
        return "utf_16_le"
    if zeros_even > half * 0.7 and zeros_odd < half * 0.1:
        return "utf_16_be"
    return None


def _strictly(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _is_nearly_whole(text: str) -> bool:
    """Whether text was UTF-8 but for a few broken bytes, as pages are that were cut together."""
    broken = text.count("\ufffd")
    beyond_ascii = sum(1 for character in text if character > "\x7f") - broken
    return broken * _WHOLE_PER_BROKEN <= beyond_ascii


def _best_fit(content: bytes) -> str:
    """What charset-normalizer finds likeliest in a sample; a few wrong bytes are replaced."""
    sample = content[:_SAMPLE_BYTES]
    # A character torn at the sample's end would rule out the encoding that it is in.
    sample = sample[: sample.rfind(b"\n")] if len(content) > len(sample) else sample
    found = from_bytes(sample, cp_isolation=list(ENCODINGS), preemptive_behaviour=False).best()
    return content.decode(found.encoding if found else "utf_8", "replace")


def _checked(text: str) -> str:
    sample = text[:_SAMPLE_BYTES]
    if len(_CONTROL.findall(sample)) > max(1, len(sample)) * _LEAST_LIKELY_TEXT:
        raise UnreadableContentError(
            "not_text",
            "It is neither text nor a kind of file that can be read;"
            " allowed are PDF, DOCX, Markdown, HTML, CSV and plain text.",
        )
    return text
