"""One more seccomp filter over the container's own, for what the tracer would not see.

io_uring does file and network work without system calls; AF_VSOCK is no part of a network
namespace; foreign ABIs (int 0x80, x32) have other numbers. x86_64 only: elsewhere it refuses.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ERRNO, _KILL, _ALLOW = 0x00050000, 0x80000000, 0x7FFF0000
_X86_64, _X32 = 0xC000003E, 0x40000000
_SOCKET = 41
_FAMILIES = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK."""
_ENOSYS, _EAFNOSUPPORT, _EPERM = 38, 97, 1
_UNSEEN = {
    425: _ENOSYS,  # io_uring_setup
    426: _ENOSYS,  # io_uring_enter
    427: _ENOSYS,  # io_uring_register
    304: _EPERM,  # open_by_handle_at
    438: _EPERM,  # pidfd_getfd
    298: _ENOSYS,  # perf_event_open
    321: _ENOSYS,  # bpf
    323: _ENOSYS,  # userfaultfd
}
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2

_Step = tuple[int, int, int, int]


def program() -> bytes:
    """The filter as the kernel takes it."""
    steps: list[_Step] = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, _X86_64),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
    ]
    for number, error in _UNSEEN.items():
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | error)]
    family: list[_Step] = [(_LOAD, 0, 0, 16)]
    family += [(_EQUAL, len(_FAMILIES) - at, 0, one) for at, one in enumerate(_FAMILIES)]
    family += [(_RETURN, 0, 0, _ERRNO | _EAFNOSUPPORT), (_RETURN, 0, 0, _ALLOW)]
    steps += [(_EQUAL, 0, len(family), _SOCKET), *family, (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", code, yes, no, value) for code, yes, no, value in steps)


def install() -> None:
    """Put the filter on this process and all it will start. Raises OSError."""
    if platform.machine() != "x86_64":
        raise OSError(_ENOSYS, "the second filter knows x86_64 only")
    code = program()
    buffer = ctypes.create_string_buffer(code)
    head = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_PR_SET_SECCOMP, _MODE_FILTER, ctypes.create_string_buffer(head), 0, 0),
    ):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
