"""Become the payload's user without any power, then become the payload's program."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from pathlib import Path

from sandbox.guest import deny

_PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _CLEAR_ALL = 24, 47, 4
_LAST_CAPABILITY = 40


def enter(user: int, argv: list[str]) -> None:
    """Never returns. Raises OSError when a power could not be given up or the program started."""
    # When memory ends, the payload goes before its tracer does.
    Path("/proc/self/oom_score_adj").write_text("800", "ascii")
    libc = ctypes.CDLL(None, use_errno=True)
    for one in range(_LAST_CAPABILITY + 1):
        libc.prctl(_PR_CAPBSET_DROP, one, 0, 0, 0)
    libc.prctl(_PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    if os.getresuid() != (user, user, user) or os.getresgid() != (user, user, user):
        raise PermissionError("still another user")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o022)
    deny.install()
    os.execvp(argv[0], argv)  # noqa: S606  # the host's own order


def main(argv: list[str]) -> None:
    """`USER PROGRAM ARGUMENT...`; ends with 126 if that cannot be."""
    try:
        enter(int(argv[0]), argv[1:])
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(126) from None
