"""The command line of the private mongod."""

from pathlib import Path

from documents.database.folder import HOST, REPLICA_SET, DatabaseFolder

CACHE_GB = "0.5"
"""WiredTiger's cache in GB, twice its smallest; the kernel's page cache does the rest. With the
smallest one, writing 300 passages of knowledge beside 24,000 others took longer than 5 seconds. The
default, half of the machine's memory, suits a machine that runs nothing else."""

OPLOG_MB = "1024"
"""Most disk space of the replication log, in MB: how far back a change stream can resume. The
default would be 5 % of the disk."""

SLOW_MS = "1000"
"""Only operations above this are written to mongod's log, since they are logged with their text."""


TRANSACTION_LIFETIME_S = "15"
"""After this a transaction is given up, in seconds. One that a lost connection left open keeps
others from what it has written; the default is a minute. Ours end after 5 seconds."""


def mongod_command(binary: Path, folder: DatabaseFolder, port: int) -> list[str]:
    """A one-member replica set with authentication, reachable from this machine only."""
    return [
        str(binary),
        *("--dbpath", str(folder.data)),
        *("--bind_ip", HOST),
        *("--port", str(port)),
        "--nounixsocket",
        *("--replSet", REPLICA_SET),
        *("--keyFile", str(folder.key_file)),
        *("--logpath", str(folder.log_file)),
        "--logappend",
        *("--logRotate", "reopen"),
        "--quiet",
        *("--slowms", SLOW_MS),
        *("--wiredTigerCacheSizeGB", CACHE_GB),
        *("--oplogSize", OPLOG_MB),
        *("--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_LIFETIME_S}"),
        # Its own diagnostics take up to 200 MB and some writes each second.
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    ]
