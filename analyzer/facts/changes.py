"""What differs from the version before, said as facts: the step, powers gained, dependencies taken.

Made only where the report of a version before is at hand (`Context.previous`); no family of facts,
since it looks at all facts of both versions. What an author can write (names, versions, a mention
in the source) only ever adds a word here; it never takes a fact away (threat model V4, P4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from analyzer.facts.named import Sources
from analyzer.model import (
    BUILD_TIME,
    QUIET,
    Context,
    CrateSource,
    Dependency,
    DependencyKind,
    Fact,
    FactKind,
    Field,
    IndexEntry,
    Manifest,
    Origin,
    Phase,
    Report,
    SourceTree,
    Verdict,
)
from analyzer.registry.semver import precedence
from analyzer.signatures import fold_name

YOUNG_DAYS = 30
"""A crate whose first version is no older than this when it is depended on has no past yet."""

_POWERS: Mapping[str, tuple[str, ...]] = {
    "network": ("net.connect", "net.send", "net.receive", "net.resolve"),
    "programs": ("process.spawn", "process.shell", "process.detach"),
    "secrets": ("path.secret", "env.read-all", "clipboard.read", "input.capture", "screen.capture"),
    "foreign code": ("code.load", "code.execute-memory"),
    "hidden values": ("code.decode", "value.encoded"),
}
_POWER_OF = {FactKind(kind): power for power, kinds in _POWERS.items() for kind in kinds}
_CODE_POWERS: Mapping[Phase, str] = {
    Phase.BUILD_SCRIPT: "build script",
    Phase.PROC_MACRO: "procedural macro",
}
_BYTES = frozenset({Origin.CRATES_IO, Origin.REGISTRY, Origin.ARCHIVE})
"""Origins whose version never has other bytes; a folder changes as its owner works."""
_STEPS = ("major", "minor", "patch")


def changes(
    facts: Iterable[Fact],
    crate: CrateSource,
    tree: SourceTree,
    manifest: Manifest,
    phases: Mapping[str, tuple[Phase, ...]],
    context: Context,
) -> tuple[Fact, ...]:
    """Facts about the way from `context.previous` to this crate; none without it."""
    before = context.previous
    if before is None:
        return ()
    found = [
        *_step(before, crate),
        *_powers(facts, before),
        *_code(phases, before),
        *_taken(manifest, tree, phases, context, before),
    ]
    return tuple(found)


# Step --------------------------------------------------------------------------------------------


def step_between(old: str, new: str) -> str:
    """`patch`, `minor`, `major`, `same` or `older`; `unknown` where one is no version.

    By the number that changed, as people speak of it: 0.3.9 to 0.3.10 is a patch.
    """
    a, b = precedence(old), precedence(new)
    if a is None or b is None:
        return "unknown"
    if a == b:
        return "same"
    if b < a:
        return "older"
    places = zip(_STEPS, a[:3], b[:3], strict=True)
    return next((name for name, one, other in places if one != other), "patch")


def _step(before: Report, crate: CrateSource) -> Iterator[Fact]:
    old, new = before.crate, crate.ref
    where = Field("version", "step")
    yield Fact(
        FactKind.VERSION_STEP,
        step_between(old.version, new.version),
        where,
        data=(old.version, new.version),
    )
    is_same = old.name == new.name and old.version == new.version
    if is_same and old.sha256 != crate.sha256 and {old.origin, crate.origin} <= _BYTES:
        label = f"{new.name}@{new.version}"
        yield Fact(FactKind.VERSION_BYTES, label, where, data=(old.sha256, crate.sha256))


# Powers ------------------------------------------------------------------------------------------


def _powers(facts: Iterable[Fact], before: Report) -> Iterator[Fact]:
    """A power that no code of that phase had: each once, where it is first used."""
    had = {key for one in before.facts for key in _powers_of(one)}
    told: set[tuple[str, Phase]] = set()
    for fact in facts:
        for power, phase in _powers_of(fact):
            if (power, phase) not in had and (power, phase) not in told:
                told.add((power, phase))
                yield Fact(
                    FactKind.VERSION_POWER,
                    power,
                    fact.where,
                    (phase,),
                    fact.owner,
                    str(fact.kind),
                    (fact.subject,),
                    fact.guards,
                    snippet=fact.snippet,
                )


def _powers_of(fact: Fact) -> Iterator[tuple[str, Phase]]:
    power = _POWER_OF.get(fact.kind)
    if power is not None:
        yield from ((power, one) for one in fact.phases if one not in QUIET)


def _code(phases: Mapping[str, tuple[Phase, ...]], before: Report) -> Iterator[Fact]:
    """The first build script or macro of a crate."""
    had = {phase for one in before.files for phase in one.phases}
    for phase, power in _CODE_POWERS.items():
        files = sorted(path for path, when in phases.items() if phase in when)
        if files and phase not in had:
            where = Field("Cargo.toml", power)
            yield Fact(FactKind.VERSION_POWER, power, where, (phase,), data=(files[0],))


# Dependencies ------------------------------------------------------------------------------------


def _taken(
    manifest: Manifest,
    tree: SourceTree,
    phases: Mapping[str, tuple[Phase, ...]],
    context: Context,
    before: Report,
) -> Iterator[Fact]:
    """Dependencies that the version before did not have, with what is known of each.

    `api` is the kind of the edge and words in this order: `unnamed` (no source names it), `young`,
    `build-time` (it has a build script or is a macro), `build-network`, `build-programs` (what that
    code does), and the verdict on it in small letters.
    """
    had = {edge_of(one) for one in before.package.dependencies}
    had |= {(fold_name(one.subject), one.api) for one in _edges(before.facts)}
    sources = Sources(tree, phases)
    for one in manifest.dependencies:
        if one.kind is DependencyKind.DEV or edge_of(one) in had:
            continue
        had.add(edge_of(one))
        words = [str(one.kind)]
        words += ["unnamed"] if not sources.names(one.key) else []
        words += ["young"] if _is_young(one.package, manifest, context) else []
        words += _told(one.package, context)
        table = "" if one.kind is DependencyKind.NORMAL else f"{one.kind}-"
        where = Field("Cargo.toml", f"{table}dependencies.{one.key}", one.line)
        yield Fact(FactKind.REGISTRY_DEPENDENCY, one.package, where, api=" ".join(words))
        yield from _through(one, manifest, context, had)


def _through(
    taken: Dependency, manifest: Manifest, context: Context, had: set[tuple[str, str]]
) -> Iterator[Fact]:
    """What a dependency brings along, as far as there are reports on it: a carrier may be carried.

    Whoever calls decides how far that is. No such one is `unnamed`: this crate cannot name it.
    """
    pending = [(taken, taken.package)]
    while pending:
        one, way = pending.pop()
        for report in _reports(one.package, context):
            for below in report.package.dependencies:
                if below.kind is DependencyKind.DEV or edge_of(below) in had:
                    continue
                had.add(edge_of(below))
                told = _told(below.package, context)
                if not told and not _is_young(below.package, manifest, context):
                    continue
                words = [str(below.kind)]
                words += ["young"] if _is_young(below.package, manifest, context) else []
                words += told
                trail = f"{way} > {below.package}"
                where = Field("Cargo.toml", f"dependencies.{trail}", one.line)
                kind = FactKind.REGISTRY_DEPENDENCY
                yield Fact(kind, below.package, where, api=" ".join(words))
                pending.append((below, trail))


def edge_of(one: Dependency) -> tuple[str, str]:
    """What makes two dependency edges the same: the package, whatever it is called, and the kind.

    One from elsewhere than the registry is another package, though the name be the same.
    """
    elsewhere = one.git or one.registry
    return fold_name(one.package) + (f" from {elsewhere}" if elsewhere else ""), str(one.kind)


def _edges(facts: Iterable[Fact]) -> Iterator[Fact]:
    return (one for one in facts if one.kind is FactKind.MANIFEST_DEPENDENCY)


def _is_young(package: str, manifest: Manifest, context: Context) -> bool:
    """Whether its first version came shortly before this crate's, or before the day of the report.

    Unknown is not young: what is not known is said by the report, not guessed.
    """
    first = dict(context.first_published).get(package, "")
    own = next((one.published for one in context.index_entries if _is_own(one, manifest)), "")
    age = days_between(first, own or context.as_of)
    return age is not None and age <= YOUNG_DAYS


def _is_own(entry: IndexEntry, manifest: Manifest) -> bool:
    return entry.name == manifest.name and entry.version == manifest.version


def days_between(first: str, last: str) -> int | None:
    """Whole days from one time (`YYYY-MM-DD...`) to another; None where one is not known."""
    try:
        return (date.fromisoformat(last[:10]) - date.fromisoformat(first[:10])).days
    except ValueError:
        return None


def _reports(package: str, context: Context) -> list[Report]:
    """At most one: the first on a crate of this name."""
    name = fold_name(package)
    return [one for one in context.dependencies if fold_name(one.crate.name) == name][:1]


def _told(package: str, context: Context) -> list[str]:
    """Words from the report on a dependency, if there is one."""
    reports = [
        one for one in context.dependencies if fold_name(one.crate.name) == fold_name(package)
    ]
    words: list[str] = []
    for report in reports[:1]:
        powers = {
            power for fact in report.facts if _is_built(fact) for power, _ in _powers_of(fact)
        }
        words += ["build-time"] if builds(report) else []
        words += ["build-network"] if "network" in powers else []
        words += ["build-programs"] if "programs" in powers else []
        words += [] if report.verdict is Verdict.CLEAR else [report.verdict.lower()]
    return words


def builds(report: Report) -> bool:
    """Whether a crate runs code of its own on the machine that compiles it."""
    built = {Phase.BUILD_SCRIPT, Phase.PROC_MACRO}
    return any(not built.isdisjoint(one.phases) for one in report.files)


def _is_built(fact: Fact) -> bool:
    return not BUILD_TIME.isdisjoint(fact.phases)
