"""Who did it: every process of a build, by whom it was started, with the part it plays.

The part is given where cargo itself starts something, from cargo's own orders to the compiler, and
inherited by all that this starts: never by a name that a payload could give itself (S16).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from analyzer.model import Phase
from sandbox.observers.strace import EXIT, Call

_FORKS = frozenset({"clone", "clone3", "fork", "vfork"})
_EXECS = frozenset({"execve", "execveat"})
_PACKAGE = re.compile(r"/registry/src/[^/]+/([^/]+)-(\d+\.\d+\.\d+[^/]*)/")
_ARGV_SHOWN, _WORD_SHOWN = 40, 2_000


class Part(StrEnum):
    """What a process is in a build."""

    CARGO = "cargo"
    COMPILE = "compiler"
    BUILD_SCRIPT = "build script"
    TEST = "test"
    DOCTEST = "doctest"
    EXAMPLE = "example"
    PROGRAM = "program"
    LOADED = "program that links it"
    UNKNOWN = "process of unknown origin"


PHASES = {
    Part.COMPILE: Phase.PROC_MACRO,
    Part.BUILD_SCRIPT: Phase.BUILD_SCRIPT,
    Part.TEST: Phase.TEST,
    Part.DOCTEST: Phase.TEST,
    Part.EXAMPLE: Phase.EXAMPLE,
    Part.PROGRAM: Phase.BINARY,
    Part.LOADED: Phase.LOAD,
    Part.UNKNOWN: Phase.BUILD_SCRIPT,
    Part.CARGO: Phase.BUILD_SCRIPT,
}


@dataclass(frozen=True, slots=True)
class Process:
    """One program in one process. `ancestors` are the programs between the part's own and it."""

    pid: int
    parent: int
    program: str = ""
    argv: tuple[str, ...] = ()
    part: Part = Part.UNKNOWN
    package: str = ""
    ancestors: tuple[str, ...] = ()
    began_us: int = 0

    @property
    def is_ours(self) -> bool:
        """Whether it is our own way into the payload's program, not yet that."""
        return not self.program or self.program.endswith("/sbin/init")

    @property
    def owner(self) -> str:
        """`build script of trig 0.1.0`."""
        return f"{self.part} of {self.package}" if self.package else str(self.part)


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are in the container: absolute folders without a last `/`."""

    home: str
    project: str
    target: str
    toolchain: str

    @property
    def built(self) -> tuple[str, ...]:
        """Folders where reading tells nothing: nobody's secrets are there."""
        return (self.toolchain, self.sources, self.target)

    @property
    def sources(self) -> str:
        """Where cargo unpacks what comes from registries."""
        return f"{self.home}/.cargo/registry/src"


@dataclass(slots=True)
class Lineage:
    """Follows the calls of one stage in their order; `of(call)` says who made it."""

    places: Places
    project: str
    """What to call the package in the project's own folder."""
    root_part: Part = Part.CARGO
    processes: list[Process] = field(default_factory=list)
    _by_thread: dict[int, Process] = field(default_factory=dict)
    _scripts: dict[str, str] = field(default_factory=dict)
    _cargo: int = 0
    _root: int = 0

    def follow(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Process]]:
        """Each call with its process; a program that starts is already its own."""
        for call in calls:
            process = self._by_thread.get(call.pid)
            if process is None:
                # Only the first one is ours; whoever else comes out of nowhere is looked at (S14).
                program = "(unknown)" if self._root else ""
                process = Process(call.pid, 0, program, began_us=call.at_us)
                self._root = self._root or call.pid
                self._by_thread[call.pid] = process
            if call.name in _FORKS:
                self._fork(call, process)
            elif call.name in _EXECS and call.result == 0:
                yield call, self._exec(call, process)
                continue
            elif call.name == EXIT:
                self._by_thread.pop(call.pid, None)
            yield call, process

    def _fork(self, call: Call, process: Process) -> None:
        if call.result is None or call.result <= 0:
            return
        if b"CLONE_THREAD" in call.arguments:
            self._by_thread[call.result] = process
            return
        self._by_thread[call.result] = replace(
            process, pid=call.result, parent=process.pid, began_us=call.at_us
        )

    def _exec(self, call: Call, before: Process) -> Process:
        texts = [one.decode("utf-8", "backslashreplace") for one in call.texts[: _ARGV_SHOWN + 1]]
        program = texts[0] if texts and texts[0] else "(memory)"
        if not program.startswith("/") and program != "(memory)":
            program = posixpath.join(call.paths()[0] if call.paths() else "/", program)
        argv = tuple(one[:_WORD_SHOWN] for one in texts[1:])
        now = replace(before, pid=call.pid, program=program, argv=argv, began_us=call.at_us)
        made = self._placed(now, before)
        if made.part is not Part.CARGO and before.part is made.part and before.program:
            name = posixpath.basename(before.program)
            made = replace(made, ancestors=(*before.ancestors, name)[-8:])
        self.processes.append(made)
        self._by_thread[call.pid] = made
        return made

    def _placed(self, now: Process, before: Process) -> Process:
        """The part of a program that starts: given by cargo, else inherited."""
        if before.pid == self._root and not self._cargo:
            if now.program == f"{self.places.toolchain}/bin/cargo":
                self._cargo = now.pid
                return replace(now, part=Part.CARGO, package="")
            return replace(now, part=self._entry_part(now), package=self._entry_package())
        if before.parent != self._cargo or before.part is not Part.CARGO or not self._cargo:
            return now
        return self._started_by_cargo(now)

    def _entry_part(self, now: Process) -> Part:
        """The stage's own program, when it is not cargo: our entry first, then what it becomes."""
        is_entry = now.program.endswith("/sbin/init")
        return Part.CARGO if is_entry else self.root_part

    def _entry_package(self) -> str:
        return "" if self.root_part is Part.CARGO else self.project

    def _started_by_cargo(self, now: Process) -> Process:
        compilers = (f"{self.places.toolchain}/bin/rustc", f"{self.places.toolchain}/bin/rustdoc")
        if now.program in compilers:
            package = self._package_of(now.argv)
            if "--crate-name" in now.argv:
                self._note_script(now.argv, package)
            is_test = now.program.endswith("rustdoc") and "--test" in now.argv
            return replace(now, part=Part.DOCTEST if is_test else Part.COMPILE, package=package)
        folder, name = posixpath.split(now.program)
        if folder in self._scripts:
            return replace(now, part=Part.BUILD_SCRIPT, package=self._scripts[folder])
        if now.program.startswith(f"{self.places.target}/"):
            kinds = {"deps": Part.TEST, "examples": Part.EXAMPLE}
            part = kinds.get(posixpath.basename(folder), Part.PROGRAM)
            return replace(now, part=part, package=self.project)
        return replace(now, part=Part.UNKNOWN, package=name)

    def _note_script(self, argv: tuple[str, ...], package: str) -> None:
        """Where a build script is put, said by cargo's own order to compile it."""
        name = _after(argv, "--crate-name")
        if name.startswith("build_script_"):
            self._scripts[_after(argv, "--out-dir")] = package

    def _package_of(self, argv: tuple[str, ...]) -> str:
        """The package whose source cargo names, as `name version`."""
        for one in argv[1:]:
            if one.endswith(".rs") and not one.startswith("-"):
                found = _PACKAGE.search(one)
                return f"{found[1]} {found[2]}" if found else self.project
        return self.project if "--crate-name" in argv else ""


def _after(argv: tuple[str, ...], option: str) -> str:
    return next((argv[at + 1] for at, one in enumerate(argv[:-1]) if one == option), "")
