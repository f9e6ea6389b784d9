"""The process that parses files: one request at a time from stdin, answers on stdout.

Started by exec with an empty environment, so that no secret of the server is in its memory. All
parsers are loaded before `confine`, since nothing can be opened afterwards. It leaves the answer
to "did you survive?" to the operating system: what breaks here breaks only this process.
"""

import contextlib
import io
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, BinaryIO

import docx
import orjson
import pypdfium2

from services.confined.confinement import allow_cpu, confine
from services.confined.frames import read_frame, write_frame
from services.knowledge.extraction.claims import Claims
from services.knowledge.extraction.decoding import load_encodings
from services.knowledge.extraction.extracted import UnreadableContentError
from services.knowledge.extraction.limits import MIB
from services.knowledge.extraction.readers.sitemap import read_sitemap
from services.knowledge.extraction.reading import read

_LARGEST_LEFTOVER_BYTES = 300 * MIB
"""A process that a file has made this large ends after it, to give the memory back."""

_PAGE = (
    b"<html><head><title>a</title></head><body><nav>b</nav><div><p>"
    + b"Some words that make a paragraph of a page. " * 30
    + b"</p></div></body></html>"
)


def main() -> None:
    """Serve requests until the server closes the pipe."""
    memory_bytes, cpu_s = (int(argument) for argument in sys.argv[1:3])
    requests, answers, size = sys.stdin.buffer, _private_stdout(), _own_size()
    _load_parsers()
    confine(memory_bytes)
    while (head := read_frame(requests)) is not None:
        content = read_frame(requests)
        if content is None:
            return
        allow_cpu(cpu_s)
        answer = _answer(orjson.loads(head), content)
        del content
        answer["last"] = size() > _LARGEST_LEFTOVER_BYTES
        write_frame(answers, orjson.dumps(answer))


def _own_size() -> Callable[[], int]:
    """What tells this process's resident memory in bytes; 0 where the system has no such file.

    Not `ru_maxrss`, which on Linux begins with the size of the process that started this one.
    """
    try:
        descriptor = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return lambda: 0
    page = resource.getpagesize()
    return lambda: int(os.pread(descriptor, 100, 0).split()[1]) * page


def _private_stdout() -> BinaryIO:
    """The pipe to the server; whatever a library prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return answers


def _load_parsers() -> None:
    """Read one file of each kind, so that whatever parsers import or open late is there."""
    load_encodings()
    for content in (_small_pdf(), _small_docx(), _PAGE, b"a,b\nc,d\n", b"# a\n\n[b](c)\n"):
        with contextlib.suppress(UnreadableContentError):
            read(content, Claims())
    with contextlib.suppress(UnreadableContentError):
        read_sitemap(b"<?xml version='1.0'?><a/>")


def _small_pdf() -> bytes:
    content = io.BytesIO()
    document = pypdfium2.PdfDocument.new()
    document.new_page(100, 100).close()
    document.save(content)
    document.close()
    return content.getvalue()


def _small_docx() -> bytes:
    content = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("a")
    document.save(content)
    return content.getvalue()


def _answer(head: dict[str, Any], content: bytes) -> dict[str, Any]:
    try:
        if head["task"] == "sitemap":
            return {"found": asdict(read_sitemap(content))}
        return {"found": asdict(read(content, Claims(**head["claims"])))}
    except UnreadableContentError as error:
        return {"code": error.code, "sentence": error.sentence}
    except MemoryError:
        return {"code": "too_much_memory"}
    except RecursionError:
        return {"code": "damaged", "sentence": "The file nests too deeply to be read."}
    except Exception as error:  # noqa: BLE001 -- parsers raise anything for a broken file
        return {"code": "reader_failed", "problem": type(error).__name__}


if __name__ == "__main__":
    main()
