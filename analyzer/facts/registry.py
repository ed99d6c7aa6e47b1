"""What registry, advisories and lists of names say about a crate, apart from its bytes."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.facts.near_names import is_popular, near_name
from analyzer.facts.view import CrateView
from analyzer.model import Advisory, Fact, FactKind, Field
from analyzer.signatures import fold_name


def facts(view: CrateView) -> Iterator[Fact]:
    """Known-bad and near names, yank, advisories; of dependencies only known-bad names."""
    name, version = view.ref.name, view.ref.version
    known = view.signatures.known_bad.get(fold_name(name))
    where = Field("registry", "name")
    if known is not None and known.covers(version):
        label = f"{known.name}@{version}"
        yield Fact(FactKind.REGISTRY_KNOWN_BAD, label, where, api=known.kind, data=known.advisories)
    near = near_name(name, view.signatures)
    if near is not None and known is None:
        yield Fact(FactKind.REGISTRY_NEAR_NAME, near[0], where, api=near[1])
    for entry in view.context.index_entries:
        if entry.version == version and entry.is_yanked:
            yield Fact(FactKind.REGISTRY_YANK, "yanked", Field("registry", "yanked"))
    for one in view.context.advisories:
        yield _advisory(view, one, is_on_record=known is not None and known.covers(version))
    yield from _dependencies(view)


def _advisory(view: CrateView, one: Advisory, *, is_on_record: bool) -> Fact:
    """What an advisory says. Malice of a much-used name needs a second witness (threat model V5):
    another database, or the shipped list.
    """
    kind = one.kind or ("malicious" if one.is_malicious else "vulnerability")
    families = {name.partition("-")[0] for name in one.witnesses}
    if kind == "malicious" and is_popular(view.ref.name, view.signatures):
        kind = kind if is_on_record or len(families) > 1 else "malicious-alone"
    data = [one.title]
    if one.patched:
        data.append(f"mended: {', '.join(one.patched)}")
    if one.functions:
        data.append(f"only: {', '.join(one.functions)}")
    where = Field("registry", "advisory")
    return Fact(FactKind.REGISTRY_ADVISORY, one.id, where, api=kind, data=tuple(data))


def _dependencies(view: CrateView) -> Iterator[Fact]:
    """Dependencies on record: any version of a name that has no good one, or a bad one exactly."""
    for one in view.manifest.dependencies:
        known = view.signatures.known_bad.get(fold_name(one.package))
        if known is None or one.git or known.kind == "affiliated":
            continue
        exact = one.requirement.removeprefix("=").strip()
        is_exact = one.requirement.startswith("=") and known.covers(exact)
        if "*" in known.versions or is_exact:
            where = Field("Cargo.toml", f"dependencies.{one.key}", one.line)
            label = f"{known.name}@{exact if is_exact else '*'}"
            yield Fact(
                FactKind.REGISTRY_KNOWN_BAD, label, where, api=known.kind, data=known.advisories
            )
