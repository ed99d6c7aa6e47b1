"""What processes did, as facts in the common vocabulary: everything but what builds always do.

Dropped is only what a part of a build does in its own places (P5 of the threat model); a decoy
that is opened, the network, a program from nowhere and a write elsewhere are always kept.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from analyzer.model import Fact, FactKind, Moment
from analyzer.signatures import Signatures
from sandbox.lineage import PHASES, Lineage, Part, Places, Process
from sandbox.observers.strace import Call, unquoted

_OPENS = frozenset({"open", "openat", "openat2", "creat"})
_EXECS = frozenset({"execve", "execveat"})
_WRITING = re.compile(rb"O_(?:WRONLY|RDWR|CREAT|TRUNC)")
_ENVIRON = re.compile(r"/proc/[^/]+/environ")
_STATUS = re.compile(r"/proc/(?:self|thread-self|\d+)/(?:task/\d+/)?status")
"""Says whether a tracer is attached; tools of builds have no use for it."""
_GETENV = re.compile(r"/proc/self/attr/getenv/(.+)")
_ADDRESS = re.compile(
    rb"sin6?_port=htons\((\d+)\).*?(?:inet_addr\(\"([^\"]+)\"\)|inet_pton\(AF_INET6, \"([^\"]+)\")"
)
_HERE = re.compile(rb"^AT_FDCWD<([^<>]+)>")
_DOCTEST = re.compile(r"/tmp/rustdoctest\w+/[\w-]+")  # noqa: S108
_UNIX = re.compile(rb'sun_path=@?"((?:[^"\\]|\\.)*)"')
_ABSTRACT = re.compile(rb'sun_path=@"((?:[^"\\]|\\.)*)"')
_SYSTEM_PROGRAMS = ("/usr/", "/bin/", "/sbin/", "/lib/")
_TEMPORARY = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108  # inside the container
_HARMLESS = (
    "/dev/null",
    "/dev/tty",
    "/dev/zero",
    "/dev/full",
    "/dev/pts/",
    "/proc/self/",
    "/dev/fd/",
)
_CARGO_LOCKS = (".package-cache", ".global-cache")  # of a cargo that a build script runs, too
_SOCKETS = ("/run/nscd/", "/var/run/nscd/", "/run/systemd/", "/dev/log")
_OWN = frozenset({Part.TEST, Part.DOCTEST, Part.EXAMPLE, Part.PROGRAM, Part.LOADED})
_FACTS_MAX = 5_000
NOBODY = Process(0, 0)
"""Who it was is not known."""
_LONG_SLEEP_S = 5.0


@dataclass(frozen=True, slots=True)
class Contact:
    """A connection that a process asked for: address, port and who."""

    address: str
    port: int
    process: Process
    at_ms: int
    number: int


@dataclass(frozen=True, slots=True)
class Conduct:
    """What a stage showed: facts, the processes, and whom they tried to reach."""

    facts: tuple[Fact, ...]
    processes: tuple[Process, ...]
    contacts: tuple[Contact, ...]
    queries: tuple[tuple[bytes, Process], ...]
    opened: frozenset[str]
    """Paths of decoys that were seen opened."""
    expected: frozenset[str]
    """Those of them that a tool opens by itself, as git does its own settings."""
    long_sleeps: int


class Reader:
    """Turns the calls of one stage to conduct. `decoys`: subject by absolute path."""

    def __init__(
        self, stage: str, places: Places, decoys: Mapping[str, str], signatures: Signatures
    ) -> None:
        self._stage, self._places, self._decoys = stage, places, decoys
        self._programs = signatures.indicators["build-programs"]
        self._marks = signatures.indicators["analysis-marks"]
        self._git, self._gits = (
            signatures.indicators[one] for one in ("git-programs", "git-settings")
        )
        self._facts: dict[tuple[FactKind, str, str], Fact] = {}
        self._contacts: list[Contact] = []
        self._queries: list[tuple[bytes, Process]] = []
        self._opened: set[str] = set()
        self._expected: set[str] = set()
        self._project = ""
        self._folders: dict[int, str] = {}
        self._written: set[str] = set()
        self._long_sleeps = 0

    def read(self, lineage: Lineage, calls: Iterable[Call]) -> Conduct:
        """Everything the calls show."""
        self._project = lineage.project
        for call, process in lineage.follow(calls):
            folder = _HERE.search(call.arguments)
            if folder is not None:
                self._folders[process.pid] = unquoted(folder[1]).decode("utf-8", "backslashreplace")
            handler = _HANDLERS.get(call.name)
            if handler is not None and not process.is_ours:
                for kind, subject, data in handler(self, call, process):
                    self._add(kind, subject, call, process, data)
        return Conduct(
            tuple(self._facts.values()),
            tuple(lineage.processes),
            tuple(self._contacts),
            tuple(self._queries),
            frozenset(self._opened),
            frozenset(self._expected),
            self._long_sleeps,
        )

    def _add(
        self, kind: FactKind, subject: str, call: Call, process: Process, data: tuple[str, ...]
    ) -> None:
        key = (kind, subject, process.owner)
        if key in self._facts or len(self._facts) >= _FACTS_MAX:
            return
        doing = Doing(self._stage, process, call.at_us // 1000, call.number)
        self._facts[key] = fact_of(doing, kind, subject, data)

    # Files ----------------------------------------------------------------------------------------

    def opened(self, call: Call, process: Process) -> Iterator[_Told]:
        """Reads and writes."""
        paths = self._paths(call, process)
        if not paths:
            return
        path = paths[0]
        asked = _GETENV.fullmatch(paths[-1])
        if asked is not None:
            if f"env:{asked[1]}" in self._decoys.values():
                yield FactKind.ENV_READ, asked[1], ()
        elif call.name == "creat" or _WRITING.search(call.arguments):
            yield from self._write(call, process, path)
        else:
            yield from self._read(call, process, path)

    def _read(self, call: Call, process: Process, path: str) -> Iterator[_Told]:
        is_cargo = process.part is Part.CARGO
        if path in self._decoys:
            self._opened.add(path)
            if self._is_gits(process, path):
                self._expected.add(path)
            elif not is_cargo:
                yield FactKind.FILE_READ, self._decoys[path], ()
        elif _ENVIRON.fullmatch(path):
            yield FactKind.ENV_READ_ALL, "*", (path,)
        elif process.part not in (Part.CARGO, Part.COMPILE) and self._marks.match(path):
            yield FactKind.GUARD_DEBUGGER, path, ()
        elif process.part is Part.BUILD_SCRIPT and _STATUS.fullmatch(path):
            yield FactKind.GUARD_DEBUGGER, "/proc/self/status", ()
        elif not is_cargo and call.is_done and self._is_foreign(process, path):
            kind = FactKind.FILE_WALK if b"O_DIRECTORY" in call.arguments else FactKind.FILE_READ
            yield kind, self.subject(path), ()

    def _paths(self, call: Call, process: Process) -> tuple[str, ...]:
        """Paths of a call; old calls do not tell the folder, others of the same process do."""
        folders = self._folders
        here = folders.get(process.pid) or folders.get(process.parent) or ""
        return tuple(posixpath.normpath(posixpath.join(here, one)) for one in call.paths())

    def _is_gits(self, process: Process, path: str) -> bool:
        """Whether the system's git opens what git reads in every run."""
        is_git = process.program.startswith(_SYSTEM_PROGRAMS) and self._git.match(process.program)
        return bool(is_git) and self._gits.match(path) is not None

    def _is_foreign(self, process: Process, path: str) -> bool:
        """Whether it is of the user's own things, and not of what is being built."""
        places = self._places
        if not path.startswith(f"{places.home}/"):
            return False
        if path.startswith((f"{places.target}/", f"{places.sources}/")) or path == places.target:
            return False
        if path.startswith((f"{places.project}/", f"{places.home}/.cargo/")) or path in (
            places.project,
            f"{places.home}/.cargo",
        ):
            return process.part is Part.BUILD_SCRIPT
        return True

    def _write(self, call: Call, process: Process, path: str) -> Iterator[_Told]:
        if path in self._decoys:
            self._opened.add(path)
        if call.is_done:
            self._written.add(path)
        if not self._is_usual_write(process, path):
            refused = () if call.is_done else ("refused",)
            yield FactKind.FILE_WRITE, self.subject(path, process), refused

    def _is_usual_write(self, process: Process, path: str) -> bool:
        places = self._places
        if path.startswith((*_HARMLESS, *_TEMPORARY)) or path in ("/tmp", "/dev/shm"):  # noqa: S108
            return True
        if path.startswith(tuple(f"{places.home}/.cargo/{one}" for one in _CARGO_LOCKS)):
            return True
        if process.part is Part.CARGO:
            return path.startswith((f"{places.home}/.cargo/", f"{places.project}/"))
        if process.part is Part.BUILD_SCRIPT:
            return self._is_out(process, path)
        if process.part in _OWN:
            return path.startswith(f"{places.project}/")
        return path.startswith(f"{places.target}/")

    def _is_out(self, process: Process, path: str) -> bool:
        """Whether it is in the folder that cargo gave this very build script."""
        name = process.package.rpartition(" ")[0] or process.package
        own = (
            rf"{re.escape(self._places.target)}/(?:[^/]+/)?[^/]+/build/{re.escape(name)}-[0-9a-f]+/"
        )
        return re.match(own, path) is not None

    def changed(self, call: Call, process: Process) -> Iterator[_Told]:
        """Renames, links, removals, modes."""
        paths = self._paths(call, process)
        if not paths or call.name in ("fchmod",):
            return
        path = paths[-1]
        if call.is_done and call.name.startswith(("rename", "link", "symlink")):
            self._written.add(path)
        if self._is_usual_write(process, path):
            return
        kinds = {"unlink": FactKind.FILE_DELETE, "chmod": FactKind.FILE_PERMISSION}
        words = ("unlink", "chmod", "fchmod")
        word = next((one for one in words if call.name.startswith(one)), "")
        kind = kinds.get(word.removeprefix("f"), FactKind.FILE_WRITE)
        yield kind, self.subject(path, process), () if call.is_done else ("refused",)

    def subject(self, path: str, process: Process = NOBODY) -> str:
        """A path as rules spell it; `{manifest}` is the package's own source."""
        if not path.startswith("/"):
            return f"{{cwd}}/{path}"
        places = self._places
        name = "" if process.package == self._project else process.package.replace(" ", "-")
        own = re.match(rf"{re.escape(places.sources)}/[^/]+/{re.escape(name)}/", path)
        if name and own is not None:
            return "{manifest}/" + path[own.end() :]
        for folder, word in (
            (f"{places.target}/", "{target}/"),
            (f"{places.project}/", "{manifest}/" if self._is_own(process) else ""),
            (f"{places.home}/", "{home}/"),
            ("/tmp/", "{temp}/"),  # noqa: S108
        ):
            if path.startswith(folder):
                return word + path.removeprefix(folder)
        return path

    def _is_own(self, process: Process) -> bool:
        """Whether the project's folder is the source of the package that the process is of."""
        return process.part is Part.BUILD_SCRIPT and process.package == self._project

    # Programs -------------------------------------------------------------------------------------

    def started(self, call: Call, process: Process) -> Iterator[_Told]:
        """Programs that are not of a build, and files of this run."""
        if process.part is Part.CARGO or not call.is_done:
            return
        program = process.program
        if program in ("(memory)",) or program.startswith(("/memfd:", "/proc/self/fd/")):
            yield FactKind.CODE_EXECUTE_MEMORY, program, process.argv[:20]
            return
        is_system = program.startswith((*_SYSTEM_PROGRAMS, f"{self._places.toolchain}/"))
        is_built = program.startswith(f"{self._places.target}/") and not process.ancestors
        if is_built or (process.part is Part.COMPILE and not process.ancestors and is_system):
            return
        if is_system and self._programs.match(posixpath.basename(program)):
            return
        if not is_system and self._is_out(process, program):
            return  # a configure script tries what it has compiled
        if process.part is Part.DOCTEST and _DOCTEST.fullmatch(program):
            return
        word = ("written in this run",) if program in self._written else ()
        shown = posixpath.basename(program) if is_system else self.subject(program)
        yield FactKind.PROCESS_SPAWN, shown, (*process.argv[1:20], *word)

    def traced(self, call: Call, process: Process) -> Iterator[_Told]:
        """Asking who watches, and reaching into others."""
        if process.part in (Part.CARGO,):
            return
        if call.name == "ptrace":
            yield FactKind.GUARD_DEBUGGER, "ptrace", ()
        elif call.name == "io_uring_setup":
            yield FactKind.GUARD_DEBUGGER, "io_uring", ()
        elif call.name.startswith("process_vm"):
            yield FactKind.SYMBOL_INTERPOSE, call.name, ()
        elif call.arguments.startswith((b"1,", b"-1,")) and process.part is not Part.COMPILE:
            yield (
                FactKind.GUARD_DEBUGGER,
                f"{call.name} {call.arguments.decode('ascii', 'replace')}",
                (),
            )

    def slept(self, call: Call, process: Process) -> Iterator[_Told]:
        """Long sleeps are counted: a run that skips them follows."""
        found = re.search(rb"tv_sec=(\d+)", call.arguments)
        if found is not None and int(found[1]) >= _LONG_SLEEP_S and process.part is not Part.CARGO:
            self._long_sleeps += 1
        yield from ()

    # Network --------------------------------------------------------------------------------------

    def connected(self, call: Call, process: Process) -> Iterator[_Told]:
        """Sockets of this machine; what goes to the network is joined with what arrived there."""
        local = _UNIX.search(call.arguments)
        if local is not None:
            path = local[1].decode("utf-8", "backslashreplace")
            if not path.startswith(_SOCKETS) and process.part is not Part.CARGO:
                yield FactKind.NET_CONNECT, f"unix:{path}", ()
            return
        address = _ADDRESS.search(call.arguments)
        if address is None:
            return
        at = (address[2] or address[3]).decode("ascii", "replace").removeprefix("::ffff:")
        port = int(address[1])
        if port == 53:
            return
        self._contacts.append(Contact(at, port, process, call.at_us // 1000, call.number))

    def sent(self, call: Call, process: Process) -> Iterator[_Told]:
        """Datagrams: their words tell whose a question for a name was."""
        for one in call.texts[:8]:
            if len(one) > 12:
                self._queries.append((one[:600], process))
        yield from self.connected(call, process) if b"sa_family" in call.arguments else ()

    def listened(self, call: Call, process: Process) -> Iterator[_Told]:
        """Waiting for others; a name without a file is seen by all who share this network."""
        abstract = _ABSTRACT.search(call.arguments)
        if abstract is not None and process.part not in (Part.CARGO, *_OWN):
            yield FactKind.NET_LISTEN, f"unix:@{abstract[1].decode('ascii', 'replace')}", ()
        address = _ADDRESS.search(call.arguments)
        if address is not None and call.is_done and process.part is not Part.CARGO:
            at = (address[2] or address[3]).decode("ascii", "replace")
            yield FactKind.NET_LISTEN, f"{at}:{int(address[1])}", ()


@dataclass(frozen=True, slots=True)
class Doing:
    """Who did something in which stage, and when: `number` orders what has no other order."""

    stage: str
    process: Process
    at_ms: int = 0
    number: int = 0


def fact_of(doing: Doing, kind: FactKind, subject: str, data: tuple[str, ...] = ()) -> Fact:
    """A fact of a recorded build, owned by the part of the build that did it."""
    process, stage = doing.process, doing.stage
    argv = " ".join(process.argv)[:200]
    chain = " > ".join((process.owner, *process.ancestors[1:], argv if process.ancestors else ""))
    return Fact(
        kind,
        subject,
        Moment(stage, process.pid, doing.number, doing.at_ms),
        phases=(PHASES[process.part],),
        owner=f"{stage}: {process.owner}",
        data=data,
        snippet=chain.rstrip(" >"),
    )


_Told = tuple[FactKind, str, tuple[str, ...]]
_Handler = Callable[[Reader, Call, Process], Iterator[_Told]]
_HANDLERS: Mapping[str, _Handler] = {
    **dict.fromkeys(_OPENS, Reader.opened),
    **dict.fromkeys(_EXECS, Reader.started),
    **dict.fromkeys(
        ("unlink", "unlinkat", "rename", "renameat", "renameat2", "chmod", "fchmodat"),
        Reader.changed,
    ),
    **dict.fromkeys(("symlink", "symlinkat", "link", "linkat", "truncate"), Reader.changed),
    **dict.fromkeys(("ptrace", "process_vm_readv", "process_vm_writev", "kill"), Reader.traced),
    "io_uring_setup": Reader.traced,
    **dict.fromkeys(("nanosleep", "clock_nanosleep"), Reader.slept),
    "connect": Reader.connected,
    **dict.fromkeys(("sendto", "sendmsg", "sendmmsg"), Reader.sent),
    "bind": Reader.listened,
}
