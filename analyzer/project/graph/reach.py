"""What of a lock file is built, and what of it runs on the machine that builds, and why.

The kinds of edges come from the manifests that were read. Whatever cannot be decided is kept: an
edge of unknown kind is an ordinary one, a package that nobody could read needs all of its edges.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analyzer.model import DependencyKind, LockedPackage, Lockfile, PackageInfo, TargetKind
from analyzer.project.graph.features import Switches
from analyzer.project.graph.platform import holds

BUILD_SCRIPT, MACRO, LIBRARY = "build-script", "proc-macro", "library"
_BY_BUILD, _BY_MACRO = "build-dependency", "proc-macro"


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody builds: features of the members, and for which targets (none: for all)."""

    features: tuple[str, ...] = ()
    has_defaults: bool = True
    is_all: bool = False
    targets: tuple[str, ...] = ()

    @property
    def is_made(self) -> bool:
        """Whether anything was chosen at all."""
        return self != Choice()


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known of one locked package. `runs`: what of it runs on the building machine.

    `chain`: for a library that runs there, the way to it from the package whose build calls it,
    which takes the second by an edge `through` (`build-dependency`), or is a macro (`proc-macro`).
    `features`: those that are on, with whoever turned each on first (empty: itself, or the choice).
    `idle`: positions of packages that it takes along though none of its code uses them.
    """

    is_built: bool
    runs: tuple[str, ...] = ()
    through: str = ""
    chain: tuple[str, ...] = ()
    features: tuple[tuple[str, str], ...] = ()
    idle: tuple[int, ...] = ()


def reaches(
    lock: Lockfile, infos: Mapping[int, PackageInfo], choice: Choice
) -> tuple[tuple[Reach, ...], tuple[int, ...]]:
    """A Reach for each package, and the packages whose edges nobody knows but which are built."""
    graph = _Graph(lock, infos, choice)
    graph.spread()
    ways = graph.ways()
    found = tuple(graph.reach(number, ways) for number in range(len(lock.packages)))
    unread = tuple(one for one in range(len(lock.packages)) if one in graph.built.keys() - infos)
    return found, unread


@dataclass(frozen=True, slots=True)
class _Edge:
    end: int
    kind: DependencyKind


def roots_of(packages: Sequence[LockedPackage]) -> list[int]:
    """The packages of the project itself; without any, those that nothing depends on."""
    needed = {one for package in packages for one in package.dependencies}
    own = [number for number, one in enumerate(packages) if not one.source]
    return own or [number for number in range(len(packages)) if number not in needed]


@dataclass(slots=True)
class _Graph:
    """`built`: packages that are built, with whether for the building machine and for targets."""

    lock: Lockfile
    infos: Mapping[int, PackageInfo]
    choice: Choice
    switches: list[Switches] = field(default_factory=list)
    roots: frozenset[int] = frozenset()
    built: dict[int, set[bool]] = field(default_factory=dict)
    edges: dict[int, dict[_Edge, None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        packages = self.lock.packages
        self.switches = [Switches(self.infos.get(one)) for one in range(len(packages))]
        self.roots = frozenset(roots_of(packages))

    # What is built ---------------------------------------------------------------------------

    def spread(self) -> None:
        """Follow what is switched on from the roots until nothing changes."""
        for one in sorted(self.roots):
            self.built[one] = {self._is_macro(one)}
            self._choose(one)
        pending = deque(sorted(self.roots))
        while pending:
            here = pending.popleft()
            for child in self._followed(here):
                if child not in pending:
                    pending.append(child)

    def _choose(self, number: int) -> None:
        """What was asked of the members: `feature`, `member/feature` or `dependency/feature`."""
        choice, switches = self.choice, self.switches[number]
        if choice.is_all:
            switches.open()
        for one in (*(("default",) if choice.has_defaults else ()), *choice.features):
            name, slash, feature = one.partition("/")
            if not slash or name == self.lock.packages[number].name:
                switches.turn_on(feature or name, "")
            else:
                switches.asked_for += (one,)

    def _followed(self, here: int) -> list[int]:
        """Children of which something new is known."""
        package = self.lock.packages[here]
        rows = list(self.switches[here].needs(is_root=here in self.roots))
        stated = self.infos[here].dependencies if here in self.infos else ()
        named = {one.package for one in stated}
        changed: dict[int, None] = {}
        for child in package.dependencies:
            name = self.lock.packages[child].name
            if name not in named:
                is_new = self._built(here, _Edge(child, DependencyKind.NORMAL), self.built[here])
                changed |= {child: None} if self.switches[child].open() or is_new else {}
            for one, features in rows:
                if one.package != name:
                    continue
                places = self._places(here, one.kind, one.target)
                is_new = bool(places) and self._built(here, _Edge(child, one.kind), places)
                for feature in features if places else ():
                    label = f"{package.name} {package.version}"
                    is_new = self.switches[child].turn_on(feature, label) or is_new
                changed |= {child: None} if is_new else {}
        return list(changed)

    def _places(self, here: int, kind: DependencyKind, condition: str) -> set[bool]:
        """Where a dependency is built for: the building machine (True), the targets (False).

        What the building machine is, nobody said: every condition may hold there.
        """
        if kind is DependencyKind.BUILD:
            return {True}
        is_out = holds(condition, self.choice.targets) is False
        return {one for one in self.built[here] if one or not is_out}

    def _built(self, here: int, edge: _Edge, places: set[bool]) -> bool:
        self.edges.setdefault(here, {})[edge] = None
        known = self.built.setdefault(edge.end, set())
        wanted = {True} if self._is_macro(edge.end) else places
        is_new = not wanted <= known or not known
        known |= wanted
        return is_new

    def _is_macro(self, number: int) -> bool:
        info = self.infos.get(number)
        return info is not None and TargetKind.PROC_MACRO in info.kinds

    # What runs -------------------------------------------------------------------------------

    def ways(self) -> dict[int, tuple[str, tuple[int, ...]]]:
        """The shortest way to each library that runs while something is built, and by what edge."""
        found: dict[int, tuple[str, tuple[int, ...]]] = {}
        pending: deque[int] = deque()
        for here in sorted(self.built):
            for edge in self.edges.get(here, ()):
                if edge.kind is DependencyKind.BUILD and not self._is_macro(edge.end):
                    way = (_BY_BUILD, (here, edge.end))
                elif self._is_macro(here) and edge.kind is DependencyKind.NORMAL:
                    way = (_BY_MACRO, (here, edge.end))
                else:
                    continue
                if edge.end not in found and not self._is_macro(edge.end):
                    found[edge.end] = way
                    pending.append(edge.end)
        while pending:
            here = pending.popleft()
            through, chain = found[here]
            for edge in self.edges.get(here, ()):
                is_new = edge.end not in found and not self._is_macro(edge.end)
                if edge.kind is DependencyKind.NORMAL and is_new:
                    found[edge.end] = (through, (*chain, edge.end))
                    pending.append(edge.end)
        return found

    def reach(self, number: int, ways: Mapping[int, tuple[str, tuple[int, ...]]]) -> Reach:
        """What is known of one package."""
        if number not in self.built:
            return Reach(is_built=False)
        kinds = self.infos[number].kinds if number in self.infos else ()
        way = ways.get(number)
        runs = (
            *((BUILD_SCRIPT,) if TargetKind.BUILD_SCRIPT in kinds else ()),
            *((MACRO,) if TargetKind.PROC_MACRO in kinds else ()),
            *((LIBRARY,) if way is not None else ()),
        )
        through, chain = way or ("", ())
        packages = self.lock.packages
        named = tuple(f"{packages[one].name} {packages[one].version}" for one in chain)
        features = tuple(sorted(self.switches[number].on.items()))
        return Reach(True, runs, through, named, features, self._idle(number))

    def _idle(self, number: int) -> tuple[int, ...]:
        """Dependencies that are built for this package and not used by it."""
        info = self.infos.get(number)
        if info is None:
            return ()
        packages = self.lock.packages
        used = {one.package for one in info.dependencies if one.key not in info.unnamed}
        taken = {
            one.end for one in self.edges.get(number, ()) if one.kind is not DependencyKind.DEV
        }
        named = {one.package for one in info.dependencies}
        return tuple(
            one
            for one in sorted(taken)
            if packages[one].name in named and packages[one].name not in used
        )
