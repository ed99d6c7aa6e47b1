"""`analyze`: the one function that the command, the gate and the corpus driver call.

The only module that knows the order of the stages. Takes bytes, not a name, so what was judged is
what is served; the same bytes, rules, context and limits give the same report.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import replace

from analyzer import __version__
from analyzer.facts import collect
from analyzer.facts.changes import changes
from analyzer.facts.documented import facts_in_files, findings_in_files
from analyzer.facts.exports import exports
from analyzer.facts.flows import ASKER, flows
from analyzer.facts.hidden import hidden
from analyzer.facts.named import unnamed
from analyzer.facts.near_names import is_popular
from analyzer.facts.view import CrateView
from analyzer.limits import DEFAULT_LIMITS, Limits
from analyzer.manifest import read_manifest
from analyzer.model import (
    Context,
    Coverage,
    CrateInfo,
    CrateRef,
    CrateSource,
    FactSet,
    FileInfo,
    Gap,
    Manifest,
    Origin,
    PackageInfo,
    Phase,
    Provenance,
    Report,
    SourceFile,
    SourceTree,
    Trace,
)
from analyzer.registry.history import history
from analyzer.rules.elsewhere import in_builds
from analyzer.rules.halves import export_ends, half_ends, halves
from analyzer.rules.joining import Ends, drawn_ends, flow_ends, joining, left_open
from analyzer.rules.match import match
from analyzer.rules.ruleset import RuleSet
from analyzer.score import assess, capabilities, indicators
from analyzer.signatures import Signatures
from analyzer.syntax.catalogue import catalogue
from analyzer.syntax.code import CrateCode, Package
from analyzer.syntax.emitted import emitted
from analyzer.syntax.generated import generated
from analyzer.syntax.modules import ModuleTree, build_module_tree
from analyzer.syntax.names import Home
from analyzer.syntax.sources import Sources
from analyzer.unpack import unpack


def analyze(
    crate: CrateSource,
    *,
    ruleset: RuleSet,
    context: Context | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Report:
    """The risk report of one crate. Hostile content never raises: it becomes findings and gaps."""
    known = context or Context()
    before = known.previous.facts if known.previous is not None else None
    ruleset = ruleset.with_exports(known.exports)
    ruleset = ruleset if before is not None else ruleset.of_one_version
    tree = unpack(crate, limits=limits)
    manifest = read_manifest(tree, limits=limits)
    sources, view, factset = _read(crate.ref, tree, manifest, ruleset, (known, limits))
    factset = _followed(view, factset, _all_ends(factset, ruleset, manifest))
    trace = known.trace or Trace()
    unseen = tuple(hidden(factset.facts, trace.compiled))
    factset = replace(factset, facts=factset.facts + unseen + trace.facts)
    changed = changes(factset.facts, crate, tree, manifest, sources.phases, known)
    factset = replace(factset, facts=factset.facts + changed)
    gaps = _unique(
        crate.gaps + tree.gaps + manifest.gaps + sources.gaps + factset.gaps + trace.gaps
    )
    factset = _followed(view, factset, drawn_ends(match(factset, ruleset, before), factset))
    findings = findings_in_files(match(factset, ruleset, before))
    shown = facts_in_files(factset.facts)
    coverage = _coverage(tree, sources)
    judged = assess(findings, gaps, coverage)
    report = Report(
        crate=CrateInfo(crate.ref.name, crate.ref.version, crate.sha256, crate.origin),
        verdict=judged.verdict,
        score=judged.score,
        summary=judged.summary,
        findings=findings,
        capabilities=capabilities(shown),
        indicators=indicators(shown),
        facts=shown,
        gaps=gaps,
        coverage=coverage,
        points=judged.points,
        provenance=Provenance(
            __version__, ruleset.digest, limits.digest(), known.as_of, known.sources
        ),
        files=_files(tree, sources),
        package=_told_by(view, crate.origin),
        in_builds=in_builds(factset, ruleset, functools.partial(_followed, view)),
        halves=halves(factset, ruleset, manifest.links),
        exports=exports(view, factset, export_ends(factset, ruleset)),
        observation=trace.observation,
    )
    view.let_go()
    return report


def _read(
    ref: CrateRef,
    tree: SourceTree,
    manifest: Manifest,
    ruleset: RuleSet,
    given: tuple[Context, Limits],
) -> tuple[Sources, CrateView, FactSet]:
    """The facts of as much of the code as could change what is found."""
    known, limits = given
    modules = _modules(tree, manifest, limits)
    sources = Sources(tree, manifest, modules, ruleset.signatures, limits)
    package = _package(tree, manifest, modules, ruleset.signatures)
    while True:
        code = CrateCode(sources.outlines, package, catalogue(ruleset.signatures), limits=limits)
        view = CrateView(
            ref, tree, manifest, code, sources.phases, ruleset.signatures, known, limits
        )
        if not sources.take(emitted(code, sources.emitting)):
            factset = collect(view)
            is_more = _with_generated(sources, view)
            if not _extended(sources, view, factset, ruleset) and not is_more:
                return sources, view, factset
        view.let_go()


def _extended(sources: Sources, view: CrateView, factset: FactSet, ruleset: RuleSet) -> bool:
    """Whether more of the code was read, as it could change what is found."""
    if not sources.is_cut:
        return False
    _followed(view, factset, _all_ends(factset, ruleset, view.manifest))  # asks for what it passes
    joined = joining(factset, ruleset)
    wanted = view.code.wanted(left_open(factset, ruleset) | {ASKER})
    items = {one.rpartition(" ")[2] for one in joined if " " in one}  # `static NAME` is not called
    more = wanted._replace(callers=wanted.callers | joined, statics=wanted.statics | items)
    return sources.extend(more)


def _with_generated(sources: Sources, view: CrateView) -> bool:
    """Whether source that the build script writes was read as well."""
    if not view.has_build_script:
        return False
    found = [
        sources.add(one.name, one.includer, one.text.encode(), (one.writer, one.position))
        for one in generated(view.code, view.sites)
    ]
    return any(found)


def _all_ends(factset: FactSet, ruleset: RuleSet, manifest: Manifest) -> tuple[Ends, ...]:
    """Of rules that hold in one crate, and of those that need another one."""
    return flow_ends(factset, ruleset) + half_ends(factset, ruleset, manifest.links)


def _followed(view: CrateView, factset: FactSet, ends: tuple[Ends, ...]) -> FactSet:
    """The facts with the flows between these ends."""
    found, gaps = flows(view, factset.facts, ends)
    return replace(factset, flows=factset.flows + found, gaps=factset.gaps + gaps)


def _modules(tree: SourceTree, manifest: Manifest, limits: Limits) -> ModuleTree:
    files = {one.path: one for one in tree.files}
    return build_module_tree(manifest.targets, files, limits=limits, edition=manifest.edition)


def _package(
    tree: SourceTree, manifest: Manifest, modules: ModuleTree, signatures: Signatures
) -> Package:
    homes: dict[str, Home] = {}
    for one in modules.modules:
        homes.setdefault(one.file, Home(one.root, one.path))
    return Package(
        homes=homes,
        externs=_externs(manifest, signatures.aliases),
        variables=_variables(manifest),
        texts={one.path: one.data for one in tree.files if _is_text(one)},
        is_legacy=manifest.edition == "2015",
    )


def _externs(manifest: Manifest, aliases: Mapping[str, str]) -> dict[str, str]:
    """Names of other crates as sources spell them; renames undone, `core` folded into `std`."""
    externs = {"std": "std", "proc_macro": "proc_macro", **aliases}
    for one in manifest.dependencies:
        name = one.package.replace("-", "_")
        externs[one.key.replace("-", "_")] = aliases.get(name, name)
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


def _coverage(tree: SourceTree, sources: Sources) -> Coverage:
    counts: dict[Phase, int] = {}
    rust = [one for one in tree.files if one.path in sources.phases]
    for file in rust:
        for one in sources.phases[file.path]:
            counts[one] = counts.get(one, 0) + 1
    return Coverage(
        files=len(tree.files),
        size_bytes=sum(len(one.data) for one in tree.files),
        rust_files=len(rust),
        rust_size_bytes=sum(len(one.data) for one in rust),
        parsed_files=len(sources.outlines),
        prefiltered_files=sources.unparsed,
        phases=tuple((one, counts[one]) for one in Phase if one in counts),
    )


def _files(tree: SourceTree, sources: Sources) -> tuple[FileInfo, ...]:
    return tuple(
        FileInfo(
            one.path,
            hashlib.sha256(one.data).hexdigest(),
            len(one.data),
            sources.phases.get(one.path, ()),
        )
        for one in tree.files
    )


def _told_by(view: CrateView, origin: Origin) -> PackageInfo:
    manifest = view.manifest
    past = history(view.ref, view.context)
    is_default = origin is Origin.CRATES_IO and not view.ref.registry
    return PackageInfo(
        fields=_about(manifest),
        dependencies=manifest.dependencies,
        features=manifest.features,
        kinds=tuple(dict.fromkeys(one.kind for one in manifest.targets)),
        # By name, where the name was earned: a folder or another registry may take any.
        is_popular=is_default and is_popular(view.ref.name, view.signatures),
        unnamed=unnamed(manifest, view.tree, view.phases),
        age=past.name_age if past is not None else "",
    )


def _about(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """What people look at in a manifest, without what every release changes."""
    own = (
        ("description", manifest.description),
        ("links", manifest.links),
        ("edition", manifest.edition),
    )
    return tuple(one for one in (*own, *manifest.fields) if one[1])


def _unique(gaps: tuple[Gap, ...]) -> tuple[Gap, ...]:
    return tuple(sorted(set(gaps), key=repr))
