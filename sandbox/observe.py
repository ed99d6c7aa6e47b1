"""A crate's bytes to a Trace: fetched, built as a dependency, watched, tested, watched again."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from analyzer.limits import DEFAULT_LIMITS, Limits
from analyzer.manifest import read_manifest
from analyzer.model import (
    CrateSource,
    Fact,
    Gap,
    GapKind,
    Phase,
    TargetKind,
    Trace,
)
from analyzer.signatures import Signatures
from analyzer.unpack import unpack
from sandbox.bait import Bait, Decoy, Profile, Service, make_bait
from sandbox.compiled import LAUNCHER, read_listing
from sandbox.consumer import acts_at_build_time, more_programs, programs, release_profile
from sandbox.engine import reap
from sandbox.errors import SandboxError
from sandbox.fetch import NotFetched, Shelf, consumer_manifest, every_feature, fetch
from sandbox.image import Image
from sandbox.lineage import Part, Places
from sandbox.machine import Machine, Recording, Watching
from sandbox.member import BUILD, Seat, Subject, as_member
from sandbox.scratch import reap_folders
from sandbox.settings import SandboxOptions
from sandbox.witness import OTHER_BAIT, Witness

if TYPE_CHECKING:
    from docker.client import DockerClient

_PATIENCE_S = 180.0
_LETS_ALL = re.compile(r"(rustls)-(\d\S+): refuses no certificate")
_SHORT_BUILD_S = 60.0
"""A longer build is not repeated as a release; a crate that itself takes longer only once."""
_FAILED = re.compile(
    rb"^error: (?:could not compile|failed to run custom build command for) `([^` ]+)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Setting:
    """What all runs share: engine, image, where archives are kept, rules' lists."""

    client: DockerClient
    image: Image
    shelf: Shelf
    signatures: Signatures
    limits: Limits = DEFAULT_LIMITS


def observe(
    crate: CrateSource, setting: Setting, options: SandboxOptions, tell: Callable[[str], None]
) -> Trace:
    """Build and run one crate where it can harm nobody. Raises SandboxError for our own trouble;
    a crate that cannot be fetched or built is a gap.
    """
    reap(setting.client)
    reap_folders()
    tree = unpack(crate, limits=setting.limits)
    manifest = read_manifest(tree, limits=setting.limits)
    tell(f"fetching what {crate.ref.name} needs")
    try:
        supplies = fetch(crate, tree, manifest, setting.shelf)
    except NotFetched as error:
        return Trace(gaps=(_gap(f"not built: {error}", options),))
    with supplies.folder:
        subject = Subject(crate, tree, manifest, supplies)
        return _Run(subject, setting, options, tell).trace()


def _gap(reason: str, options: SandboxOptions) -> Gap:
    return Gap(
        GapKind.SANDBOX,
        reason,
        is_blocking=options.is_required,
        remedy="read what it does at build time by hand, or build it elsewhere",
    )


class _Run:
    def __init__(
        self,
        subject: Subject,
        setting: Setting,
        options: SandboxOptions,
        tell: Callable[[str], None],
    ) -> None:
        self._subject = subject
        self._ref, self._tree = subject.crate.ref, subject.tree
        self._manifest, self._supplies = subject.manifest, subject.supplies
        self._setting, self._options, self._tell = setting, options, tell
        self._now_s = time.time()
        seed = options.seed or secrets.token_bytes(32)
        self._make = partial(make_bait, seed, options.profile, project=options.project)
        self._gaps: list[Gap] = []
        self._compiled: list[Fact] = []
        self._is_seen = False
        self._variant = 0
        self._decoys: dict[int, tuple[Decoy, ...]] = {}
        """By variant, of all services: what is searched for is then prepared once."""
        self._first = ["build"]
        """The runs that others are compared with."""

    def trace(self) -> Trace:
        """All stages, and what they showed."""
        bait = self._bait()
        setting, room = self._setting, self._options.room
        with Machine(
            setting.client, setting.image, setting.shelf.toolchain, bait, room, self._tell
        ) as machine:
            self._machine = machine
            label = f"{self._ref.name} {self._ref.version}"
            self._witness = Witness(label, machine.places, setting.signatures, self._now_s)
            machine.plant(bait, self._now_s, has_history=True)
            self._furnish()
            self._stages()
            observed = self._witness.trace(
                image=setting.image.digest,
                toolchain=setting.shelf.toolchain.version,
                profile=str(self._options.profile),
            )
        gaps, compiled = observed.gaps + tuple(self._gaps), tuple(self._compiled)
        return replace(observed, gaps=gaps, compiled=compiled)

    def _stages(self) -> None:
        """All of them; what was seen before a crate broke the run is kept: it may be why."""
        try:
            self._as_dependency()
            if self._options.runs_tests:
                seat = Seat(self._machine, self._witness, self._stage, self._program)
                self._gaps += as_member(self._subject, seat, self._options, self._now_s)
        except SandboxError as error:
            if not self._is_seen:
                raise
            reason = f"the run broke off: {error}"
            self._gaps.append(Gap(GapKind.SANDBOX, reason, is_blocking=True))

    def _bait(self, service: Service = Service.GITHUB) -> Bait:
        names = tuple(name for name, _ in self._options.environment)
        make = partial(self._make, variant=self._variant)
        if self._variant not in self._decoys:
            both = make(service=Service.GITHUB).decoys + make(service=Service.GITLAB).decoys
            self._decoys[self._variant] = tuple(dict.fromkeys(both))
        made = replace(make(service=service), decoys=self._decoys[self._variant])
        kept = tuple(one for one in made.environment if one[0] not in names)
        return replace(made, environment=kept + self._options.environment)

    # As a dependency ------------------------------------------------------------------------------

    def _furnish(self) -> None:
        """Cargo's home with what was fetched, and a project that depends on the crate."""
        machine, supplies = self._machine, self._supplies
        packing = machine.packing(self._now_s)
        cargo = f"{machine.places.home}/.cargo"
        for inside, source in supplies.home:
            packing.add_file(f"{cargo}/{inside}", source, age_s=9 * 86_400)
        packing.add(f"{cargo}/config.toml", b"[net]\noffline = true\n", age_s=90 * 86_400)
        project = machine.places.project
        rows = self._project(self._options.features, supplies.consumer_lock)
        for path, data in rows.items():
            packing.add(path, data, age_s=7_200)
        for path, data in programs(self._tree, self._manifest).items():
            packing.add(f"{project}/{path}", data, age_s=3_600)
        machine.ask({"do": "unpack"}, packing.done())
        done = self._stage("unpacking", ["cargo", "fetch"], Watching(is_traced=False))
        if done.told["code"]:
            self._gaps.append(_gap(f"not built: {done.first_error}", self._options))
        self._trust(lets_all=False)

    def _project(
        self, features: tuple[str, ...], lock: bytes, more: str = ""
    ) -> Mapping[str, bytes]:
        """The manifest and lock file of the project, with these features of the crate."""
        project, name = self._machine.places.project, self._machine.bait.persona.project
        text = consumer_manifest(self._manifest, features, name=name) + more
        locked = lock.replace(b'"consumer"', f'"{name}"'.encode())
        return {f"{project}/Cargo.toml": text.encode(), f"{project}/Cargo.lock": locked}

    def _put(self, rows: Mapping[str, bytes], *, mode: int = 0o644, age_s: float = 7_200.0) -> None:
        packing = self._machine.packing(self._now_s)
        for path, data in rows.items():
            packing.add(path, data, mode=mode, age_s=age_s)
        self._machine.ask({"do": "unpack"}, packing.done())

    def _trust(self, *, lets_all: bool) -> None:
        """Have clients trust the sinkhole; `lets_all`: also those that trust one key alone."""
        machine = self._machine
        order = {"do": "trust", "sources": machine.places.sources, "authority": machine.authority}
        told = machine.ask({**order, "lets_all": lets_all})["altered"]
        self._witness.altered = tuple(dict.fromkeys((*self._witness.altered, *told)))
        if lets_all:
            found = [_LETS_ALL.fullmatch(one) for one in told]
            self._clean(*(f"{one[1]}@{one[2]}" for one in found if one))

    def _as_dependency(self) -> None:
        first = self._first_builds()
        if first.told["outcome"] != "ended":
            self._gaps.append(_gap("the build did not end in its time", self._options))
        elif first.told["code"] and not self._is_built(first):
            self._gaps.append(_gap(f"it does not build: {first.first_error}", self._options))
        self._load()
        self._more_macros()
        shown, machine = self._witness.seen(*self._first), self._machine
        hasty = Watching(skips_sleep=bool(shown.long_sleeps))
        if shown.has_opened or shown.has_sent or shown.has_left:
            self._variant = 1
            machine.plant(self._bait(), self._now_s, has_history=False)
            if shown.is_refused:
                self._trust(lets_all=True)
            self._again(OTHER_BAIT, replace(hasty, shows_getenv=True))
            self._witness.compare_sizes(self._first[-1], OTHER_BAIT)
        if shown.has_asked:
            machine.refuse(refuses=True)
            self._again("refused", hasty)
            machine.refuse(refuses=False)
            self._witness.compare(self._first, "refused", "when the network refuses")
        if acts_at_build_time(self._manifest):
            if self._elsewhere(first, hasty):
                return
            self._next_year(first, hasty)
        self._listed()

    def _first_builds(self) -> Recording:
        """Build it. Long sleeps are skipped in another run; where that shows nothing, a payload
        that waits by other means, or knows the time, gets the time it wants.
        """
        first, last = self._build("build", Watching()), ""
        if self._witness.seen("build").long_sleeps or first.told["outcome"] == "waiting":
            last = first.told["outcome"]
            first = self._again("impatient", Watching(skips_sleep=True))
            self._first.append("impatient")
        is_quiet = self._witness.seen(*self._first).is_quiet
        if first.told["outcome"] == "waiting" or (last == "waiting" and is_quiet):
            first = self._again("patient", Watching(is_patient=True), timeout_s=_PATIENCE_S)
            self._first.append("patient")
        return first

    def _more_macros(self) -> None:
        """Where no macro has acted yet, use them in many more ways; kept if that shows more."""
        if self._witness.has_acted(Phase.PROC_MACRO, *self._first):
            return
        rows = more_programs(self._tree, self._manifest)
        if not rows:
            return
        project, name = self._machine.places.project, "more macro calls"
        self._put({f"{project}/{path}": data for path, data in rows.items()}, age_s=3_600)
        self._build(name, Watching())
        if self._witness.has_acted(Phase.PROC_MACRO, name):
            self._first.append(name)
        else:
            argv = ["rm", "-f", *(f"{project}/{path}" for path in rows)]
            self._stage("cleaning", argv, Watching(is_traced=False))

    def _elsewhere(self, first: Recording, hasty: Watching) -> bool:
        """Once more untraced, as another build service's agent, and on somebody's own machine: at
        once if the build was long. Whether building the crate itself is too long for more.
        """
        machine, profile = self._machine, self._options.profile
        is_long = first.took_s > _SHORT_BUILD_S and profile is Profile.BOTH
        machine.bait = self._bait(service=Service.NONE if is_long else Service.GITLAB)
        done = self._again("unwatched", Watching(is_traced=False))
        words = ", in another build service" if profile in (Profile.CI, Profile.BOTH) else ""
        words = ", outside of build services" if is_long else words
        self._witness.compare(self._first, "unwatched", f"when nobody traces it{words}")
        is_too_long = done.took_s > _SHORT_BUILD_S
        if is_too_long:
            reason = f"built twice only, for {first.took_s:.0f} and {done.took_s:.0f} s"
            self._gaps.append(Gap(GapKind.SANDBOX, reason))
        elif profile is Profile.BOTH:
            machine.bait = self._bait(service=Service.NONE)
            self._again("at a desk", hasty)
            self._witness.compare(self._first, "at a desk", "outside of build services")
        machine.bait = self._bait()
        return is_too_long

    def _next_year(self, first: Recording, hasty: Watching) -> None:
        """Once more as a release, with every feature, thirteen months on. Features that shut each
        other out do not build: then with those of the first build.
        """
        if first.took_s > _SHORT_BUILD_S:
            reason = f"not built as a release, later: its build took {first.took_s:.0f} s"
            self._gaps.append(Gap(GapKind.SANDBOX, reason))
            return
        supplies, features = self._supplies, self._options.features
        rows = [(features, supplies.consumer_lock, "")]
        if supplies.full_lock:
            every = every_feature(self._manifest)
            rows.insert(0, (every, supplies.full_lock, ", with every feature"))
        watching = replace(hasty, is_later=True)
        for number, (some, lock, kind) in enumerate(rows):
            self._put(self._project(some, lock, release_profile(self._manifest)))
            name = f"next year{kind}"
            done = self._build(name, watching, more=("--release",))
            words = f"as a release{kind}, thirteen months later"
            self._witness.compare(self._first, name, words)
            if done.told["code"] == 0 or self._is_built(done):
                break
            if number + 1 < len(rows):
                self._gaps.append(
                    Gap(GapKind.SANDBOX, "with every feature together it does not build")
                )
        self._put(self._project(features, supplies.consumer_lock))

    def _listed(self) -> None:
        """Have the compiler list what the crate's own code calls, build script and macros too."""
        machine, places = self._machine, self._machine.places
        launcher = f"{places.home}/.local/bin/launch"
        self._put({launcher: LAUNCHER.encode()}, mode=0o755, age_s=80 * 86_400)
        name, version = self._manifest.name, self._manifest.version
        more = {"RUSTC_WRAPPER": launcher, "LISTED": f"{name}@{version}"}
        machine.refuse(refuses=True)
        self._clean()
        watching = Watching(is_traced=False)
        recording = self._stage("listing", BUILD, watching, self._options.build_s, more=more)
        machine.refuse(refuses=False)
        debug = f"{places.target}/debug"
        machine.collect(recording, [debug], [f"{debug}/incremental"], ending=".mir")
        root = f"{places.sources}/{self._supplies.registry}/{name}-{version}"
        is_macro = any(one.kind is TargetKind.PROC_MACRO for one in self._manifest.targets)
        usual = Phase.PROC_MACRO if is_macro else Phase.LIBRARY
        for path, data in recording.files.items():
            if path.endswith(".mir"):
                phase = Phase.BUILD_SCRIPT if "/debug/build/" in path else usual
                self._compiled += read_listing(
                    path, data, self._setting.signatures, root, phase=phase
                )

    def _is_built(self, recording: Recording) -> bool:
        """Whether only our own programs failed: a macro that refuses our words is no failure."""
        failed = {one.decode("utf-8", "replace") for one in _FAILED.findall(recording.output)}
        return failed == {self._machine.bait.persona.project}

    def _build(
        self, name: str, watching: Watching, timeout_s: float = 0, more: tuple[str, ...] = ()
    ) -> Recording:
        seconds = timeout_s or self._options.build_s
        recording = self._stage(name, [*BUILD, *more], watching, timeout_s=seconds)
        places = self._machine.places
        self._machine.collect(
            recording,
            [places.home],
            [f"{places.home}/.cargo/registry", f"{places.target}/debug/incremental"],
        )
        self._witness.read(recording, Part.CARGO, self._machine)
        self._is_seen = True
        return recording

    def _again(self, name: str, watching: Watching, timeout_s: float = 0) -> Recording:
        """Build the crate and its user again, the rest is there already."""
        self._clean()
        return self._build(name, watching, timeout_s)

    def _clean(self, *more: str) -> None:
        package = f"{self._manifest.name}@{self._manifest.version}"
        names = (package, self._machine.bait.persona.project, *more)
        argv = ["cargo", "clean", "-q", *(word for one in names for word in ("-p", one))]
        self._stage("cleaning", argv, Watching(is_traced=False))

    def _load(self) -> None:
        """Run what links the crate and calls nothing of it: what acts at load time acts."""
        places, name = self._machine.places, self._machine.bait.persona.project
        self._program("load", f"{places.target}/debug/{name}", places, Part.LOADED)

    def _program(self, name: str, path: str, places: Places, part: Part) -> None:
        seconds = self._options.program_s
        recording = self._stage(name, [path], Watching(), cwd=places.project, timeout_s=seconds)
        self._witness.read(recording, part, self._machine, places=places)

    def _stage(
        self,
        name: str,
        argv: list[str],
        watching: Watching,
        timeout_s: float = 120,
        *,
        cwd: str = "",
        more: dict[str, str] | None = None,
    ) -> Recording:
        self._tell(name)
        run = self._machine.run
        recording = run(name, argv, watching, cwd=cwd, timeout_s=timeout_s, more=more)
        if self._options.artifacts is not None and watching.is_traced:
            ref = self._ref
            recording.keep(self._options.artifacts / f"{ref.name}-{ref.version}")
        return recording
