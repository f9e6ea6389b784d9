"""What somebody who waits for a source reads."""

from io import StringIO

from api.sync_progress import SyncProgress
from documents.base import utc_now
from documents.knowledge_sources import KnowledgeSource, Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def source(progress: Progress | None) -> KnowledgeSource:
    made: KnowledgeSource = KnowledgeSource.model_construct(
        status="ready", page_count=6, chunk_count=9, progress=progress
    )
    return made


READING = [
    source(Progress(phase="reading", done=2, total=None, started_at=utc_now())),
    source(Progress(phase="reading", done=2, total=None, started_at=utc_now())),
    source(Progress(phase="indexing", done=3, total=6, started_at=utc_now())),
    source(None),
]


def test_a_terminal_has_one_line_that_changes() -> None:
    output = Terminal()
    with SyncProgress(output) as progress:
        for one in READING:
            progress.show(one)
    assert output.getvalue() == (
        "\r\x1b[Kreading: 2 pages\r\x1b[Kindexing: 3 of 6 pages\r\x1b[KREADY: 6 pages, 9 passages\n"
    )


def test_a_log_has_few_lines_and_always_the_last_one() -> None:
    output = StringIO()
    with SyncProgress(output) as progress:
        for one in READING:
            progress.show(one)
    assert output.getvalue() == "reading: 2 pages\nREADY: 6 pages, 9 passages\n"
