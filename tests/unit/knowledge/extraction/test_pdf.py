"""PDF: paragraphs, pages, the outline's headings, and what cannot be read."""

import pytest

from services.knowledge.extraction.extracted import UnreadableContentError
from services.knowledge.extraction.extractor import Extractor
from tests.unit.knowledge.extraction.pdf_files import page_objects, pdf_file, stream

OUTLINE = {
    100: b"<< /Type /Outlines /First 101 0 R /Last 102 0 R /Count 2 >>",
    101: b"<< /Title (Shipping) /Parent 100 0 R /Next 102 0 R /Dest [10 0 R /Fit] >>",
    102: b"<< /Title (Returns) /Parent 100 0 R /Prev 101 0 R /Dest [12 0 R /Fit] >>",
}


async def refusal(extractor: Extractor, content: bytes) -> UnreadableContentError:
    with pytest.raises(UnreadableContentError) as refused:
        await extractor.extract(content, name="file.pdf")
    return refused.value


async def text_or_code(extractor: Extractor, content: bytes) -> str:
    try:
        return (await extractor.extract(content)).text
    except UnreadableContentError as error:
        return error.code


async def test_pages_and_paragraphs(extractor: Extractor) -> None:
    first = [
        "We ship to every country that has a post office and to",
        "some that have none, by ship, by train and by donkey.",
        "Three days.",
        "- It costs five euros",
        "- It is free from fifty",
    ]
    found = await extractor.extract(pdf_file(page_objects([first, ["Send it back."]])))
    assert found.text == (
        "We ship to every country that has a post office and to some that have none, by ship, by"
        " train and by donkey. Three days.\n\n- It costs five euros\n\n- It is free from fifty"
        "\n\nSend it back."
    )
    assert [(page.number, found.text[page.start :][:7]) for page in found.page_starts] == [
        (1, "We ship"),
        (2, "Send it"),
    ]


async def test_the_outline_gives_headings(extractor: Extractor) -> None:
    objects = page_objects(
        [["2.1. Shipping", "It takes three days."], ["Returns", "Send it back."]],
        b"/Outlines 100 0 R",
    )
    found = await extractor.extract(pdf_file(objects | OUTLINE))
    assert [(one.text, found.text[one.start : one.end]) for one in found.headings] == [
        ("Shipping", "2.1. Shipping"),
        ("Returns", "Returns"),
    ]


async def test_what_stands_on_every_page_is_left_out(extractor: Extractor) -> None:
    pages = [
        ["Tea Company - Handbook", f"Chapter {word} tells of tea.", f"Page {number} of 6"]
        for number, word in enumerate(("one", "two", "three", "four", "five", "six"), start=1)
    ]
    found = await extractor.extract(pdf_file(page_objects(pages)))
    assert "Handbook" not in found.text
    assert "of 6" not in found.text
    assert found.text.startswith("Chapter one tells of tea.")


async def test_an_encrypted_file_asks_for_one_without_a_password(extractor: Extractor) -> None:
    secret = b"<" + b"5a" * 32 + b">"
    encryption = b"<< /Filter /Standard /V 1 /R 2 /P -4 /O %b /U %b >>" % (secret, secret)
    objects = page_objects([["Secret."]]) | {90: encryption}
    content = pdf_file(objects, trailer=b"/Encrypt 90 0 R /ID [<00> <00>]")
    refused = await refusal(extractor, content)
    assert (refused.code, "password" in refused.sentence) == ("encrypted", True)


async def test_a_scan_is_named_as_such(extractor: Extractor) -> None:
    pixels = stream(
        b"\x80" * 64,
        b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray"
        b" /BitsPerComponent 8",
    )
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 4 0 R"
        b" /Resources << /XObject << /I 5 0 R >> >> >>",
        4: stream(b"100 0 0 100 0 0 cm /I Do"),
        5: pixels,
    }
    refused = await refusal(extractor, pdf_file(objects))
    assert (refused.code, "only images" in refused.sentence) == ("only_images", True)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
async def test_a_truncated_file_is_read_or_refused(extractor: Extractor, kept: float) -> None:
    whole = pdf_file(page_objects([[f"Line {number}."] for number in range(20)]))
    outcome = await text_or_code(extractor, whole[: int(len(whole) * kept)])
    assert outcome in {"damaged", "only_images"} or outcome.startswith("Line 0.")


async def test_pages_that_contain_themselves_come_to_an_end(extractor: Extractor) -> None:
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R /Outlines 100 0 R >>",
        2: b"<< /Type /Pages /Kids [2 0 R 2 0 R 2 0 R] /Count 1000000 >>",
        100: b"<< /Type /Outlines /First 101 0 R /Last 101 0 R >>",
        101: b"<< /Title (Loop) /Parent 100 0 R /Next 101 0 R /First 101 0 R >>",
    }
    refused = await refusal(extractor, pdf_file(objects))
    assert refused.code in {"only_images", "damaged", "too_much_text", "too_slow"}


async def test_a_drawing_that_draws_itself_comes_to_an_end(extractor: Extractor) -> None:
    objects = page_objects([["Before the loop."]])
    objects[10] = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 11 0 R /Resources"
        b" << /Font << /F1 3 0 R >> /XObject << /X 50 0 R >> >> >>"
    )
    objects[11] = stream(b"BT /F1 12 Tf 50 780 Td (Before the loop.) Tj ET /X Do /X Do")
    objects[50] = stream(
        b"/X Do /X Do", b"/Type /XObject /Subtype /Form /Resources << /XObject << /X 50 0 R >> >>"
    )
    outcome = await text_or_code(extractor, pdf_file(objects))
    assert outcome in {"Before the loop.", "too_slow", "reader_failed"}
