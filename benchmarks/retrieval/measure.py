"""How well a chatbot finds what it knows, and how fast: `make bench`'s part `retrieval`.

A private MongoDB holds Debian's handbooks as the knowledge of one chatbot, each page a source.
Every question is asked through the product's own search and, for comparison, through plain `$text`
over the same chunks. What is judged are the questions that no constant was tuned on.
"""

import asyncio
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.retrieval.debian_pages import CACHE, Page, fetch, pages
from benchmarks.retrieval.questions import Question, questions
from benchmarks.retrieval.shop_pages import QUESTIONS as SHOP_QUESTIONS
from benchmarks.retrieval.shop_pages import shop_pages
from documents.chatbots import Chatbot, ChatbotSettings
from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents
from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_sources import KnowledgeSource
from documents.registry import DOCUMENT_CLASSES
from documents.tenancy import TenantScope
from services.knowledge.confidence import confidence
from services.knowledge.gate import Gate
from services.knowledge.question import all_tokens, read_question
from services.knowledge.ranking_scores import (
    auc,
    calibration_error,
    hit_share,
    mean_reciprocal_rank,
)
from services.knowledge.search import KnowledgeSearch
from services.knowledge.source_limits import KnowledgeLimits
from services.knowledge.sources import KnowledgeSources
from services.knowledge.word_index.word_indexes import WordIndexes
from services.languages.codes import LANGUAGES

CLIENT = "benchmark"
GATE = Gate()
EVIDENCE_RANKS = 5
SMALL_PART = 3
"""Every third page is what speed at about 5,000 chunks is measured on."""

LARGE_CHUNKS = 50_000
"""The corpus is taught again and again until there are so many."""

FIRST_QUESTION = "How do I install packages?"
"""Of frequent words alone: the slowest there is without words in memory."""


@dataclass(slots=True)
class Asked:
    """A question and what came of it."""

    question: Question
    rank: int | None
    plain_rank: int | None
    evidence: float
    ms: float


class WordsRead(NamedTuple):
    """What it took to have a chatbot's words in memory, beside its first question."""

    chunks: int
    first_ms: float
    seconds: float
    megabytes: float


@dataclass(slots=True)
class RetrievalFigures:
    """What one run has measured."""

    chunks: int = 0
    asked: list[Asked] = field(default_factory=list)
    small_chunks: int = 0
    small_ms: list[float] = field(default_factory=list)
    large_chunks: int = 0
    large_ms: list[float] = field(default_factory=list)
    replaced_ms: list[float] = field(default_factory=list)
    found_ms: list[float] = field(default_factory=list)
    words: list["WordsRead"] = field(default_factory=list)
    shop: list[Asked] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The table, of the judging part alone."""
        judged = [one for one in self.asked if not one.question.for_tuning]
        answerable = [one for one in judged if one.question.sections]
        rest = [one for one in judged if not one.question.sections]
        beside = "in brackets plain $text beside it, and the ratio"
        lines = [f"Retrieval: {self.chunks} chunks, {len(judged)} questions to judge by; {beside}"]
        lines += [_row(name, group) for name, group in _groups(answerable)]
        area = auc([one.evidence for one in answerable], [one.evidence for one in rest])
        said = [confidence(one.evidence) for one in judged]
        was = [one.rank is not None and one.rank <= EVIDENCE_RANKS for one in judged]
        lines.append(
            f"  gate AUC {area:.3f}, confidence off by {calibration_error(said, was):.3f} on"
            f" average; refused {_share(answerable, GATE.refuse_below):.0%} of the answerable,"
            f" {_share(rest, GATE.refuse_below):.0%} of the rest; answered outright"
            f" {1 - _share(answerable, GATE.answer_from):.0%} and"
            f" {1 - _share(rest, GATE.answer_from):.0%}"
        )
        lines.append(f"  {_times(f'{self.small_chunks} chunks', self.small_ms)}")
        lines.append(f"  {_times(f'{self.chunks} chunks', [one.ms for one in self.asked])}")
        if self.large_ms:
            lines.append(f"  {_times(f'{self.large_chunks} chunks', self.large_ms)}")
        if self.replaced_ms:
            lines.append(f"  {_times('a source of 20 chunks replaced', self.replaced_ms)}")
            lines.append(f"  {_times('the question after that', self.found_ms)}")
        lines += [
            f"  the words of {one.chunks} chunks: in memory {one.seconds:.1f} s after the first"
            f" question, which took {one.first_ms:.0f} ms; {one.megabytes:.0f} MB"
            for one in self.words
        ]
        return [*lines, *shop_lines(self.shop)]

    def tuning_rows(self) -> list[tuple[float, bool]]:
        """What `calibrate` fits: scores of the tuning part, and whether the answer was there."""
        return [
            (one.evidence, one.rank is not None and one.rank <= EVIDENCE_RANKS)
            for one in self.asked
            if one.question.for_tuning
        ]


def shop_lines(asked: Sequence[Asked]) -> list[str]:
    """The rows of the shop's languages, of the judging part alone."""
    judged = [one for one in asked if not one.question.for_tuning]
    answerable = [one for one in judged if one.question.sections]
    rest = [one for one in judged if not one.question.sections]
    area = auc([one.evidence for one in answerable], [one.evidence for one in rest])
    lines = [f"A shop's help in six languages: {len(judged)} questions to judge by"]
    lines += [_row(name, group) for name, group in _groups(answerable)]
    lines.append(
        f"  gate AUC {area:.3f}; refused {_share(answerable, GATE.refuse_below):.0%} of the"
        f" answerable, {_share(rest, GATE.refuse_below):.0%} of the rest"
    )
    return lines


async def ask_shop(sources: KnowledgeSources) -> list[Asked]:
    """Teach another chatbot the shop's pages and ask it their questions."""
    chatbot_id, search = await _new_chatbot(), KnowledgeSearch()
    by_source = await _taught(sources, chatbot_id, list(shop_pages()))
    return [await _asked(search, chatbot_id, one, by_source) for one in questions(SHOP_QUESTIONS)]


def measure_retrieval(*, large: bool = True) -> RetrievalFigures:
    """Fetch the corpus, teach it and ask everything.

    Raises:
        CorpusMissingError: Debian's packages cannot be had here.
    """
    unpacked = fetch(CACHE)
    folder = Path(tempfile.mkdtemp(prefix="parlance-retrieval-"))
    try:
        figures = asyncio.run(_measured(list(pages(unpacked)), folder, large=large))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    (CACHE / "rows.json").write_text(json.dumps(figures.tuning_rows()))
    return figures


async def _measured(corpus: Sequence[Page], folder: Path, *, large: bool) -> RetrievalFigures:
    database = await open_database(DatabaseOptions(mongodb_url=None, data_dir=folder))
    try:
        await prepare_documents(database, DOCUMENT_CLASSES)
        limits = KnowledgeLimits(sources_per_chatbot=1_000_000)
        sources = KnowledgeSources(database, limits)
        figures = RetrievalFigures()
        chatbot_id = await _new_chatbot()
        by_source = await _taught(sources, chatbot_id, corpus[::SMALL_PART])
        figures.small_chunks = await _chunk_count(chatbot_id)
        figures.words.append(await _words_read(chatbot_id, figures.small_chunks))
        indexes = WordIndexes()
        search = KnowledgeSearch(indexes=indexes)
        await _caught_up(search, indexes, chatbot_id)
        figures.small_ms = await _all_ms(search, chatbot_id, by_source)
        for part in range(1, SMALL_PART):
            by_source |= await _taught(sources, chatbot_id, corpus[part::SMALL_PART])
        figures.chunks = await _chunk_count(chatbot_id)
        await _caught_up(search, indexes, chatbot_id)
        for question in questions():
            figures.asked.append(await _asked(search, chatbot_id, question, by_source))
        await _replaced(sources, search, chatbot_id, figures)
        figures.shop = await ask_shop(sources)
        if large:
            while (figures.large_chunks or figures.chunks) < LARGE_CHUNKS:
                await _taught(sources, chatbot_id, corpus)
                figures.large_chunks = await _chunk_count(chatbot_id)
            figures.words.append(await _words_read(chatbot_id, figures.large_chunks))
            await _caught_up(search, indexes, chatbot_id)
            figures.large_ms = await _all_ms(search, chatbot_id, by_source)
        return figures
    finally:
        await database.close()


async def _new_chatbot() -> PydanticObjectId:
    settings = ChatbotSettings(name="Helper", default_llm_id=PydanticObjectId())
    chatbot = Chatbot(
        client_id=CLIENT,
        embed_key=str(PydanticObjectId()),
        draft=settings,
        published=settings,
        published_version_id=PydanticObjectId(),
    )
    await TenantScope.one(CLIENT).of(Chatbot).insert(chatbot)
    return chatbot.id


async def _taught(
    sources: KnowledgeSources, chatbot_id: PydanticObjectId, corpus: Sequence[Page]
) -> dict[PydanticObjectId, Page]:
    by_source = {}
    for page in corpus:
        title = page.text.strip().split("\n")[0].lstrip("# ")[:190] or page.name
        source = await sources.add_text(CLIENT, [chatbot_id], title, page.text)
        by_source[source.id] = page
    return by_source


async def _chunk_count(chatbot_id: PydanticObjectId) -> int:
    chunks = TenantScope.one(CLIENT).of(KnowledgeChunk)
    return await chunks.count({"chatbot_id": chatbot_id}, limit=10_000_000)


async def _asked(
    search: KnowledgeSearch,
    chatbot_id: PydanticObjectId,
    question: Question,
    by_source: dict[PydanticObjectId, Page],
) -> Asked:
    began = perf_counter()
    found = await search.search(CLIENT, chatbot_id, question.text, question.language, 10)
    ms = (perf_counter() - began) * 1000
    rank = _rank(question, [(one.source_id, one.start_offset) for one in found.found], by_source)
    plain = _rank(question, await _plain_text(chatbot_id, question), by_source)
    return Asked(question, rank, plain, found.evidence, ms)


async def _all_ms(
    search: KnowledgeSearch,
    chatbot_id: PydanticObjectId,
    by_source: dict[PydanticObjectId, Page],
) -> list[float]:
    """How long each question takes."""
    return [(await _asked(search, chatbot_id, one, by_source)).ms for one in questions()]


async def _plain_text(
    chatbot_id: PydanticObjectId, question: Question
) -> list[tuple[PydanticObjectId, int]]:
    """The ten best of `$text` alone, with the same tokens."""
    tokens = all_tokens(read_question(question.text, question.language, LANGUAGES).words)
    chunks = TenantScope.one(CLIENT).of(KnowledgeChunk)
    words = {"$search": " ".join(tokens), "$language": "none"}
    pipeline: list[dict[str, Any]] = [
        {"$match": chunks.condition({"chatbot_id": chatbot_id, "$text": words})},
        {"$sort": {"score": {"$meta": "textScore"}, "_id": 1}},
        {"$limit": 10},
        {"$project": {"source_id": 1, "start_offset": 1}},
    ]
    cursor = await chunks.raw.aggregate(pipeline)
    return [(found["source_id"], found["start_offset"]) for found in await cursor.to_list()]


def _rank(
    question: Question,
    found: Sequence[tuple[PydanticObjectId, int]],
    by_source: dict[PydanticObjectId, Page],
) -> int | None:
    for number, (source_id, offset) in enumerate(found, 1):
        page = by_source.get(source_id)
        if page is None or page.language != question.language:
            continue
        if f"{page.book}:{page.section_at(offset)}" in question.sections:
            return number
    return None


async def _caught_up(
    search: KnowledgeSearch, indexes: WordIndexes, chatbot_id: PydanticObjectId
) -> None:
    """Have all words in memory."""
    await search.search(CLIENT, chatbot_id, FIRST_QUESTION, "en")
    await indexes.settled()


async def _words_read(chatbot_id: PydanticObjectId, chunks: int) -> WordsRead:
    """What a server goes through that was just started."""
    indexes, began = WordIndexes(), perf_counter()
    search = KnowledgeSearch(indexes=indexes)
    await search.search(CLIENT, chatbot_id, FIRST_QUESTION, "en")
    first_ms = (perf_counter() - began) * 1000
    await indexes.settled()
    return WordsRead(chunks, first_ms, perf_counter() - began, indexes.size_bytes / 1e6)


async def _replaced(
    sources: KnowledgeSources,
    search: KnowledgeSearch,
    chatbot_id: PydanticObjectId,
    figures: RetrievalFigures,
) -> None:
    """Replace a source, and ask at once for what is new in it.

    Raises:
        RuntimeError: it was not found.
    """

    def text(number: int) -> str:
        return "\n\n".join(
            f"# Part {part}\n\nThis is edition{number}. " + "Nothing else is said here. " * 30
            for part in range(20)
        )

    scope = TenantScope.one(CLIENT)
    source = await sources.add_text(CLIENT, [chatbot_id], "Replaced", text(0))
    for number in range(1, 21):
        began = perf_counter()
        await sources.update_text(scope, source.id, text=text(number))
        replaced = perf_counter()
        found = await search.search(CLIENT, chatbot_id, f"What is edition{number}?", "en")
        figures.replaced_ms.append((replaced - began) * 1000)
        figures.found_ms.append((perf_counter() - replaced) * 1000)
        if not any(f"edition{number}." in one.text for one in found.found):
            raise RuntimeError(f"edition {number} is stored and was not found")
    await scope.of(KnowledgeSource).delete_many({"_id": source.id})
    await scope.of(KnowledgeChunk).delete_many({"source_id": source.id})


def _groups(asked: Sequence[Asked]) -> list[tuple[str, list[Asked]]]:
    groups: defaultdict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        language, kind = one.question.language, one.question.kind
        if language == "en":
            groups[f"en {kind}"].append(one)
        else:
            groups["same language"].append(one)
            groups[language].append(one)
    return list(groups.items())


def _row(name: str, asked: Sequence[Asked]) -> str:
    ours, plain = [one.rank for one in asked], [one.plain_rank for one in asked]
    shares = " ".join(
        f"hit@{k} {hit_share(ours, k):.2f} [{hit_share(plain, k):.2f}]" for k in (1, 3, 5)
    )
    own, other = mean_reciprocal_rank(ours), mean_reciprocal_rank(plain)
    ratio = f" x{own / other:.1f}" if other else ""
    return f"  {name:14} n={len(asked):3} {shares} MRR@10 {own:.2f} [{other:.2f}]{ratio}"


def _share(asked: Sequence[Asked], below: float) -> float:
    return sum(one.evidence < below for one in asked) / max(len(asked), 1)


def _times(what: str, ms: Sequence[float]) -> str:
    ordered = sorted(ms)
    median, late = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return f"{what}: {median:.0f} ms at the median, {late:.0f} ms at p95"


def main() -> None:
    """Measure and print."""
    print("\n".join(measure_retrieval().lines()))


if __name__ == "__main__":
    main()
