"""The system libraries of the embedded MongoDB, the one thing that a bare Debian may lack.

The mongod of the Python package is linked against libcurl, which is not part of a minimal Debian
12. Everything else that Parlance needs comes in wheels that carry their libraries.
"""

import os
import re
import shutil
import subprocess

from set_up import debian_packages
from set_up.steps import VENV, SetUpError

PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "libcrypto.so.3": "libssl3",
    "libssl.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
}

#: With one of these the operator brings a database or a binary; ours is not started.
BRINGS_ANOTHER = ("PARLANCE_MONGODB_URL", "PARLANCE_MONGOD")


def prepare() -> None:
    """Installs missing libraries when it may, else says which.

    Raises:
        SetUpError: Libraries are missing and cannot be installed from here.
    """
    if any(os.environ.get(name) for name in BRINGS_ANOTHER) or shutil.which("mongod"):
        return
    missing = _missing_libraries()
    if not missing:
        return
    packages = sorted({PACKAGES.get(library, library) for library in missing})
    if not debian_packages.can_install():
        raise SetUpError(
            f"the embedded MongoDB needs {', '.join(missing)}. On Debian or Ubuntu, as root:\n"
            f"    apt-get install {' '.join(packages)}\n"
            "or bring your own MongoDB with PARLANCE_MONGODB_URL or PARLANCE_MONGOD"
        )
    debian_packages.install(packages)


def _missing_libraries() -> list[str]:
    mongod = next(VENV.glob("lib/python3.*/site-packages/fiftyone/db/bin/mongod"), None)
    if mongod is None or shutil.which("ldd") is None:
        return []
    listed = subprocess.run(["ldd", str(mongod)], capture_output=True, text=True, check=False)
    return re.findall(r"^\s*(\S+) => not found", listed.stdout, re.MULTILINE)
