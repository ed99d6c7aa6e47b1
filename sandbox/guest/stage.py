"""One stage: a program of the payload's user, traced or not, until all it started has ended."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sandbox.guest import wire
from sandbox.guest.folding import Folder
from sandbox.guest.stillness import Stillness
from sandbox.guest.watch import Watch

_CALLS = (
    "clone,clone3,fork,vfork,execve,execveat,connect,bind,listen,accept,accept4,sendto,sendmsg,"
    "sendmmsg,open,openat,openat2,creat,unlink,unlinkat,rename,renameat,renameat2,chmod,fchmod,"
    "fchmodat,symlink,symlinkat,link,linkat,truncate,ptrace,memfd_create,process_vm_readv,"
    "process_vm_writev,io_uring_setup,kill,tgkill,setsid,nanosleep,clock_nanosleep"
)
_STRACE = ("strace", "-f", "--seccomp-bpf", "-q", "-ttt", "-y", "-s", "4096", "-e", "signal=none")
_NO_SLEEP = ("-e", "inject=nanosleep,clock_nanosleep:retval=0")
_OUTPUT_MAX_BYTES = 16 << 20
_SURVIVAL_S = 3.0

Send = Callable[[bytes, bytes], None]


@dataclass(frozen=True)
class Order:
    """What to run. `quiet`: folders that hold nothing of anybody's; `watched`: decoys."""

    stage: str
    argv: tuple[str, ...]
    cwd: str
    environment: Mapping[str, str]
    user: int
    timeout_s: float
    is_traced: bool
    skips_sleep: bool
    quiet: tuple[str, ...]
    watched: tuple[str, ...]
    trace_room_bytes: int
    idle_s: float
    """After how long a stage in which nothing moves is over; 0: never."""


class Stage:
    """Runs an order and tells of it through `send`."""

    def __init__(self, order: Order, send: Send, entry: str) -> None:
        self._order, self._send, self._entry = order, send, entry
        self._root_ended = threading.Event()
        self._first_pid = b""
        self._folder = Folder(order.quiet, order.watched, room_bytes=order.trace_room_bytes)

    def run(self) -> dict[str, object]:
        """The outcome, as the host is told it."""
        began = time.time()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        watch = Watch(self._order.watched, self._opened)
        reader, writer = os.pipe() if self._order.is_traced else (-1, -1)
        process = self._start(writer)
        threads = [threading.Thread(target=self._pass_on, args=(process.stdout,))]
        if self._order.is_traced:
            os.close(writer)
            threads.append(threading.Thread(target=self._trace, args=(reader,)))
        for one in threads:
            one.start()
        outcome, survivors = self._wait(process, watch, began)
        end_all(self._order.user, process.pid)
        process.wait()
        for one in threads:
            one.join(20)
        watch.close()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {
            "stage": self._order.stage,
            "outcome": outcome,
            "code": process.returncode,
            "began_ms": int(began * 1000),
            "took_ms": int((time.time() - began) * 1000),
            "cpu_ms": int(spent * 1000),
            "survivors": survivors,
            "watched": watch.count,
            "folded": self._folder.folded,
            "dropped": self._folder.dropped,
            "lost": self._folder.lost[False],
            "lost_protected": self._folder.lost[True],
        }

    def _start(self, trace: int) -> subprocess.Popen[bytes]:
        order = self._order
        argv = [self._entry, "enter", str(order.user), *order.argv]
        environment = dict(order.environment)
        kept: tuple[int, ...] = ()
        if order.is_traced:
            more: tuple[str, ...] = _NO_SLEEP if order.skips_sleep else ()
            # Not into the tracer itself: its clock is the real one.
            if loaded := environment.pop("LD_PRELOAD", ""):
                more += ("-E", f"LD_PRELOAD={loaded}")
            argv = [
                *_STRACE,
                *more,
                "-e",
                f"trace={_CALLS}",
                "-o",
                f"/proc/self/fd/{trace}",
                "--",
                *argv,
            ]
            kept = (trace,)
        return subprocess.Popen(
            argv,
            cwd=order.cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=kept,
            start_new_session=True,
        )

    def _wait(
        self, process: subprocess.Popen[bytes], watch: Watch, began: float
    ) -> tuple[str, list[dict[str, object]]]:
        """How it ended, and who was still there when the program itself had ended."""
        stillness = Stillness(self._order.user, self._order.idle_s)
        while process.poll() is None and not self._root_ended.is_set():
            watch.drain(0.05)
            bury(process.pid)
            if time.time() - began > self._order.timeout_s:
                return "time-out", []
            if stillness.lasts():
                return "waiting", []
        survivors = _living(self._order.user)
        if survivors:
            # A child that outlives its parent is watched a little: what it does then is the point.
            until = time.time() + _SURVIVAL_S
            while time.time() < until and _living(self._order.user):
                watch.drain(0.05)
        # The tracer has the program's exit code only when all its children are gone.
        end_all(self._order.user, process.pid)
        process.wait()
        watch.drain(0)
        return "ended", survivors

    def _opened(self, word: str, path: str, at: float) -> None:
        told = {"event": "opened", "word": word, "path": path, "at_ms": int(at * 1000)}
        self._send(wire.EVENT, wire.as_json({**told, "stage": self._order.stage}))

    def _pass_on(self, stream: IO[bytes] | None) -> None:
        assert stream is not None
        room = _OUTPUT_MAX_BYTES
        while data := os.read(stream.fileno(), 1 << 16):
            if room > 0:
                self._send(wire.OUTPUT, data[:room])
            room -= len(data)
        if room < 0:
            cut = {"event": "cut", "what": "output", "bytes": -room, "stage": self._order.stage}
            self._send(wire.EVENT, wire.as_json(cut))

    def _trace(self, descriptor: int) -> None:
        pending: list[bytes] = []
        size = 0
        with os.fdopen(descriptor, "rb", buffering=1 << 18) as stream:
            for line in self._folder.fold(self._ends(stream)):
                pending.append(line)
                size += len(line)
                if size > 1 << 18:
                    self._send(wire.TRACE, b"".join(pending))
                    pending, size = [], 0
        self._send(wire.TRACE, b"".join(pending))
        self._root_ended.set()

    def _ends(self, stream: IO[bytes]) -> Iterator[bytes]:
        """The lines, noting when the first process has ended: its children may live on."""
        for line in stream:
            if not self._first_pid:
                self._first_pid = line.partition(b" ")[0]
            if b" +++ " in line and line.startswith(self._first_pid + b" "):
                self._root_ended.set()
            yield line


def _living(user: int) -> list[dict[str, object]]:
    """The user's processes."""
    found: list[dict[str, object]] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            status = (entry / "status").read_text("utf-8", "replace")
            if f"\nUid:\t{user}\t" in status and "\nState:\tZ" not in status:
                words = (entry / "cmdline").read_bytes().split(b"\0")[:20]
                argv = [one.decode("utf-8", "replace")[:200] for one in words if one]
                found.append({"pid": int(entry.name), "argv": argv})
    return found[:50]


def _numbers(user: int) -> list[int]:
    """All processes of the user, by number."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == user:
                found.append(int(entry.name))
    return found


def bury(kept: int) -> None:
    """Take the exit of every orphan that has ended, but for one that somebody else waits for."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if ended.si_pid == kept:
                return
            os.waitpid(ended.si_pid, 0)


def end_all(user: int, kept: int = 0) -> None:
    """Kill every process of this user, however fast it multiplies; `kept` as for `bury`."""
    for _ in range(50):
        try:
            child = os.fork()
        except BlockingIOError:  # they have taken every number there is
            for pid in _numbers(user):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            bury(kept)
            select.select([], [], [], 0.02)
            continue
        if child == 0:
            try:
                os.setresuid(user, user, user)
                os.kill(-1, signal.SIGKILL)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        if not _living(user):
            return
        select.select([], [], [], 0.02)
