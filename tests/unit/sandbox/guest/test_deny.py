"""The second filter's program, run as the kernel runs it: system call and arguments to verdict."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.guest import deny

_X86_64, _I386, _ARM = 0xC000003E, 0x40000003, 0xC00000B7
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_STEPS: list[tuple[int, int, int, int]] = [
    struct.unpack_from("HBBI", deny.program(), at) for at in range(0, len(deny.program()), 8)
]


def judge(number: int, *arguments: int, machine: int = _X86_64) -> int:
    """What the program returns for a call: `struct seccomp_data` through classic BPF."""
    padded = (*arguments, *(0,) * 6)[:6]
    data = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, machine, 0, *padded)
    at = held = 0
    for _ in range(len(_STEPS)):
        code, yes, no, value = _STEPS[at]
        at += 1
        if code == 0x20:  # load a word
            (held,) = struct.unpack_from("<I", data, value)
        elif code == 0x15:
            at += yes if held == value else no
        elif code == 0x35:
            at += yes if held >= value else no
        elif code == 0x06:
            return value
        else:
            raise AssertionError(hex(code))
    raise AssertionError("the program does not end")


def refusal(verdict: int) -> str:
    assert verdict & 0xFFFF0000 == _ERRNO
    return errno.errorcode[verdict & 0xFFFF]


def _jumps() -> Iterator[int]:
    for at, (code, yes, no, _) in enumerate(_STEPS):
        if code in (0x15, 0x35):
            yield from (at + 1 + yes, at + 1 + no)


def test_every_jump_stays_inside() -> None:
    assert max(_jumps()) < len(_STEPS)


@pytest.mark.parametrize("number", [0, 1, 59, 257, 42, 44, 56, 435])
def test_what_builds_do_is_allowed(number: int) -> None:
    assert judge(number) == _ALLOW


@pytest.mark.parametrize("number", [425, 426, 427])
def test_io_uring_is_not_there(number: int) -> None:
    assert refusal(judge(number)) == "ENOSYS"


@pytest.mark.parametrize(("number", "word"), [(304, "EPERM"), (438, "EPERM"), (321, "ENOSYS")])
def test_calls_that_tracers_do_not_see_through_are_refused(number: int, word: str) -> None:
    assert refusal(judge(number)) == word


@pytest.mark.parametrize("family", [1, 2, 10, 16])
def test_families_of_a_network_namespace_are_allowed(family: int) -> None:
    assert judge(41, family) == _ALLOW


@given(st.integers(0, 0xFFFFFFFF).filter(lambda one: one not in (1, 2, 10, 16)))
def test_every_other_family_is_refused(family: int) -> None:
    assert refusal(judge(41, family)) == "EAFNOSUPPORT"


def test_a_family_with_high_bits_is_judged_as_the_kernel_takes_it() -> None:
    """The kernel takes an int: the upper half of the register says nothing."""
    assert judge(41, (1 << 32) | socket.AF_INET) == _ALLOW
    assert refusal(judge(41, (1 << 32) | 40)) == "EAFNOSUPPORT"


@given(st.integers(0, 0xFFFFFFFF), st.sampled_from([_I386, _ARM, 0]))
def test_foreign_machines_are_killed_whatever_they_call(number: int, machine: int) -> None:
    assert judge(number, machine=machine) == _KILL


@given(st.integers(0x40000000, 0xFFFFFFFF))
def test_numbers_of_x32_are_killed(number: int) -> None:
    assert judge(number) == _KILL
