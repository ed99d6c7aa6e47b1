"""Takes a process's powers away before it sees a hostile byte: rlimits, Landlock, seccomp.

After `confine` a process can compute, and read and write the pipes it has: no file, socket,
program, thread or other process is within reach. What the kernel does not offer is left out and
said (`Level`), never an error. The numbers are those of the kernel's own headers.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys
import time
from dataclasses import dataclass

from analyzer.limits import Limits

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP = 1, 4, 22
_PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE, _MDWE_REFUSE_EXEC_GAIN = 38, 65, 1
_SECCOMP_MODE_FILTER, _SIGKILL = 2, 9

_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_VERSION = 1
# (from this ABI on, rights over files, over TCP ports, size of the kernel's structure)
_LANDLOCK_RIGHTS = (
    (6, (1 << 16) - 1, 0b11, 24),
    (5, (1 << 16) - 1, 0b11, 16),
    (4, (1 << 15) - 1, 0b11, 16),
    (3, (1 << 15) - 1, 0, 8),
    (2, (1 << 14) - 1, 0, 8),
    (1, (1 << 13) - 1, 0, 8),
)
_LANDLOCK_SCOPES = 0b11  # abstract sockets and signals, from ABI 6 on

# seccomp's programs: load a word of the call, compare, return an answer
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOW, _KILL_PROCESS, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | 1  # EPERM


@dataclass(frozen=True, slots=True)
class _Machine:
    """Audit number of an architecture, and its numbers for the calls that stay."""

    architecture: int
    allowed: tuple[int, ...]
    prlimit: int
    tgkill: int


# A list of what is allowed, so that what a later kernel adds is refused: read write readv writev
# close lseek fstat · mmap mprotect munmap brk mremap madvise · rt_sigaction rt_sigprocmask
# rt_sigreturn sigaltstack · futex sched_yield rseq · clocks, getrandom, getrusage, own ids · exit
_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        (
            *(0, 1, 19, 20, 3, 8, 5, 9, 10, 11, 12, 25, 28, 13, 14, 15, 131, 202, 24, 334),
            *(228, 230, 96, 201, 100, 318, 98, 97, 39, 186, 219, 60, 231),
        ),
        prlimit=302,
        tgkill=234,
    ),
    "aarch64": _Machine(
        0xC00000B7,
        (
            *(63, 64, 65, 66, 57, 62, 80, 222, 226, 215, 214, 216, 233, 134, 135, 139, 132),
            *(98, 124, 293, 113, 115, 169, 153, 278, 165, 163, 172, 178, 128, 93, 94),
        ),
        prlimit=261,
        tgkill=131,
    ),
}


@dataclass(frozen=True, slots=True)
class Level:
    """What holds the worker: each part is true where it is in force."""

    has_rlimits: bool = False
    has_landlock: bool = False
    has_seccomp: bool = False

    @property
    def text(self) -> str:
        """For `doctor`: what is in force and what is not, in words."""
        parts = {
            "rlimits": self.has_rlimits,
            "Landlock": self.has_landlock,
            "seccomp": self.has_seccomp,
        }
        held = ", ".join(name for name, is_on in parts.items() if is_on)
        missing = ", ".join(name for name, is_on in parts.items() if not is_on)
        if not held:
            return "nothing (this system offers no confinement we know)"
        return f"{held} (not offered by this system: {missing})" if missing else held


def confine(limits: Limits) -> Level:
    """Give up all powers but computing and answering on open pipes; cannot be undone.

    Everything that will be needed must have been imported and opened before.
    """
    if not sys.platform.startswith("linux"):
        return Level(has_rlimits=_set_rlimits(limits))
    libc = _libc()
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_MDWE, _MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)  # no new machine code, Linux 6.3
    is_locked = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    has_landlock = is_locked and _restrict_files(libc)
    has_rlimits = _set_rlimits(limits)
    return Level(has_rlimits, has_landlock, is_locked and _filter_calls(libc))


def probe(limits: Limits) -> Level:
    """What this system offers, tried in a short-lived process of its own."""
    # not at the top: a worker has no use for starting processes, and pays for each import
    from analyzer.worker.launch import output_of

    program = (
        "from analyzer.worker.confine import confine; from analyzer.limits import Limits;"
        "level = confine(Limits(worker_memory_bytes=int(sys.argv[2])));"
        "print(*map(int, (level.has_rlimits, level.has_landlock, level.has_seccomp)))"
    )
    flags = output_of(program, str(limits.worker_memory_bytes)).split()
    return Level(*(one == b"1" for one in flags)) if len(flags) == 3 else Level()


def grant_processor_time(seconds: int) -> None:
    """Let this process use so much more processor time from now on; then it is killed."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    end = int(time.process_time()) + 1 + seconds
    soft = end if hard == resource.RLIM_INFINITY else min(end, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _set_rlimits(limits: Limits) -> bool:
    wanted = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_AS, limits.worker_memory_bytes),
        (resource.RLIMIT_NOFILE, 0),  # open pipes stay; nothing can be opened on any system
    ]
    is_whole = True
    for kind, value in wanted:
        try:
            _, hard = resource.getrlimit(kind)
            lower = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (lower, lower))
        except (OSError, ValueError):  # macOS has no limit of memory
            is_whole = False
    return is_whole


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = (ctypes.c_int, *(ctypes.c_ulong,) * 4)
    libc.syscall.argtypes = (ctypes.c_long, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong)
    libc.syscall.restype = ctypes.c_long
    return libc


def _restrict_files(libc: ctypes.CDLL) -> bool:
    """Landlock: an empty rule set over every right the kernel knows, so no file can be opened."""
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    known = [rights for first, *rights in _LANDLOCK_RIGHTS if first <= version]
    if not known:
        return False
    files, ports, size = known[0]
    attributes = struct.pack("=QQQ", files, ports, _LANDLOCK_SCOPES)[:size]
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, size, 0)
    if ruleset < 0:
        return False
    answer = libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0)
    os.close(ruleset)
    return bool(answer == 0)


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _filter_calls(libc: ctypes.CDLL) -> bool:
    machine = _MACHINES.get(platform.machine())
    if machine is None or sys.maxsize < 2**32:
        return False
    rows = _rows(machine)
    code = b"".join(struct.pack("=HBBI", *row) for row in rows)
    program = _Program(len(rows), code)
    answer = libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program), 0, 0)
    return bool(answer == 0)


def _rows(machine: _Machine) -> list[tuple[int, int, int, int]]:
    """(operation, jump if equal, jump if not, operand); jumps count the rows that are passed over.

    Another ABI of the same processor has other numbers: its calls kill. prlimit works on this
    process alone and tgkill too (abort), else a worker could cap or end its parent.
    """
    rows = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 1, 0, machine.architecture),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    for number, owners in ((machine.prlimit, (0, os.getpid())), (machine.tgkill, (os.getpid(),))):
        block = [(_LOAD, 0, 0, _FIRST_ARGUMENT_AT)]
        block += [(_EQUAL, len(owners) - at, 0, one) for at, one in enumerate(owners)]
        block += [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
        rows += [(_EQUAL, 0, len(block), number), *block]
    count = len(machine.allowed)
    rows += [(_EQUAL, count - at, 0, one) for at, one in enumerate(machine.allowed)]
    return [*rows, (_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
