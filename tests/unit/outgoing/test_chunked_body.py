import httpx
import pytest

from services.outgoing.chunked_body import MAX_LINE, Chunks

CONTENT = b"data: one\n\ndata: two\n\n"
FRAMED = b"B\r\ndata: one\n\n\r\n00b ;name=value\r\ndata: two\n\n\r\n0\r\nX-Trailer: 1\r\n\r\n"


def read(parts: list[bytes]) -> tuple[bytes, Chunks]:
    chunks = Chunks()
    return b"".join(chunks.content_of(part) for part in parts), chunks


def test_what_came_at_once_is_one_part() -> None:
    content, chunks = read([FRAMED])
    assert (content, chunks.are_over, chunks.have_surplus) == (CONTENT, True, False)


def test_cuts_at_every_byte_make_no_difference() -> None:
    for at in range(1, len(FRAMED)):
        content, chunks = read([FRAMED[:at], FRAMED[at:]])
        assert (content, chunks.are_over, chunks.have_surplus) == (CONTENT, True, False)
    content, chunks = read([FRAMED[at : at + 1] for at in range(len(FRAMED))])
    assert (content, chunks.are_over) == (CONTENT, True)


def test_content_is_given_before_its_chunk_is_whole() -> None:
    assert Chunks().content_of(b"ff\r\ndata: on") == b"data: on"


def test_what_follows_the_end_is_noticed() -> None:
    content, chunks = read([FRAMED + b"HTTP/1.1 200"])
    assert (content, chunks.have_surplus) == (CONTENT, True)


@pytest.mark.parametrize(
    "bad",
    [b"\r\n", b"-1\r\n", b"0x1\r\n", b"1_0\r\n", b"g\r\n", b"f" * 16 + b"\r\n", b"1\r\nab\r\n"],
)
def test_what_are_no_chunks_is_an_error(bad: bytes) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        read([bad])


def test_a_line_between_chunks_has_an_end() -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        read([b"1;" + b"x" * MAX_LINE])
