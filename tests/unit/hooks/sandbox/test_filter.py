"""The filter of system calls, as a table: also for machines that these tests do not run on.

A small reading of the kernel's filter machine decides what each call of a table would meet.
"""

import re
from pathlib import Path

import pytest

from services.hooks.sandbox.inside.kernel.seccomp import (
    ALLOW,
    ARCHITECTURES,
    DEADLY,
    HARMLESS,
    KILL_PROCESS,
    PROT_EXEC,
    REFUSE,
    SIGSEGV,
    SOCKET_FD,
    TRACE_FD,
    X32_BIT,
    program,
)
from services.hooks.sandbox.inside.kernel.system_calls import NUMBERS

PID = 4711
MACHINES = {"x86_64": 0, "arm64": 1}
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "arm64": Path("/usr/include/asm-generic/unistd.h"),
}


def decided(column: int, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What the filter says to a call."""
    words = {0: number, 4: ARCHITECTURES[column] if architecture is None else architecture}
    words |= {16 + 8 * place: value for place, value in enumerate(arguments)}
    steps, at, loaded = program(column, PID), 0, 0
    while True:
        step = steps[at]
        match step.code:
            case 0x20:
                loaded, taken = words.get(step.operand, 0), 0
            case 0x15:
                taken = step.then if loaded == step.operand else step.otherwise
            case 0x35:
                taken = step.then if loaded >= step.operand else step.otherwise
            case 0x45:
                taken = step.then if loaded & step.operand else step.otherwise
            case _:
                return step.operand
        at += 1 + taken


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_of_the_lists_meets_its_fate(machine: str) -> None:
    column = MACHINES[machine]
    for names, fate in ((HARMLESS, ALLOW), (DEADLY, KILL_PROCESS)):
        for name in names:
            number = NUMBERS[name][column]
            if number is not None:
                assert decided(column, number) == fate, name


@pytest.mark.parametrize("machine", MACHINES)
def test_what_nobody_has_thought_of_is_refused(machine: str) -> None:
    column = MACHINES[machine]
    known = {numbers[column] for numbers in NUMBERS.values()}
    for number in set(range(600)) - known:
        assert decided(column, number) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_some_calls_are_good_with_some_arguments_only(machine: str) -> None:
    column = MACHINES[machine]

    def said(name: str, *arguments: int) -> int:
        number = NUMBERS[name][column]
        assert number is not None
        return decided(column, number, *arguments)

    assert [said("write", fd) for fd in (0, 2, SOCKET_FD, TRACE_FD, 5)] == [
        *(REFUSE, REFUSE, ALLOW, ALLOW, REFUSE),
    ]
    assert [said("read", fd) for fd in (0, SOCKET_FD, TRACE_FD)] == [REFUSE, ALLOW, REFUSE]
    for name in ("mmap", "mprotect"):
        assert [said(name, 0, 0, bits) for bits in (3, PROT_EXEC, 7)] == [ALLOW, REFUSE, REFUSE]
    assert [said("rt_sigaction", number) for number in (2, SIGSEGV)] == [REFUSE, ALLOW]
    assert said("tgkill", PID, PID, SIGSEGV) == ALLOW
    assert said("tgkill", PID + 1, PID, SIGSEGV) == REFUSE
    assert said("tgkill", PID, PID, 9) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_architecture_kill(machine: str) -> None:
    column = MACHINES[machine]
    number = NUMBERS["read"][column]
    assert number is not None
    for other in (0x40000003, ARCHITECTURES[1 - column]):
        assert decided(column, number, SOCKET_FD, architecture=other) == KILL_PROCESS


def test_the_second_numbering_of_x86_64_kills() -> None:
    assert decided(0, X32_BIT | 0, SOCKET_FD) == KILL_PROCESS
    assert decided(0, X32_BIT | 520) == KILL_PROCESS


@pytest.mark.parametrize("machine", MACHINES)
def test_no_two_calls_have_the_same_number(machine: str) -> None:
    numbers = [row[MACHINES[machine]] for row in NUMBERS.values()]
    there = [number for number in numbers if number is not None]
    assert len(there) == len(set(there))


@pytest.mark.parametrize("machine", [name for name, file in HEADERS.items() if file.exists()])
def test_the_numbers_are_those_of_the_kernels_own_headers(machine: str) -> None:
    text = HEADERS[machine].read_text()
    official = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text))
    for name, row in NUMBERS.items():
        number = row[MACHINES[machine]]
        if number is not None and name in official:
            assert number == int(official[name]), name
