"""Each layer alone stops what it is there for, when the language layer is already broken.

The attacks are plain Python, handed to a sandbox whose language layer is off and which has only the
layers that the table names. Without any layer (`none`) an attack succeeds: so the layer it was.
"""

import os
import socket
import struct
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
import pytest_asyncio

from services.hooks.sandbox.calls import HookCall, Outcome
from services.hooks.sandbox.inside.kernel import system_calls
from services.hooks.sandbox.inside.kernel.seccomp import DEADLY
from services.hooks.sandbox.inside.plan import LAYERS, Layer
from services.hooks.sandbox.options import RunLimits, SandboxOptions
from services.hooks.sandbox.sandbox import Sandbox
from tests.unit.hooks.sandbox.opened import opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

IMPORTS = "import _thread, ctypes, os, signal, socket, sys, time\n"
LIBC = "libc = ctypes.CDLL(None, use_errno=True)\n"
SHORT = RunLimits(wall=1.5, requests=0.5)
#: The kernel lets a process put these on only when it can never gain rights again.
NEED_NO_NEW_PRIVS = {"landlock", "seccomp"}

RunUnder = Callable[[str, str, dict[str, Any]], Awaitable[Outcome]]


@dataclass(frozen=True)
class Break:
    name: str
    layers: str
    verdict: str
    source: str

    def __str__(self) -> str:
        return f"{self.name}, {self.layers}"


def breaks() -> Iterator[Break]:
    text = Path(__file__).with_name("broken_language.txt").read_text()
    for part in text.removeprefix("== ").split("\n== "):
        head, _, body = part.partition("\n")
        name, _, expected = head.partition(": ")
        source = f"{IMPORTS}{LIBC}def before_llm(ctx):\n{body}\n    return {{'done': True}}\n"
        for pair in expected.split("; "):
            layers, _, verdict = pair.partition("=")
            yield Break(name, layers, verdict, source)


BREAKS = list(breaks())


def layers_named(names: str) -> tuple[Layer, ...]:
    wanted = set(names.split("+")) - {"none"}
    if wanted & NEED_NO_NEW_PRIVS:
        wanted.add("no_new_privs")
    assert wanted <= set(LAYERS)
    return tuple(layer for layer in LAYERS if layer in wanted)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def run_under() -> AsyncGenerator[RunUnder, None]:
    """Runs raw Python with some layers only; sandboxes are kept for the module."""
    async with AsyncExitStack() as stack:
        sandboxes: dict[str, Sandbox] = {}

        async def run(names: str, source: str, ctx: dict[str, Any]) -> Outcome:
            if names not in sandboxes:
                options = SandboxOptions(
                    most_at_once=1,
                    layers=layers_named(names),
                    needs_seccomp=False,
                    limits=SHORT,
                )
                sandboxes[names] = await stack.enter_async_context(opened(options))
            checked = await sandboxes[names].check(source)
            assert checked.compiled is not None, checked.issues
            return await sandboxes[names].run(
                HookCall(checked.compiled, "before_llm", {"ctx": ctx})
            )

        yield run


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter and write to; pytest's own are for their owner alone."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


@pytest.fixture
def prey(open_folder: Path) -> Iterator[dict[str, Any]]:
    """What an attack is about: a process, a file, a port, a name, a program with root's rights."""
    file = open_folder / "file"
    file.write_text("x")
    file.chmod(0o666)
    name = f"parlance-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as named:
        named.bind("\0" + name)
        named.listen()
        yield {
            "pid": os.getpid(),
            "file": str(file),
            "port": server.getsockname()[1],
            "name": name,
            **program_with_rights(open_folder),
        }


def program_with_rights(folder: Path) -> dict[str, str]:
    """A setuid `cat`, and a file for root only with what counts as a result."""
    program, secret = folder / "cat", folder / "secret"
    program.write_bytes(Path("/bin/cat").read_bytes())
    program.chmod(0o4755)
    said = b'{"done":true}'
    secret.write_bytes(struct.pack("!cI", b"o", len(said)) + said)
    secret.chmod(0o600)
    return {"program": str(program), "secret": str(secret)}


@pytest.mark.parametrize("attack", BREAKS, ids=str)
async def test_a_layer_alone_stops_what_it_is_there_for(
    run_under: RunUnder, prey: dict[str, Any], attack: Break
) -> None:
    outcome = await run_under(attack.layers, attack.source, prey)
    assert outcome.verdict == attack.verdict, outcome
    assert (outcome.result == {"done": True}) == (attack.verdict == "ok")


@pytest.mark.parametrize("name", sorted({attack.name for attack in BREAKS}))
async def test_all_layers_together_stop_everything(
    run_under: RunUnder, prey: dict[str, Any], name: str
) -> None:
    source = next(attack.source for attack in BREAKS if attack.name == name)
    everything = "+".join(layer for layer in LAYERS if layer != "language")
    outcome = await run_under(everything, source, prey)
    assert outcome.verdict != "ok", outcome
    assert outcome.result is None


@pytest.mark.parametrize("layer", LAYERS)
async def test_every_attack_table_has_every_layer(layer: Layer) -> None:
    if layer == "language":
        return  # the other corpus is its table
    assert [attack for attack in BREAKS if layer in attack.layers.split("+")]


@pytest.mark.parametrize("call", DEADLY)
async def test_a_deadly_system_call_kills(run_under: RunUnder, call: str) -> None:
    column = system_calls.column()
    assert column is not None, "This machine has no table of system calls."
    number = system_calls.NUMBERS[call][column]
    if number is None:
        assert call in {"fork", "vfork"}
        return
    source = f"{IMPORTS}{LIBC}def before_llm(ctx):\n    libc.syscall({number}, 0, 0, 0, 0, 0, 0)\n"
    outcome = await run_under("seccomp", source, {})
    assert outcome.verdict == "security_violation"


async def test_what_one_run_breaks_is_whole_in_the_next(run_under: RunUnder) -> None:
    source = f"""{IMPORTS}
def before_llm(ctx):
    before = [getattr(os, "mark", None), len(sys.argv)]
    os.mark = 1
    sys.argv.clear()
    sys.modules["json"].loads = None
    return {{"before": before}}
"""
    first = await run_under("none", source, {})
    second = await run_under("none", source, {})
    assert first.result is not None
    assert first.result == second.result
    assert first.result["before"][0] is None


async def test_a_child_has_loaded_nothing_of_the_application(run_under: RunUnder) -> None:
    source = f"{IMPORTS}def before_llm(ctx):\n    return {{'modules': sorted(sys.modules)}}\n"
    outcome = await run_under("none", source, {})
    assert outcome.result is not None
    foreign = [
        name
        for name in cast("list[str]", outcome.result["modules"])
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "RestrictedPython"}
        and not name.startswith("services.hooks.sandbox.inside")
    ]
    assert foreign == ["__main__", "services", "services.hooks", "services.hooks.sandbox"]


async def test_a_child_has_no_environment_and_two_ways_out(run_under: RunUnder) -> None:
    source = f"""{IMPORTS}
def before_llm(ctx):
    numbers = [int(name) for name in os.listdir("/proc/self/fd")]
    ends = {{str(n): os.readlink(f"/proc/self/fd/{{n}}") for n in numbers if n < 5}}
    return {{"environment": dict(os.environ), "ends": ends, "most": max(numbers)}}
"""
    outcome = await run_under("none", source, {})
    assert outcome.result is not None
    assert set(outcome.result["environment"]) <= {"LC_CTYPE"}  # Python sets it for itself
    ends = outcome.result["ends"]
    assert {ends[number] for number in "012"} == {"/dev/null"}
    assert ends["3"].startswith("socket:")
    assert ends["4"].startswith("pipe:")
    assert outcome.result["most"] == 5  # of the listing itself


@pytest.mark.parametrize("layer", LAYERS)
async def test_this_machine_has_every_layer(sandbox: Sandbox, layer: Layer) -> None:
    assert sandbox.layers[layer], (
        f"The kernel of this machine does not give hooks the layer {layer!r}:"
        " docs/operate/sandbox.md says what it needs."
    )
