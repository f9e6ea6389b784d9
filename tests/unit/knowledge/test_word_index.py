"""The index in memory finds what collecting finds, knows each change at its commit."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
import pytest_asyncio
from pymongo.errors import ExecutionTimeout

from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.knowledge_chunks import ChunkWords, KnowledgeChunk
from documents.knowledge_listing import ListedChunk, listed_ids
from documents.knowledge_sources import KnowledgeSize
from services.knowledge.candidates import Searched
from services.knowledge.question import QuestionWord, read_question
from services.knowledge.ranking import counted, document_counts, ranked, word_weights
from services.knowledge.search import KnowledgeSearch
from services.knowledge.sources import KnowledgeSources
from services.knowledge.text_index import TextIndex
from services.knowledge.word_index.chatbot_words import MOST_SMALL, ChatbotWords
from services.knowledge.word_index.segment import MOST_CHUNKS, Chunks, Segment, Words
from services.knowledge.word_index.word_indexes import WordIndexes
from services.knowledge.word_search import WordSearch
from tests.unit.knowledge.conftest import Tenant, new_tenant
from tests.unit.knowledge.test_spelling import size_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = ("garden", "river", "copper", "window", "harvest", "letter", "silver", "market", "bridge")
LANGUAGES = ("en", "de", "und")
SOURCES = tuple(PydanticObjectId() for _ in range(4))
DEADLINE_MS = 20_000


def indexes_of_everything(most_bytes: int = 100_000_000) -> WordIndexes:
    return WordIndexes(most_bytes=most_bytes, few_chunks=1, read_at_once=1_000_000)


def drawn(lots: random.Random, source_id: PydanticObjectId | None = None) -> ListedChunk:
    """A chunk without two equal words side by side, which counting takes for one."""
    heading = lots.sample(WORDS, 2)
    text = [*lots.sample(WORDS, 5), *lots.sample(("alpha", "beta", "gamma"), 2)]
    return ListedChunk(
        PydanticObjectId(),
        source_id or lots.choice(SOURCES),
        " ".join(heading),
        " ".join(text),
        len(heading) + len(text),
        lots.choice(LANGUAGES),
    )


def questions(lots: random.Random) -> Sequence[tuple[QuestionWord, ...]]:
    def word() -> QuestionWord:
        forms = lots.sample((*WORDS, "alpha", "missing", "elsewhere"), lots.randint(1, 3))
        return QuestionWord(forms[0], tuple(forms))

    return [tuple({one.tokens: one for one in (word(), word(), word())}.values()) for _ in range(8)]


def assert_same(index: ChatbotWords, there: Sequence[ListedChunk], lots: random.Random) -> None:
    """The index says of some chunks what counting each of them says."""
    size = KnowledgeSize(len(there), sum(one.token_count for one in there), LANGUAGES)
    for words in questions(lots):
        looked = index.look(words, "en")
        chunks = counted([without_source(one) for one in there], words, "en")
        spoken = document_counts(words, [one for one in chunks if one.is_spoken])
        assert looked.document_counts == document_counts(words, chunks)
        assert looked.unknown(words) == [word for word in words if not spoken[word]]
        weights = tuple(word_weights(words, looked.document_counts, size.chunk_count).values())
        held = [one for one in ranked(chunks, weights, size) if one.score]
        assert looked.ranked(weights, size) == held


def without_source(chunk: ListedChunk) -> ChunkWords:
    return ChunkWords(
        chunk.chunk_id,
        chunk.heading_tokens,
        chunk.text_tokens,
        chunk.token_count,
        chunk.text_language,
    )


@pytest.mark.parametrize("seed", range(5))
async def test_it_orders_as_counting_does_whatever_came_and_went(seed: int) -> None:
    lots = random.Random(seed)
    index, there = ChatbotWords(), list[ListedChunk]()
    for _ in range(3 * MOST_SMALL):
        new = [drawn(lots) for _ in range(lots.randint(1, 12))]
        index, there = index.with_chunks(new), there + new
        if lots.random() < 0.5:
            gone = {one.chunk_id for one in lots.sample(there, lots.randint(0, len(there)))}
            index = index.without(chunk_ids=gone)
            there = [one for one in there if one.chunk_id not in gone]
        assert_same(index, there, lots)
    assert len(index.parts) <= MOST_SMALL
    left = lots.choice(SOURCES)
    assert index.chunk_ids([left]) == {one.chunk_id for one in there if one.source_id == left}
    assert_same(
        index.without(source_ids=[left]), [one for one in there if one.source_id != left], lots
    )


async def test_no_segment_gets_more_chunks_than_it_can_number() -> None:
    large, kept = MOST_CHUNKS // 4, MOST_CHUNKS // 8 - 1
    index = ChatbotWords()
    for _ in range(MOST_SMALL + 1):
        chunks = [
            ListedChunk(PydanticObjectId(), SOURCES[0], "", "tea", 1, "en") for _ in range(large)
        ]
        index = index.with_chunks(chunks).without({one.chunk_id for one in chunks[kept:]})
    one_more = ListedChunk(PydanticObjectId(), SOURCES[0], "", "tea", 1, "en")
    tea = QuestionWord("tea", ("tea",))
    looked = index.with_chunks([one_more]).look([tea], "en")
    assert looked.document_counts == {tea: (MOST_SMALL + 1) * kept + 1}
    assert (MOST_SMALL + 1) * kept > 2**16


async def test_a_segment_refuses_chunks_that_it_cannot_number() -> None:
    ids = tuple(PydanticObjectId() for _ in range(2))

    def segment(times: int) -> Segment:
        none = np.zeros(0, dtype=np.int64)
        every = ids * times
        lengths = np.ones(len(every))
        languages = np.full(len(every), "en")
        return Segment(Chunks(every, every, languages, lengths), Words(none, none, none))

    assert len(segment(MOST_CHUNKS // 2).chunks) == MOST_CHUNKS
    with pytest.raises(ValueError, match="more than a segment can number"):
        segment(MOST_CHUNKS // 2 + 1)


async def test_an_old_state_is_not_touched_by_what_follows_it() -> None:
    lots = random.Random(1)
    there = [drawn(lots) for _ in range(20)]
    before = ChatbotWords().with_chunks(there)
    before.without(chunk_ids={one.chunk_id for one in there[:10]}).with_chunks([drawn(lots)])
    assert_same(before, there, lots)


async def test_a_word_that_is_said_very_often_is_counted() -> None:
    many = 100_000
    chunk = drawn(random.Random(1))._replace(text_tokens=" ".join(["echo"] * many))
    looked = ChatbotWords().with_chunks([chunk]).look([QuestionWord("echo", ("echo",))], "en")
    assert looked.seen[0].occurrences[0].frequencies.tolist() == [np.iinfo(np.uint16).max]


async def test_a_question_finds_with_it_what_it_finds_without(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    lots = random.Random(7)
    for number in range(6):
        text = "\n\n".join(
            f"# {' of '.join(lots.sample(WORDS, 2))}\n\nThe {' '.join(lots.sample(WORDS, 4))}."
            for _ in range(5)
        )
        await knowledge_sources.add_text(
            tenant.client_id, [tenant.chatbot_id], f"Page {number}", text
        )
    size = await size_of(tenant)
    indexed = WordSearch(DEADLINE_MS, indexes=indexes_of_everything())
    for asked in ("Where is the silver bridge?", "gardn and rivr", "The market", "nothing known"):
        question = read_question(asked, "en", size.languages)
        found = await indexed.find(tenant.scope, tenant.chatbot_id, question, size)
        assert found == await WordSearch(DEADLINE_MS).find(
            tenant.scope, tenant.chatbot_id, question, size
        )


async def test_every_process_knows_a_change_from_its_commit_on(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    processes = [KnowledgeSearch(indexes=indexes_of_everything()) for _ in range(2)]

    async def found() -> set[str]:
        """What all of them find; both chatbots are asked, so that each has its index."""
        said = []
        for process in processes:
            outcome = await process.search(
                tenant.client_id, tenant.chatbot_id, "When does the garden open?", "en", 20
            )
            said.append({one.text for one in outcome.found})
        assert said[0] == said[1]
        return said[0]

    add, scope = knowledge_sources.add_text, tenant.scope
    one = await add(tenant.client_id, [tenant.chatbot_id], "Garden", "The garden opens at five.")
    assert await found() == {"The garden opens at five."}
    other = await add(tenant.client_id, [tenant.chatbot_id], "More", "The garden opens at nine.")
    assert await found() == {"The garden opens at five.", "The garden opens at nine."}
    await knowledge_sources.update_text(scope, one.id, text="The garden opens at four.")
    assert await found() == {"The garden opens at four.", "The garden opens at nine."}
    await knowledge_sources.update_text(scope, other.id, chatbot_ids=[tenant.other_chatbot_id])
    assert await found() == {"The garden opens at four."}
    await knowledge_sources.delete(scope, one.id)
    assert await found() == set()


@pytest_asyncio.fixture(loop_scope="session")
async def profiled(database: Database) -> AsyncIterator[Database]:
    """Every operation on the database is recorded."""
    await database.database.command("profile", 0)
    await database.database.drop_collection("system.profile")
    await database.database.create_collection("system.profile", capped=True, size=16_000_000)
    await database.database.command("profile", 2)
    yield database
    await database.database.command("profile", 0)


async def test_what_every_search_asks_first_is_answered_by_indexes_alone(
    knowledge_sources: KnowledgeSources, tenant: Tenant, profiled: Database
) -> None:
    await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Garden", "The garden opens at five."
    )
    size = await size_of(tenant)
    listed = await listed_ids(
        tenant.scope, tenant.chatbot_id, size.source_ids, deadline_ms=DEADLINE_MS
    )
    assert len(listed) == 1
    own = {"op": "query", "command.filter.client_id": tenant.client_id}
    for name, index in (
        ("knowledge_sources", "known_by_chatbot"),
        ("knowledge_chunks", "found_by_chatbot"),
    ):
        asked = {**own, "command.find": name, "command.hint": index}
        recorded = await profiled.database["system.profile"].find(asked).to_list()
        assert [(one["docsExamined"], one["nreturned"]) for one in recorded] == [(0, 1)]


async def test_the_list_of_many_chunks_is_read_in_small_replies(
    knowledge_sources: KnowledgeSources, tenant: Tenant, profiled: Database
) -> None:
    source = await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Garden", "The garden opens at five."
    )
    chunks, copies = tenant.scope.of(KnowledgeChunk).raw, 1_500
    [stored] = await chunks.find({"client_id": tenant.client_id}).to_list()
    await chunks.insert_many({**stored, "_id": PydanticObjectId()} for _ in range(copies))
    size = await size_of(tenant)
    listed = await listed_ids(
        tenant.scope, tenant.chatbot_id, size.source_ids, deadline_ms=DEADLINE_MS
    )
    assert len(set(listed)) == copies + 1
    own = {
        "command.filter.client_id": tenant.client_id,
        "command.find": "knowledge_chunks",
        "command.hint": "found_by_chatbot",
    }
    recorded = await profiled.database["system.profile"].find(own).to_list()
    assert [one["nreturned"] for one in recorded] == [1_000]
    await knowledge_sources.delete(tenant.scope, source.id)
    assert await chunks.count_documents({"client_id": tenant.client_id}) == 0


async def test_it_is_not_asked_for_another_client(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    stranger, indexes = await new_tenant(), indexes_of_everything()
    await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Garden", "The garden opens at five."
    )
    size = await size_of(tenant)
    own = await indexes.of(tenant.scope, tenant.chatbot_id, size, deadline_ms=DEADLINE_MS)
    foreign = await indexes.of(stranger.scope, tenant.chatbot_id, size, deadline_ms=DEADLINE_MS)
    assert own is not None
    assert foreign is not None
    assert len(own.chunk_ids(size.source_ids)) == 1
    assert foreign.chunk_ids(size.source_ids) == set()


async def test_what_takes_long_to_read_is_read_behind_the_searches(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Garden", "The garden opens at five."
    )
    indexes, size = WordIndexes(few_chunks=1, read_at_once=0), await size_of(tenant)
    search = WordSearch(DEADLINE_MS, indexes=indexes)
    question = read_question("When does the garden open?", "en", size.languages)
    first = await search.find(tenant.scope, tenant.chatbot_id, question, size)
    await indexes.settled()
    index = await indexes.of(tenant.scope, tenant.chatbot_id, size, deadline_ms=DEADLINE_MS)
    assert index is not None
    assert len(index.chunk_ids(size.source_ids)) == 1
    assert len(first.ranked) == 1


class TooSlow(TextIndex):
    """An index of MongoDB's that never answers in time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Sequence[str]] = []

    async def by_words(
        self, searched: Searched, tokens: Sequence[str], *, limit: int
    ) -> list[ChunkWords]:
        self.asked.append(tokens)
        raise ExecutionTimeout(f"{limit} chunks took longer than {searched.deadline_ms} ms", 50)


async def test_a_first_question_that_takes_too_long_waits_for_the_words(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Garden", "The garden opens at five."
    )
    size = await size_of(tenant)
    question = read_question("When does the garden open?", "en", size.languages)
    indexes, slow = WordIndexes(few_chunks=1, read_at_once=0), TooSlow()
    found = await WordSearch(DEADLINE_MS, candidates=slow, indexes=indexes).find(
        tenant.scope, tenant.chatbot_id, question, size
    )
    assert len(found.ranked) == 1
    assert len(slow.asked) == 1
    with pytest.raises(ExecutionTimeout):
        await WordSearch(DEADLINE_MS, candidates=TooSlow()).find(
            tenant.scope, tenant.chatbot_id, question, size
        )


async def test_words_that_were_read_for_an_older_state_are_not_given_for_a_newer_one(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    sizes = []
    for text in ("The garden opens at five.", "The garden opens at nine."):
        await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], text, text)
        sizes.append(await size_of(tenant))
    for asked, is_given in ((sizes[0], True), (sizes[1], False)):
        indexes = WordIndexes(few_chunks=1, read_at_once=0)
        own = (tenant.scope, tenant.chatbot_id)
        assert await indexes.of(*own, sizes[0], deadline_ms=DEADLINE_MS) is None
        words = await indexes.awaited(*own, asked, longest_s=60)
        assert (words is not None) is is_given


async def test_a_search_waits_for_the_reading_of_another_no_longer_than_its_own_deadline(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Garden", "The garden opens at five."
    )
    indexes, size = indexes_of_everything(), await size_of(tenant)
    reading, waiting = await asyncio.gather(
        indexes.of(tenant.scope, tenant.chatbot_id, size, deadline_ms=DEADLINE_MS),
        indexes.of(tenant.scope, tenant.chatbot_id, size, deadline_ms=0),
    )
    assert reading is not None
    assert waiting is None
    later = await indexes.of(tenant.scope, tenant.chatbot_id, size, deadline_ms=DEADLINE_MS)
    assert later is reading


async def test_memory_is_bounded_and_the_longest_unused_goes(
    knowledge_sources: KnowledgeSources,
) -> None:
    tenants = [await new_tenant() for _ in range(3)]
    for one in tenants:
        text = "\n\n".join(f"# Part {part}\n\nThe garden opens at {part}." for part in range(20))
        await knowledge_sources.add_text(one.client_id, [one.chatbot_id], "Garden", text)
    sizes = [await size_of(one) for one in tenants]

    async def index_of(indexes: WordIndexes, number: int) -> ChatbotWords:
        one = tenants[number]
        found = await indexes.of(one.scope, one.chatbot_id, sizes[number], deadline_ms=DEADLINE_MS)
        assert found is not None
        return found

    free = indexes_of_everything()
    bytes_of_one = (await index_of(free, 0)).size_bytes
    indexes = indexes_of_everything(most_bytes=2 * bytes_of_one + bytes_of_one // 2)
    first, second = await index_of(indexes, 0), await index_of(indexes, 1)
    assert await index_of(indexes, 0) is first
    await index_of(indexes, 2)
    assert indexes.size_bytes <= 2 * bytes_of_one + bytes_of_one // 2
    assert await index_of(indexes, 0) is first, "it was used after the second one"
    assert await index_of(indexes, 1) is not second

    too_large = replace(sizes[0], token_count=10**9)
    scope, chatbot_id = tenants[0].scope, tenants[0].chatbot_id
    assert await indexes.of(scope, chatbot_id, too_large, deadline_ms=DEADLINE_MS) is None
