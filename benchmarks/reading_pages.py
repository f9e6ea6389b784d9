"""Pages read per CPU-second, from a page's bytes to passages with their tokens, without embeddings.

The baseline does the least that could be called the same: all text of the page, cut every thousand
characters, the same tokens. The product does it in two processes, whose CPU time is added: the
reading process parses, the server cuts and makes tokens.
"""

import asyncio
import gc
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
from lxml.html import document_fromstring

from services.knowledge.chunking import extracted_passages
from services.knowledge.extraction.extracted import ExtractedText
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.extraction.limits import ReadingLimits
from services.languages.detection import detect_language
from services.languages.tokens import search_tokens

_TEXT = """
the a of to and in is for on with that this are be by from as at it or you we can will not order
shipping return delivery customer product price payment invoice account password warranty service
support question answer country weight package address email telephone within after before days
weeks working free cost costs euros size colour material store choose change cancel send receive
contact please always never every other which when where
"""
_WORDS = _TEXT.split()
_KEPT_PAGES = 60
_CUT_CHARACTERS = 1_000
_MIB = 1024 * 1024


@dataclass(frozen=True)
class ReadingSpeed:
    """Rates of each round, and memory before and after all of them.

    Attributes:
        page_bytes: Of one page, on the average.
        pages: Read altogether.
        bare_per_cpu_s: The baseline's pages per CPU-second.
        named_per_cpu_s: The product's, of pages that say where their content is (`main`).
        unnamed_per_cpu_s: The product's, of pages that do not, where it has to be found.
        server_growth_bytes: What the server's memory grew by after the first round.
        reader_bytes: What a reading process takes at the end.
    """

    page_bytes: int
    pages: int
    bare_per_cpu_s: list[float]
    named_per_cpu_s: list[float]
    unnamed_per_cpu_s: list[float]
    server_growth_bytes: int
    reader_bytes: int

    @property
    def of_bare(self) -> float:
        """How much of the baseline's rate the product reaches."""
        return statistics.median(self.named_per_cpu_s) / statistics.median(self.bare_per_cpu_s)


def measure_reading(pages: int, rounds: int) -> ReadingSpeed:
    """Let the baseline and the product take turns, each reading so many pages in a round."""
    return asyncio.run(_measure(pages, rounds))


async def _measure(pages: int, rounds: int) -> ReadingSpeed:
    named = [page(number, "main") for number in range(_KEPT_PAGES)]
    unnamed = [page(number, "div") for number in range(_KEPT_PAGES)]
    rates: dict[str, list[float]] = {"bare": [], "named": [], "unnamed": []}
    extractor = Extractor(ReadingLimits(processes=1, files_per_process=10 * pages * (rounds + 1)))
    own, start = psutil.Process(), 0
    await _product_rate(extractor, named[:1], 1)
    for number in range(rounds + 1):
        rates["bare"].append(_bare_rate(named, pages))
        rates["named"].append(await _product_rate(extractor, named, pages))
        rates["unnamed"].append(await _product_rate(extractor, unnamed, pages))
        if number == 0:
            start = _memory_of(own)
            rates = {name: [] for name in rates}
    growth = _memory_of(own) - start
    reader_bytes = sum(_memory_of(child) for child in _readers())
    await extractor.close()
    return ReadingSpeed(
        page_bytes=sum(map(len, named)) // len(named),
        pages=2 * pages * (rounds + 1),
        bare_per_cpu_s=rates["bare"],
        named_per_cpu_s=rates["named"],
        unnamed_per_cpu_s=rates["unnamed"],
        server_growth_bytes=growth,
        reader_bytes=reader_bytes,
    )


def page(number: int, tag: str) -> bytes:
    """A page as shops have them: 70 KB, a fifth of it text, the rest menus, scripts and styles."""
    chosen = random.Random(number)  # noqa: S311 -- the same pages every time, no secret

    def words(count: int) -> str:
        return " ".join(chosen.choice(_WORDS) for _ in range(count))

    menu = "".join(
        f"<li class='item'><a href='/m{item}' data-id='{item}'><span>{words(2)}</span></a></li>"
        for item in range(150)
    )
    paragraphs = f"<p class='block'>{words(40)}. {words(25)} <a href='/x'>{words(2)}</a>.</p>" * 3
    sections = "".join(
        f"<section id='s{item}'><h2>{words(4)}</h2>{paragraphs.replace('/x', f'/{item}')}"
        f"<ul>{''.join(f'<li>{words(8)}</li>' for _ in range(5))}</ul></section>"
        for item in range(8)
    )
    return (
        f"<!doctype html><html lang=en><head><title>{words(5)}</title>"
        f"<script>{'var answer = 42;' * 1_000}</script><style>{'.a { color: red }' * 800}</style>"
        f"</head><body><header><nav><ul>{menu}</ul></nav></header>"
        f"<{tag} class='content'><h1>{words(4)}</h1>{sections}</{tag}>"
        f"<footer><ul>{menu}</ul></footer></body></html>"
    ).encode()


def _bare_rate(contents: Sequence[bytes], pages: int) -> float:
    began = time.process_time()
    for number in range(pages):
        text = document_fromstring(contents[number % len(contents)]).text_content()
        for start in range(0, len(text), _CUT_CHARACTERS):
            _tokens(text[start : start + _CUT_CHARACTERS], None)
    return pages / (time.process_time() - began)


async def _product_rate(extractor: Extractor, contents: Sequence[bytes], pages: int) -> float:
    began = time.process_time() + sum(map(_cpu_of, _readers()))
    for number in range(pages):
        content = contents[number % len(contents)]
        _indexed(await extractor.extract(content, url="https://shop.example/page"))
    return pages / (time.process_time() + sum(map(_cpu_of, _readers())) - began)


def _indexed(extracted: ExtractedText) -> None:
    language = detect_language(extracted.text)
    for passage in extracted_passages(extracted, language):
        search_tokens("\n".join(passage.heading_path), language)
        _tokens(extracted.text[passage.start : passage.end], language)


def _tokens(text: str, language: str | None) -> None:
    search_tokens(text, detect_language(text) or language)


def _readers() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if any("extraction.child" in part for part in child.cmdline())
    ]


def _cpu_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _memory_of(process: psutil.Process) -> int:
    gc.collect()
    return int(process.memory_full_info().uss)
