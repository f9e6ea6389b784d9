"""How hard a site may be asked, and how much of it is taken."""

from dataclasses import dataclass

from services.knowledge.extraction.limits import LARGEST_FILE_BYTES

MOST_REDIRECTS = 5
LARGEST_ROBOTS_BYTES = 500 * 1024
"""What must be read of a robots.txt at least (RFC 9309, section 2.5); the rest is ignored."""

MOST_SITEMAPS = 100
"""Sitemaps that an index may name; each may list 50,000 pages."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Times in seconds.

    Attributes:
        page_deadline_s: For one page with its redirects.
        largest_page_bytes: Unpacked.
        delay_s: Between two requests to one host, unless its robots.txt wants more.
        longest_delay_s: A robots.txt that wants more than this gets this.
        longest_wait_s: A server that asks for a pause up to this long gets it, and one more
            request; with a longer one the run ends.
        failures_in_a_row: After so many a site is left alone until the next run.
    """

    page_deadline_s: float = 60.0
    largest_page_bytes: int = LARGEST_FILE_BYTES
    delay_s: float = 0.2
    longest_delay_s: float = 30.0
    longest_wait_s: float = 60.0
    failures_in_a_row: int = 10
