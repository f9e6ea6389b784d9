"""What a reading process may do, how long it lives, and that files cannot take it along."""

import asyncio
import subprocess
import sys

import psutil
import pytest

from services.knowledge.extraction.extracted import UnreadableContentError
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.extraction.limits import MIB, ReadingLimits
from tests.unit.knowledge.extraction.pdf_files import page_objects, pdf_file, stream
from tests.unit.live.watchers import until

CONFINED = """
import os, socket, sys
from services.confined.confinement import confine
confine(512 * 1024 * 1024)
def refused(call):
    try:
        call()
    except (OSError, MemoryError):
        return True
    return False
print(
    refused(lambda: socket.socket()),
    refused(lambda: open("/etc/passwd")),
    refused(lambda: open("/tmp/new", "w")),
    refused(lambda: os.pipe()),
    refused(lambda: bytearray(1024 * 1024 * 1024)),
)
"""


def reading_processes() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if _reads(child)]


def _reads(child: psutil.Process) -> bool:
    try:
        return any("extraction.child" in part for part in child.cmdline())
    except psutil.NoSuchProcess:  # it has ended, and nobody has asked how yet
        return False


def endless_pdf() -> bytes:
    """A form of ten forms of ten forms: a drawing of a billion parts in a few hundred bytes."""
    objects = page_objects([["Before."]])
    objects[10] = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 11 0 R"
        b" /Resources << /XObject << /X 50 0 R >> >> >>"
    )
    objects[11] = stream(b"/X Do")
    for number in range(50, 60):
        inner = b"/Resources << /XObject << /X %d 0 R >> >>" % (number + 1)
        objects[number] = stream(b"/X Do " * 10, b"/Type /XObject /Subtype /Form " + inner)
    objects[60] = stream(b"0 0 m 1 1 l S " * 100, b"/Type /XObject /Subtype /Form")
    return pdf_file(objects)


def test_a_confined_process_opens_nothing() -> None:
    told = subprocess.run(
        [sys.executable, "-I", "-c", CONFINED], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["True"] * 5


async def test_a_process_has_no_secret_of_the_server(
    extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLANCE_SECRET_KEY", "a secret of the server")
    await extractor.extract(b"Tea.")
    (process,) = reading_processes()
    assert set(process.environ()) <= {"LANG", "PATH", "LC_CTYPE"}


async def test_a_process_is_used_again() -> None:
    extractor = Extractor()
    await extractor.extract(b"Tea.")
    (first,) = reading_processes()
    await extractor.extract(b"More tea.")
    assert [process.pid for process in reading_processes()] == [first.pid]
    await extractor.close()


async def test_a_process_ends_when_idle() -> None:
    extractor = Extractor(ReadingLimits(idle_s=0.05))
    await extractor.extract(b"Tea.")
    await until(lambda: not reading_processes())
    assert (await extractor.extract(b"Tea again.")).text == "Tea again."
    await extractor.close()
    assert not reading_processes()


async def test_a_process_is_replaced_after_its_files() -> None:
    extractor = Extractor(ReadingLimits(files_per_process=2))
    pids = set()
    for _ in range(5):
        await extractor.extract(b"Tea.")
        pids |= {process.pid for process in reading_processes()}
    await extractor.close()
    assert len(pids) == 3


async def test_so_many_read_at_once_and_no_more() -> None:
    extractor = Extractor(ReadingLimits(processes=2))
    seen = []

    async def one(number: int) -> str:
        found = await extractor.extract(f"Tea {number}.".encode())
        seen.append(len(reading_processes()))
        return found.text

    found = await asyncio.gather(*(one(number) for number in range(20)))
    await extractor.close()
    assert list(found) == [f"Tea {number}." for number in range(20)]
    assert max(seen) <= 2


@pytest.mark.parametrize(
    "limits",
    [
        ReadingLimits(cpu_s=1, memory_bytes=4096 * MIB),
        ReadingLimits(wall_s=4.0, memory_bytes=4096 * MIB),
    ],
)
async def test_a_file_that_takes_too_long_is_given_up(limits: ReadingLimits) -> None:
    extractor = Extractor(limits)
    with pytest.raises(UnreadableContentError) as refused:
        await extractor.extract(endless_pdf())
    assert (refused.value.code, "longer" in refused.value.sentence) == ("too_slow", True)
    assert (await extractor.extract(b"Tea.")).text == "Tea."
    await extractor.close()


async def test_a_file_that_takes_too_much_memory_is_given_up() -> None:
    extractor = Extractor(ReadingLimits(memory_bytes=330 * MIB))
    with pytest.raises(UnreadableContentError) as refused:
        await extractor.extract(b"<html><body>" + b"<i>a</i>" * 2_000_000, name="a.html")
    assert refused.value.code == "too_much_memory"
    assert (await extractor.extract(b"Tea.")).text == "Tea."
    await extractor.close()


async def test_a_reader_who_goes_away_takes_the_process_along() -> None:
    extractor = Extractor()
    reading = asyncio.create_task(extractor.extract(endless_pdf()))
    await until(lambda: bool(reading_processes()))
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await extractor.close()
    assert not reading_processes()
