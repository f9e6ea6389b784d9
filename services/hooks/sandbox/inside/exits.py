"""The last act of a hook's process: what happened, in the status that the kernel keeps."""

OK = 0
RAISED = 20
CPU_LIMIT = 21
MEMORY_LIMIT = 22
OUTPUT_LIMIT = 23
BAD_RESULT = 24
INVALID_CODE = 25
#: Ours to mend: a lock that the kernel had promised did not close.
NOT_LOCKED = 30
BROKEN = 31
#: What the trace begins with once every lock is closed. From then on a tenant's code may have
#: chosen the status, and what was ours to mend before is its own doing.
LOCKED = b"locked\n"
