"""PDF files made by hand, sound ones and others."""

from collections.abc import Mapping, Sequence

Objects = Mapping[int, bytes]
_CATALOG, _PAGES, _FONT, _FIRST_PAGE = 1, 2, 3, 10


def pdf_file(objects: Objects, *, trailer: bytes = b"") -> bytes:
    """A file of these objects, number 1 being the catalog."""
    parts, offsets, length = [b"%PDF-1.7\n"], {}, 9
    for number, body in objects.items():
        offsets[number] = length
        part = b"%d 0 obj\n%b\nendobj\n" % (number, body)
        parts.append(part)
        length += len(part)
    table = [b"xref\n"]
    table += [b"%d 1\n%010d 00000 n \n" % (number, offset) for number, offset in offsets.items()]
    size = max(objects) + 1
    end = b"trailer\n<< /Size %d /Root 1 0 R %b >>\nstartxref\n%d\n%%%%EOF\n"
    return b"".join((*parts, *table, end % (size, trailer, length)))


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(content), entries, content)


def page_objects(pages: Sequence[Sequence[str]], catalog: bytes = b"") -> dict[int, bytes]:
    """Pages of lines, set in Helvetica."""
    numbers = [_FIRST_PAGE + 2 * index for index in range(len(pages))]
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    objects = {
        _CATALOG: b"<< /Type /Catalog /Pages 2 0 R %b >>" % catalog,
        _PAGES: b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, len(pages)),
        _FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    for number, lines in zip(numbers, pages, strict=True):
        objects[number] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (number + 1)
        )
        shown = b"".join(b"(%b) Tj 0 -14 Td\n" % line.encode("ascii") for line in lines)
        objects[number + 1] = stream(b"BT /F1 12 Tf 50 780 Td\n%bET" % shown)
    return objects
