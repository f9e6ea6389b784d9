"""Addresses of external databases: what is refused, shown and overridden. Budget: 1 second."""

import pytest

from documents.database.driver import connect_mongo
from documents.database.external import connect_external, without_password
from documents.database.options import DatabaseOptions
from documents.errors import DatabaseAddressError

MALFORMED = [
    "postgres://user:s3cret@host/db",
    "mongodb://user:s3cret@host:port/",
    "mongodb://user:s3cret@",
    "mongodb://us/er:s3cret@host/",
    "mongodb://[user:s3cret@host/",
    "",
]


@pytest.mark.parametrize("url", MALFORMED)
async def test_a_malformed_address_is_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(DatabaseAddressError, match="PARLANCE_MONGODB_URL") as refused:
        await connect_external(url)
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_only_the_hosts_are_shown() -> None:
    assert without_password("mongodb://u:p%40ss@a:1,b:2/x?replicaSet=r") == "a:1,b:2"
    assert without_password("mongodb+srv://u:p@cluster.example.com/") == "cluster.example.com"
    assert "s3cret" not in repr(DatabaseOptions("mongodb://u:s3cret@a", data_dir=None))  # type: ignore[arg-type]


async def test_the_address_may_change_deadlines_but_not_the_safety_of_writes() -> None:
    url = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=99&w=1&retryWrites=false&journal=false"
    mongo = connect_mongo(url)
    assert mongo.options.server_selection_timeout == 0.099
    assert mongo.write_concern.document == {"w": "majority", "j": True}
    assert mongo.options.retry_writes is True
    await mongo.close()
