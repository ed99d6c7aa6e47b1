"""`analyze`: the one function that the command, the gate and the corpus driver call.

The only module that knows the order of the stages. Takes bytes, not a name, so what was judged is
what is served; the same bytes, rules, context and limits give the same report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from analyzer import __version__
from analyzer.facts import collect
from analyzer.facts.view import CrateView
from analyzer.limits import DEFAULT_LIMITS, Limits
from analyzer.manifest import read_manifest
from analyzer.model import (
    BUILD_TIME,
    Context,
    Coverage,
    CrateInfo,
    CrateSource,
    Gap,
    GapKind,
    Manifest,
    Phase,
    Provenance,
    Report,
    SourceFile,
    SourceTree,
    Trace,
)
from analyzer.rules.match import match
from analyzer.rules.ruleset import RuleSet
from analyzer.score import assess, capabilities, indicators
from analyzer.signatures import Signatures
from analyzer.syntax.code import CrateCode, Package
from analyzer.syntax.lexer import as_edition_reads
from analyzer.syntax.modules import ModuleTree, build_module_tree
from analyzer.syntax.names import Home
from analyzer.syntax.outline import Outline
from analyzer.syntax.parse import parse
from analyzer.syntax.prefilter import Choice, Prefilter
from analyzer.unpack import unpack

_OTHER_LANGUAGES = (".c", ".h", ".cc", ".cpp", ".hpp", ".s", ".asm", ".in", ".m", ".py", ".txt")
"""Files that a build script may name without including them as Rust: read in case it does, but
words lost in them hide no Rust that rustc would take."""

Observe = Callable[[CrateSource, Limits], Trace]


@dataclass(frozen=True)
class _Sources:
    """The parsed part of a crate, and what was left unparsed on purpose or by need."""

    outlines: Mapping[str, Outline]
    phases: Mapping[str, tuple[Phase, ...]]
    gaps: tuple[Gap, ...]
    prefiltered: int


def analyze(
    crate: CrateSource,
    *,
    ruleset: RuleSet,
    context: Context | None = None,
    observe: Observe | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Report:
    """The risk report of one crate. Hostile content never raises: it becomes findings and gaps."""
    known = context or Context()
    tree = unpack(crate, limits=limits)
    manifest = read_manifest(tree, limits=limits)
    modules = _modules(tree, manifest, limits)
    sources = _parse(tree, manifest, modules, ruleset.signatures, limits)
    view = _view(crate, (tree, manifest, modules, sources), ruleset, known, limits)
    factset = collect(view)
    trace = observe(crate, limits) if observe is not None else Trace()
    factset = replace(factset, facts=factset.facts + trace.facts)
    gaps = _unique(
        crate.gaps + tree.gaps + manifest.gaps + sources.gaps + factset.gaps + trace.gaps
    )
    findings = match(factset, ruleset)
    coverage = _coverage(tree, sources)
    judged = assess(findings, gaps, coverage)
    return Report(
        crate=CrateInfo(crate.ref.name, crate.ref.version, crate.sha256, crate.origin),
        verdict=judged.verdict,
        score=judged.score,
        summary=judged.summary,
        findings=findings,
        capabilities=capabilities(factset.facts),
        indicators=indicators(factset.facts),
        facts=factset.facts,
        gaps=gaps,
        coverage=coverage,
        points=judged.points,
        provenance=Provenance(__version__, ruleset.digest, limits.digest(), known.as_of),
    )


def _modules(tree: SourceTree, manifest: Manifest, limits: Limits) -> ModuleTree:
    files = {one.path: one for one in tree.files}
    return build_module_tree(manifest.targets, files, limits=limits, edition=manifest.edition)


def _parse(
    tree: SourceTree,
    manifest: Manifest,
    modules: ModuleTree,
    signatures: Signatures,
    limits: Limits,
) -> _Sources:
    """Parse what the module tree reaches and every other `.rs` file, but bulk without vocabulary.

    Gaps of a file that runs at build time are blocking: there an attacker would hide.
    """
    outlines: dict[str, Outline] = {}
    gaps = list(modules.gaps)
    files = [one for one in tree.files if one.path.endswith(".rs") or one.path in modules.phases]
    phases_of = {one.path: modules.phases.get(one.path, (Phase.UNREACHED,)) for one in files}
    choice = _choice(files, phases_of, manifest, signatures, limits)
    if choice.unfollowed:
        reason = f"{choice.unfollowed} bulk files that call others by name were not followed"
        gaps.append(Gap(GapKind.BUDGET, reason))
    for file in files:
        phases = phases_of[file.path]
        if file.path in choice.skipped:
            continue
        parsed = parse(file, limits=limits, phases=phases, edition=manifest.edition)
        if isinstance(parsed, Gap):
            gaps.append(_ranked(parsed, phases))
            continue
        outline = outlines[file.path] = Outline(parsed, limits=limits)
        gaps += [_ranked(one, phases) for one in outline.gaps]
    return _Sources(outlines, phases_of, tuple(gaps), len(choice.skipped))


def _choice(
    files: list[SourceFile],
    phases: Mapping[str, tuple[Phase, ...]],
    manifest: Manifest,
    signatures: Signatures,
    limits: Limits,
) -> Choice:
    """Which files stay unparsed: none in a crate of ordinary size."""
    if sum(len(one.data) for one in files) <= limits.prefilter_from_bytes:
        return Choice(frozenset(), 0)
    catalogued = {path.partition("::")[0] for path in signatures.apis}
    words = [
        one.key.replace("-", "_")
        for one in manifest.dependencies
        if one.package.replace("-", "_") in catalogued
    ]
    secrets = signatures.indicators["credential-paths"]
    prefilter = Prefilter(
        signatures.apis,
        words,
        lambda text: secrets.match(text) is not None,
        followed_bytes=limits.prefilter_followed_bytes,
    )
    texts = {one.path: as_edition_reads(one.data, manifest.edition) for one in files}
    return prefilter.choose(texts, phases)


def _ranked(gap: Gap, phases: tuple[Phase, ...]) -> Gap:
    is_foreign = gap.kind is GapKind.SYNTAX_LOST and gap.path.lower().endswith(_OTHER_LANGUAGES)
    is_blocking = gap.is_blocking or (bool(BUILD_TIME & set(phases)) and not is_foreign)
    return replace(gap, phases=gap.phases or phases, is_blocking=is_blocking)


def _view(
    crate: CrateSource,
    read: tuple[SourceTree, Manifest, ModuleTree, _Sources],
    ruleset: RuleSet,
    context: Context,
    limits: Limits,
) -> CrateView:
    tree, manifest, modules, sources = read
    signatures = ruleset.signatures
    homes: dict[str, Home] = {}
    for one in modules.modules:
        homes.setdefault(one.file, Home(one.root, one.path))
    package = Package(
        homes=homes,
        externs=_externs(manifest, signatures.aliases),
        variables=_variables(manifest),
        texts={one.path: one.data for one in tree.files if _is_text(one)},
        is_legacy=manifest.edition == "2015",
    )
    code = CrateCode(sources.outlines, package, signatures.apis, limits=limits)
    return CrateView(crate.ref, tree, manifest, code, sources.phases, signatures, context, limits)


def _externs(manifest: Manifest, aliases: Mapping[str, str]) -> dict[str, str]:
    """Names of other crates as sources spell them; renames undone, `core` folded into `std`."""
    externs = {"std": "std", "proc_macro": "proc_macro", **aliases}
    for one in manifest.dependencies:
        externs[one.key.replace("-", "_")] = one.package.replace("-", "_")
    library = next((one for one in manifest.targets if one.kind in ("lib", "proc-macro")), None)
    if library is not None:
        externs.setdefault(library.name.replace("-", "_"), f"@{library.path}")
    return externs


def _variables(manifest: Manifest) -> dict[str, str]:
    """What `env!("CARGO_PKG_*")` stands for: all of it is the author's own text."""
    version = (*manifest.version.partition("-")[0].split("."), "", "", "")
    known = {
        "CARGO_PKG_NAME": manifest.name,
        "CARGO_CRATE_NAME": manifest.name.replace("-", "_"),
        "CARGO_PKG_VERSION": manifest.version,
        "CARGO_PKG_VERSION_MAJOR": version[0],
        "CARGO_PKG_VERSION_MINOR": version[1],
        "CARGO_PKG_VERSION_PATCH": version[2],
        "CARGO_PKG_DESCRIPTION": manifest.description,
    }
    for key, value in manifest.fields:
        known.setdefault(f"CARGO_PKG_{key.upper().replace('-', '_')}", value)
    return known


def _is_text(file: SourceFile) -> bool:
    return len(file.data) <= 65_536


def _coverage(tree: SourceTree, sources: _Sources) -> Coverage:
    counts: dict[Phase, int] = {}
    for phases in sources.phases.values():
        for one in phases:
            counts[one] = counts.get(one, 0) + 1
    rust = [one for one in tree.files if one.path in sources.phases]
    return Coverage(
        files=len(tree.files),
        size_bytes=sum(len(one.data) for one in tree.files),
        rust_files=len(rust),
        rust_size_bytes=sum(len(one.data) for one in rust),
        parsed_files=len(sources.outlines),
        prefiltered_files=sources.prefiltered,
        phases=tuple((one, counts[one]) for one in Phase if one in counts),
    )


def _unique(gaps: tuple[Gap, ...]) -> tuple[Gap, ...]:
    return tuple(sorted(set(gaps), key=repr))
