"""Which Pythons hooks may run under.

A new Python brings new syntax and new attributes. Until RestrictedPython's authors have gone
through a release, and the lists of `inside` with it, hooks do not run under it.
"""

import sys
from functools import cache
from importlib.metadata import version

#: Release line of RestrictedPython -> the minor versions of Python 3 that it and we have audited.
AUDITED = {9: range(11, 15)}


@cache
def unaudited(python: tuple[int, int] = sys.version_info[:2]) -> str | None:
    """Why hooks cannot run under this Python; None when they can."""
    line = int(version("RestrictedPython").partition(".")[0])
    minors = AUDITED.get(line, range(0))
    if python[0] == 3 and python[1] in minors:  # noqa: PLR2004 (the only Python there is)
        return None
    return (
        f"Hooks do not run under Python {python[0]}.{python[1]} with RestrictedPython {line}: the"
        " combination has not been audited. Run Parlance with Python 3.11 to 3.14 and the packages"
        " of its lock file."
    )
