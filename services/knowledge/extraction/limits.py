"""How much a file may cost."""

from dataclasses import dataclass

MIB = 1024 * 1024

LARGEST_FILE_BYTES = 20 * MIB
MOST_TEXT_CHARACTERS = 3_000_000
"""Code points of one page or file: as UTF-8 they fit into one stored document in every script."""

MOST_LINKS = 5_000
LONGEST_ADDRESS_CHARACTERS = 2_000
MOST_PAGES = 5_000
MOST_CELLS = 200_000
LONGEST_CELL_CHARACTERS = 5_000
MOST_UNPACKED_BYTES = 200 * MIB
"""What a packed file may unfold to; an ordinary DOCX unfolds to five times its size."""

MOST_PACKED_FILES = 5_000
MOST_SITEMAP_BYTES = 50 * MIB
"""Unpacked; sitemaps.org/protocol.html, "Sitemap file requirements"."""

MOST_SITEMAP_ENTRIES = 50_000
"""The same source."""


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What reading processes may take.

    Attributes:
        processes: At most so many read at once.
        memory_bytes: Address space of each.
        cpu_s: CPU time per file, in whole seconds.
        wall_s: Seconds per file, waiting for the processor included.
        files_per_process: Then it is replaced, so that nothing a file left behind stays for long.
        idle_s: Seconds without work after which a process ends.
    """

    processes: int = 2
    memory_bytes: int = 1024 * MIB
    cpu_s: int = 30
    wall_s: float = 90.0
    files_per_process: int = 500
    idle_s: float = 30.0
