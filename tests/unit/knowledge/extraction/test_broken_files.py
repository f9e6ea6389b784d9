"""Files with wrong bytes anywhere are read or refused in a sentence, and the next one is read."""

import io
import random

import docx
import pytest

from services.knowledge.extraction.extracted import ExtractedText, UnreadableContentError
from services.knowledge.extraction.extractor import Extractor
from tests.unit.knowledge.extraction.pdf_files import page_objects, pdf_file

FILES_PER_KIND = 40
HTML = b"<!doctype html><html><body><main><h1 id=a>Tea</h1><table><tr><td>5</table></main></html>"


def word_file() -> bytes:
    content = io.BytesIO()
    document = docx.Document()
    document.add_heading("Tea")
    document.add_paragraph("Five euros.")
    document.save(content)
    return content.getvalue()


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """Bytes changed, taken out, doubled."""
    broken = bytearray(whole)
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(broken) + 1)
        length = chance.choice((1, 2, 8, 64))
        match chance.randrange(3):
            case 0:
                broken[at : at + length] = chance.randbytes(length)
            case 1:
                del broken[at : at + length]
            case _:
                broken[at:at] = broken[at : at + length] * 3
    return bytes(broken)


async def text_or_sentence(extractor: Extractor, content: bytes) -> ExtractedText | str:
    try:
        return await extractor.extract(content, url="https://shop.example/")
    except UnreadableContentError as error:
        return error.sentence


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(pdf_file(page_objects([["Tea."], ["Coffee."]])), id="pdf"),
        pytest.param(word_file(), id="docx"),
        pytest.param(HTML, id="html"),
        pytest.param(b'Tea,Price\nGreen,5\n"Black, strong",6\n', id="csv"),
        pytest.param("# Tea\n\n[Grün](b) kostet 5 €\n".encode(), id="markdown"),
    ],
)
async def test_damaged_files(extractor: Extractor, whole: bytes) -> None:
    chance = random.Random(whole)
    for _ in range(FILES_PER_KIND):
        found = await text_or_sentence(extractor, damaged(whole, chance))
        if isinstance(found, str):
            assert found.endswith(".")
            continue
        assert found.text.strip()
        assert all(found.text[one.start : one.end].strip() for one in found.headings)
        assert all(0 <= one.start <= len(found.text) for one in found.page_starts)
    assert (await extractor.extract(b"Tea.")).text == "Tea."
