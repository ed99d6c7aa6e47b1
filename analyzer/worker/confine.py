"""Takes a process's powers away before it sees a hostile byte: rlimits, Landlock, seccomp.

After `confine` no file can be opened, no socket made, no program started, no process forked. What
the kernel does not offer is left out and said (`Level`). Numbers are from the kernel's own headers.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys
from dataclasses import dataclass

from analyzer.limits import Limits

_PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE, _PR_SET_PDEATHSIG = 38, 4, 1
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _SIGKILL = 22, 2, 9
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_VERSION = 1
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
_NET_RIGHTS = 0b11

# seccomp-bpf: load the architecture, then the system call's number, compare, answer.
_LD_W_ABS, _JEQ, _JGE, _RET = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | 1
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000
_DENIED: dict[str, tuple[int, ...]] = {
    # socket connect sendto bind listen socketpair clone fork vfork execve kill ptrace ...
    "x86_64": (
        *(41, 42, 43, 44, 46, 49, 50, 53, 56, 57, 58, 59, 62, 101, 155, 165, 166, 175, 200, 234),
        *(246, 248, 250, 272, 298, 303, 304, 308, 310, 311, 319, 321, 322, 323, 425, 426, 427),
        *(434, 435, 438, 2, 85, 257, 437, 82, 83, 84, 86, 87, 88, 90, 92, 133, 264, 265, 266, 258),
    ),
    "aarch64": (
        *(
            198,
            199,
            200,
            201,
            203,
            206,
            211,
            220,
            221,
            129,
            130,
            131,
            117,
            40,
            39,
            41,
            97,
            105,
            217,
        ),
        *(219, 241, 264, 265, 268, 270, 271, 279, 280, 281, 282, 425, 426, 427, 434, 435, 438, 56),
        *(437, 33, 34, 35, 36, 37, 38, 52, 54),
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
        """For `doctor`: what is in force, in words."""
        parts = [
            name
            for name, is_on in (
                ("rlimits", self.has_rlimits),
                ("Landlock", self.has_landlock),
                ("seccomp", self.has_seccomp),
            )
            if is_on
        ]
        return ", ".join(parts) or "nothing (this system offers no confinement we know)"


def confine(limits: Limits) -> Level:
    """Give up all powers but computing and answering on open pipes; cannot be undone."""
    has_rlimits = _set_rlimits(limits)
    if not sys.platform.startswith("linux"):
        return Level(has_rlimits=has_rlimits)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return Level(has_rlimits=has_rlimits)
    return Level(has_rlimits, _landlock(libc), _seccomp(libc))


def _set_rlimits(limits: Limits) -> bool:
    wanted = (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CPU, limits.worker_cpu_s),
        (resource.RLIMIT_AS, limits.worker_memory_bytes),
    )
    try:
        for kind, value in wanted:
            _, hard = resource.getrlimit(kind)
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))
    except (OSError, ValueError):
        return False
    return True


def _landlock(libc: ctypes.CDLL) -> bool:
    """An empty rule set over every right the kernel knows: nothing on any file system."""
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return False
    files = _FILE_RIGHTS.get(version, _FILE_RIGHTS[3] if version < 5 else (1 << 16) - 1)
    attributes = struct.pack("=QQ", files, _NET_RIGHTS if version >= 4 else 0)
    size = 16 if version >= 4 else 8
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, size, 0)
    if ruleset < 0:
        return False
    answer = libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return bool(answer == 0)


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _seccomp(libc: ctypes.CDLL) -> bool:
    machine = platform.machine()
    architecture = _ARCHITECTURES.get(machine)
    if architecture is None:
        return False
    denied = sorted(set(_DENIED[machine]))
    rows = [
        (_LD_W_ABS, 0, 0, 4),
        (_JEQ, 1, 0, architecture),
        (_RET, 0, 0, _KILL),
        (_LD_W_ABS, 0, 0, 0),
        (_JGE, len(denied), 0, _X32_BIT),
    ]
    rows += [(_JEQ, len(denied) - place, 0, number) for place, number in enumerate(denied)]
    rows += [(_RET, 0, 0, _ALLOW), (_RET, 0, 0, _REFUSE)]
    # the jump of the x32 test goes to the refusal: past all comparisons and the allowance
    rows[4] = (_JGE, len(denied) + 1, 0, _X32_BIT)
    code = b"".join(struct.pack("=HBBI", *one) for one in rows)
    program = _Program(len(rows), code)
    pointer = ctypes.byref(program)
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, pointer, 0, 0) == 0)


def probe(limits: Limits) -> Level:
    """What this system would hold a worker with, tried in a process that ends at once."""
    if not hasattr(os, "fork"):
        return Level()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        level = confine(limits)
        flags = (level.has_rlimits, level.has_landlock, level.has_seccomp)
        os.write(writer, bytes(flags))
        os._exit(0)
    os.close(writer)
    answer = os.read(reader, 3)
    os.close(reader)
    os.waitpid(child, 0)
    return Level(*(bool(one) for one in answer)) if len(answer) == 3 else Level()
