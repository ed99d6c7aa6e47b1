from __future__ import annotations

import platform
import signal
import subprocess
import sys

import pytest

from analyzer.limits import DEFAULT_LIMITS
from analyzer.worker.confine import Level, probe
from analyzer.worker.launch import command, output_of

FULL = probe(DEFAULT_LIMITS) == Level(has_rlimits=True, has_landlock=True, has_seccomp=True)
needs_all = pytest.mark.skipif(not FULL, reason="this kernel offers less")

TRY = """
import ctypes, mmap, os, resource, signal, socket, subprocess, threading, time, hashlib
from analyzer.limits import Limits
from analyzer.worker import confine as confinement
libc = confinement._libc()
parent = os.getppid()
confinement.confine(Limits(worker_memory_bytes=1 << 30))
try:
    answer = {call}
except BaseException as error:
    print(type(error).__name__, getattr(error, "errno", ""))
else:
    print("done", answer)
"""


def tried(call: str) -> str:
    """What a confined process got from this expression."""
    return output_of(TRY.replace("{call}", call)).decode().strip()


@needs_all
@pytest.mark.parametrize(
    "call",
    [
        "open('/etc/passwd')",
        "open('/tmp/cratescope-test', 'w')",
        "os.open('.', os.O_RDONLY)",
        "os.listdir('/')",
        "os.stat('/etc/passwd')",
        "os.unlink('/tmp/cratescope-test')",
        "os.mkdir('/tmp/cratescope-test')",
        "os.rename('/tmp/a', '/tmp/b')",
        "os.chmod('/tmp', 0o777)",
        "os.chdir('/')",
        "os.dup(1)",
        "os.pipe()",
        "os.memfd_create('x')",
        "socket.socket()",
        "socket.socket(socket.AF_UNIX)",
        "socket.socketpair()",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.kill(parent, 0)",
        "os.kill(-1, 0)",
        "os.killpg(0, 0)",
        "os.setpriority(os.PRIO_PROCESS, parent, 5)",
        "os.sched_setaffinity(parent, {0})",
        "resource.prlimit(parent, resource.RLIMIT_CPU)",
        "resource.prlimit(parent, resource.RLIMIT_CPU, (1, 1))",
        "os.setuid(0)",
    ],
)
def test_confined_process_is_refused(call: str) -> None:
    assert tried(call) in ("PermissionError 1", "OSError 1"), call


@needs_all
@pytest.mark.parametrize(
    "name",
    ["ptrace", "bpf", "io_uring_setup", "userfaultfd", "keyctl", "mount", "process_vm_readv",
     "perf_event_open", "pidfd_open", "clone3", "unshare", "seccomp"],
)  # fmt: skip
def test_confined_process_makes_no_rare_call(name: str) -> None:
    numbers = {
        "x86_64": {
            "ptrace": 101, "bpf": 321, "io_uring_setup": 425, "userfaultfd": 323, "keyctl": 250,
            "mount": 165, "process_vm_readv": 310, "perf_event_open": 298, "pidfd_open": 434,
            "clone3": 435, "unshare": 272, "seccomp": 317,
        },
        "aarch64": {
            "ptrace": 117, "bpf": 280, "io_uring_setup": 425, "userfaultfd": 282, "keyctl": 219,
            "mount": 40, "process_vm_readv": 270, "perf_event_open": 241, "pidfd_open": 434,
            "clone3": 435, "unshare": 97, "seccomp": 277,
        },
    }  # fmt: skip
    number = numbers[platform.machine()][name]
    call = f"(libc.syscall({number}, None, 0, 0), ctypes.get_errno())"
    assert tried(call) == "done (-1, 1)"


@needs_all
def test_confined_process_starts_no_thread() -> None:
    assert tried("threading.Thread(target=print).start()") == "RuntimeError"


@needs_all
def test_confined_process_makes_no_memory_executable() -> None:
    assert tried("mmap.mmap(-1, 4096, prot=7)") in ("PermissionError 13", "PermissionError 1")


@needs_all
def test_confined_process_cannot_widen_its_limits() -> None:
    answer = tried("resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))")
    assert answer == "ValueError"


@pytest.mark.skipif(sys.platform != "linux", reason="no limit of memory elsewhere")
def test_memory_is_bounded() -> None:
    assert tried("len(bytearray(2 << 30))") == "MemoryError"


@needs_all
@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("len(bytearray(64 << 20))", "67108864"),
        ("len(os.urandom(4))", "4"),
        ("time.sleep(0.001)", "None"),
        ("time.time() > 0 and time.monotonic() > 0 and time.process_time() >= 0", "True"),
        ("hashlib.sha256(b'').hexdigest()[:4]", "e3b0"),
        ("confinement.grant_processor_time(3)", "None"),
        ("[bytes(n) for n in range(0, 1 << 22, 1 << 16)] and None", "None"),
    ],
)
def test_confined_process_still_computes(call: str, answer: str) -> None:
    assert tried(call) == f"done {answer}"


@pytest.mark.parametrize(
    ("part", "call", "answer"),
    [
        ("_restrict_files(libc)", "open('/etc/passwd')", "PermissionError 13"),
        ("_restrict_files(libc)", "os.mkdir('/tmp/cratescope-test')", "PermissionError 13"),
        ("_filter_calls(libc)", "open('/etc/passwd')", "PermissionError 1"),
        ("_set_rlimits(Limits())", "open('/etc/passwd')", "OSError 24"),
    ],
)
@needs_all
def test_each_part_holds_alone(part: str, call: str, answer: str) -> None:
    program = TRY.replace("{call}", call).replace(
        "confinement.confine(Limits(worker_memory_bytes=1 << 30))",
        f"assert libc.prctl(38, 1, 0, 0, 0) == 0 and confinement.{part}",
    )
    assert output_of(program).decode().strip() == answer


@needs_all
def test_call_numbers_of_the_x32_abi_are_refused() -> None:
    call = f"(libc.syscall({39 | 0x40000000}, None, 0, 0), ctypes.get_errno())"
    assert tried(call) == "done (-1, 1)"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="machine code of one processor")
@needs_all
def test_call_of_the_32_bit_abi_kills() -> None:
    # mov eax, 20 (getpid); int 0x80; ret
    program = """
import ctypes, mmap, os
from analyzer.limits import Limits
from analyzer.worker.confine import confine
page = mmap.mmap(-1, 4096, prot=7)
page.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
confine(Limits())
print("alive", flush=True)
call()
print("answered", flush=True)
"""
    done = subprocess.run(command(program), capture_output=True, check=False)
    assert done.stdout == b"alive\n"
    assert done.returncode in (-signal.SIGSYS, -signal.SIGSEGV)  # SIGSEGV: a kernel without it


@pytest.mark.parametrize(
    ("level", "text"),
    [
        (Level(), "nothing (this system offers no confinement we know)"),
        (Level(has_rlimits=True), "rlimits (not offered by this system: Landlock, seccomp)"),
        (
            Level(has_rlimits=True, has_landlock=True, has_seccomp=True),
            "rlimits, Landlock, seccomp",
        ),
    ],
)
def test_level_is_said_in_words(level: Level, text: str) -> None:
    assert level.text == text


def test_system_without_landlock_and_seccomp_is_a_level_and_no_error() -> None:
    program = """
from analyzer.limits import Limits
from analyzer.worker import confine as confinement
sys.platform = "plan9"
print(confinement.confine(Limits()).text)
"""
    assert b"not offered by this system: Landlock, seccomp" in output_of(program)


def test_processor_without_a_call_table_keeps_the_other_parts() -> None:
    program = """
from analyzer.limits import Limits
from analyzer.worker import confine as confinement
confinement.platform.machine = lambda: "riscv128"
level = confinement.confine(Limits())
print(level.has_rlimits, level.has_seccomp)
"""
    assert output_of(program) == b"True False\n"
