"""A crate by itself: its tests, documentation tests, benchmarks, examples and programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from analyzer.model import CrateSource, Gap, GapKind, Manifest, SourceTree, TargetKind
from sandbox.fetch import Supplies
from sandbox.lineage import Part, Places
from sandbox.machine import Machine, Recording, Watching
from sandbox.neutral import SET_ASIDE
from sandbox.settings import SandboxOptions
from sandbox.witness import Witness

BUILD = ["cargo", "build", "--keep-going"]
_PROGRAMS_MAX = 12
_RUNNABLE = {
    TargetKind.BINARY: ("", Part.PROGRAM),
    TargetKind.EXAMPLE: ("examples/", Part.EXAMPLE),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """The crate that is built, and what its builds need."""

    crate: CrateSource
    tree: SourceTree
    manifest: Manifest
    supplies: Supplies


class RunStage(Protocol):
    """Runs a command to its end, traced as asked for."""

    def __call__(
        self,
        name: str,
        argv: list[str],
        watching: Watching,
        timeout_s: float = ...,
        *,
        cwd: str = ...,
    ) -> Recording:
        """What was recorded. Raises SandboxError."""
        ...


@dataclass(frozen=True, slots=True)
class Seat:
    """Where it is run, who takes in what is seen, and how a stage and a program are run."""

    machine: Machine
    witness: Witness
    stage: RunStage
    program: Callable[[str, str, Places, Part], None]


def as_member(
    subject: Subject, seat: Seat, options: SandboxOptions, now_s: float
) -> tuple[Gap, ...]:
    """Run everything that the crate brings to be run; what could not be is told."""
    if not subject.supplies.member_lock:
        reason = "; ".join(subject.supplies.notes)[-300:]
        return (Gap(GapKind.SANDBOX, f"its tests were not run: {reason}"),)
    folder = f"{seat.machine.places.home}/src/{subject.manifest.name}"
    _furnish(subject, seat.machine, folder, now_s)
    member = _Member(subject.manifest, seat, options, folder)
    member.tests()
    member.programs()
    return tuple(member.gaps)


def _furnish(subject: Subject, machine: Machine, folder: str, now_s: float) -> None:
    """The crate's files, with a manifest that names no place outside."""
    packing = machine.packing(now_s)
    for one in subject.tree.files:
        if not one.path.endswith(tuple(f"/{name}" for name in SET_ASIDE)) and (
            one.path not in (*SET_ASIDE, "Cargo.toml")
        ):
            mode = 0o755 if one.is_executable else 0o644
            packing.add(f"{folder}/{one.path}", one.data, mode=mode, age_s=86_400)
    text = f"{subject.supplies.member_manifest}\n[workspace]\n"
    packing.add(f"{folder}/Cargo.toml", text.encode(), age_s=86_400)
    packing.add(f"{folder}/Cargo.lock", subject.supplies.member_lock, age_s=86_400)
    machine.ask({"do": "unpack"}, packing.done())


class _Member:
    def __init__(
        self, manifest: Manifest, seat: Seat, options: SandboxOptions, folder: str
    ) -> None:
        self._manifest, self._seat, self._options = manifest, seat, options
        self._own = replace(seat.machine.places, project=folder, target=f"{folder}/target")
        self.gaps: list[Gap] = []

    def tests(self) -> None:
        """Tests and documentation tests; benchmarks once, as `cargo test` runs them."""
        argv = ["cargo", "test", "--no-fail-fast"]
        self._tested("tests", argv)
        if any(one.kind is TargetKind.BENCH for one in self._manifest.targets):
            self._tested("benchmarks", [*argv, "--benches"])

    def _tested(self, name: str, argv: list[str]) -> None:
        seat, own = self._seat, self._own
        seconds = self._options.build_s + self._options.test_s
        recording = seat.stage(name, argv, Watching(), seconds, cwd=own.project)
        if recording.told["outcome"] == "waiting":
            seat.witness.read(recording, Part.CARGO, seat.machine, places=own)
            hasty = Watching(skips_sleep=True)
            recording = seat.stage(f"hasty {name}", argv, hasty, seconds, cwd=own.project)
        seat.witness.read(recording, Part.CARGO, seat.machine, places=own)
        if recording.told["outcome"] != "ended":
            self.gaps.append(Gap(GapKind.SANDBOX, f"its {name} did not end in their time"))

    def programs(self) -> None:
        """Its binaries and examples, one by one, without arguments."""
        wanted = [one for one in self._manifest.targets if one.kind in _RUNNABLE]
        if not wanted:
            return
        own, seconds = self._own, self._options.build_s
        argv, watching = [*BUILD, "--bins", "--examples"], Watching(is_traced=False)
        self._seat.stage("programs", argv, watching, seconds, cwd=own.project)
        for one in wanted[:_PROGRAMS_MAX]:
            below, part = _RUNNABLE[one.kind]
            path = f"{own.target}/debug/{below}{one.name}"
            self._seat.program(f"{one.kind} {one.name}", path, own, part)
        if len(wanted) > _PROGRAMS_MAX:
            count = len(wanted) - _PROGRAMS_MAX
            self.gaps.append(Gap(GapKind.SANDBOX, f"{count} of its programs were not run"))
