"""What any earlier version has written still loads, after the migrations that it did not have."""

import secrets
from collections import Counter, defaultdict
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from beanie.odm.utils.parsing import parse_obj

from documents.database.database import Database
from documents.database.preparation import prepare_documents
from documents.migrations.registry import known_migrations
from documents.migrations.runner import migrate, pending_migrations
from documents.registry import DOCUMENT_CLASSES
from tests.stored.kept import Kept, kept_documents, made_unique, not_kept
from tests.stored.written import written

CLASSES = {one.Settings.name: one for one in DOCUMENT_CLASSES}
KEPT = kept_documents()
AGES = sorted({one.migrations for one in KEPT})
COUNTED_ANEW = "usage_daily"
"""Of these, m0005 leaves none: they are counted once more from their rows."""

READ_AS_STORED = "usage_merged"
"""What is packed in them says how, and what is packed in another way is merged anew."""


@pytest_asyncio.fixture(loop_scope="session")
async def empty(database: Database) -> AsyncIterator[Database]:
    """A database of the test's own, in the worker's MongoDB."""
    name = f"stored_{secrets.token_hex(4)}"
    yield Database(database.mongo, name=name, url=database.url)
    await database.mongo.drop_database(name)


async def written_at(age: int, database: Database) -> Counter[str]:
    """The database as a version with so many migrations left it; how many documents it has."""
    applied = [{"_id": one.number, "name": one.name} for one in known_migrations()[:age]]
    await database.database["migrations"].insert_many(applied)
    by_collection = defaultdict(list)
    for number, one in enumerate(KEPT):
        if one.migrations == age:
            by_collection[one.collection].append(made_unique(one.document, number))
    for name, documents in by_collection.items():
        await database.database[name].insert_many(documents)
    return Counter({name: len(documents) for name, documents in by_collection.items()})


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("age", AGES)
async def test_documents_of_every_age_load_after_the_migrations_since(
    age: int, empty: Database
) -> None:
    before = await written_at(age, empty)
    assert len(await migrate(empty)) == len(known_migrations()) - age
    loaded: Counter[str] = Counter()
    for name in before:
        async for document in empty.database[name].find({}):
            if name != READ_AS_STORED:
                parse_obj(CLASSES[name], document)
            loaded[name] += 1
    ignored = {COUNTED_ANEW} if age < 5 else set()
    assert {name: count for name, count in loaded.items() if name not in ignored} == {
        name: count for name, count in before.items() if name not in ignored
    }
    assert await pending_migrations(empty) == []


@pytest.mark.asyncio(loop_scope="session")
async def test_the_indexes_of_today_are_made_over_the_oldest_documents(empty: Database) -> None:
    await written_at(AGES[0], empty)
    await migrate(empty)
    await prepare_documents(empty, DOCUMENT_CLASSES)
    for name in {one.collection for one in KEPT if one.migrations == AGES[0]}:
        expected = getattr(CLASSES[name].Settings, "indexes", ())
        found = await empty.database[name].index_information()
        assert len(found) == len(expected) + 1, name


@pytest.mark.asyncio(loop_scope="session")
async def test_what_the_classes_write_today_is_kept_for_later_versions(empty: Database) -> None:
    found = await written(DOCUMENT_CLASSES, empty.database)
    age = len(known_migrations())
    missing = not_kept(Kept(age, collection, document) for collection, document in found)
    assert not {one.collection for one in missing}, "run `python -m tests.stored` and commit"


def test_each_kept_document_is_of_a_class_of_today() -> None:
    """A collection that nothing reads any more needs a migration that takes it away."""
    assert not {one.collection for one in KEPT} - CLASSES.keys()


def test_texts_and_ids_are_made_unique_and_all_else_is_left() -> None:
    one = Kept(1, "things", {"_id": KEPT[0].document["_id"], "name": "a-§", "of": ["b-§", 1, None]})
    first, second = (made_unique(one.document, number) for number in (1, 2))
    assert (first["name"], first["of"]) == ("a-1", ["b-1", 1, None])
    assert first["_id"] != second["_id"]
