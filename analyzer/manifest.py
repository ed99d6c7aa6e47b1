"""Cargo.toml as cargo reads it: targets, dependencies, and the odd keys that deserve a look.

Values of a wrong type never raise: cargo would refuse such a manifest, but something else may still
read it, so what can be read is read and the rest is left out. Where cargo's versions differ
(underscores in keys, several build scripts) the reading that builds more is taken.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from analyzer.errors import TomlError
from analyzer.limits import Limits
from analyzer.model import (
    UNKNOWN,
    Dependency,
    DependencyKind,
    Fact,
    FactKind,
    Field,
    Gap,
    GapKind,
    Manifest,
    SourceTree,
    Target,
    TargetKind,
)
from analyzer.toml import key_lines, read_toml

NAME = "Cargo.toml"
NO_PACKAGE = "Cargo.toml has no [package]"
_TABLES: tuple[tuple[str, DependencyKind], ...] = (
    ("dependencies", DependencyKind.NORMAL),
    ("dev-dependencies", DependencyKind.DEV),
    ("dev_dependencies", DependencyKind.DEV),
    ("build-dependencies", DependencyKind.BUILD),
    ("build_dependencies", DependencyKind.BUILD),
)
_GROUPS: tuple[tuple[str, TargetKind, str, str], ...] = (
    ("bin", TargetKind.BINARY, "src/bin", "autobins"),
    ("test", TargetKind.TEST, "tests", "autotests"),
    ("example", TargetKind.EXAMPLE, "examples", "autoexamples"),
    ("bench", TargetKind.BENCH, "benches", "autobenches"),
)
_ODD_KEYS = ("cargo-features", "patch", "replace", "build", "metabuild", "target-dir", "paths")
"""Top-level keys that change how others build, or that only a file of another name may hold."""
_ODD_PROFILE_KEYS = ("rustflags", "codegen-backend", "rustc", "rustc-wrapper", "linker", "runner")
_SHADOWED = frozenset({"std", "core", "alloc", "proc_macro", "test"})
"""Crates that sources name without declaring them; a package of this name takes their place."""
_LIBRARIES = frozenset({TargetKind.LIBRARY, TargetKind.PROC_MACRO})
_TEXT_FIELDS = (
    "homepage",
    "documentation",
    "repository",
    "readme",
    "license",
    "license-file",
    "rust-version",
)

Table = Mapping[str, object]
Lines = Mapping[tuple[str, ...], int]


def read_manifest(tree: SourceTree, *, limits: Limits) -> Manifest:
    """The crate's manifest; never raises. Unreadable: a blocking gap, and the targets cargo would
    find by name, the library as a macro, so that nothing which may run at build time is missed.
    """
    file = tree.file(NAME)
    paths = frozenset(one.path for one in tree.files)
    if file is None:
        return _unreadable(tree, paths, "Cargo.toml is missing")
    if len(file.data) > limits.manifest_size_bytes:
        return _unreadable(tree, paths, f"Cargo.toml is over {limits.manifest_size_bytes} bytes")
    try:
        document = read_toml(file.data, name=NAME)
    except TomlError as error:
        return _unreadable(tree, paths, str(error))
    if not _is_package(document):
        return _unreadable(tree, paths, NO_PACKAGE)
    # utf-8-sig would be loaded at first use, which a confined worker may not do.
    lines = key_lines(file.data.decode(errors="replace").removeprefix("\ufeff"))
    return _read(_Package(document, paths, tree.ref.name), tree, lines, limits.module_count)


def _is_package(document: Table) -> bool:
    return isinstance(document.get("package", document.get("project")), dict)


def _read(package: _Package, tree: SourceTree, lines: Lines, most: int) -> Manifest:
    targets = tuple(islice(_targets(package), most + 1))
    gap = Gap(GapKind.TOO_LARGE, f"more than {most} targets", NAME, is_blocking=True)
    gaps = (gap,) if len(targets) > most else ()
    dependencies = tuple(_dependencies(package, lines))
    facts = (
        *_target_facts(targets, package, lines),
        *_dependency_facts(dependencies),
        *_odd_keys(package, lines),
    )
    features = _table(package.document.get("features"))
    return Manifest(
        name=package.name,
        version=_text(package.field("version"), tree.ref.version),
        edition=package.edition,
        targets=targets[:most],
        dependencies=dependencies,
        features=tuple((key, _texts(value)) for key, value in features.items()),
        links=_text(package.field("links")),
        description=_text(package.field("description")),
        categories=_texts(package.field("categories")),
        keywords=_texts(package.field("keywords")),
        fields=tuple(_fields(package)),
        facts=facts,
        gaps=gaps,
    )


@dataclass(frozen=True, slots=True)
class _Package:
    """A document with the files beside it; `ref_name` serves where the name is not readable."""

    document: Table
    paths: frozenset[str]
    ref_name: str

    @property
    def table(self) -> Table:
        return _table(self.document.get("package", self.document.get("project")))

    def field(self, key: str) -> object:
        """A key of [package]; inherited ones come from the same file or are a table."""
        value = self.table.get(key)
        if _table(value).get("workspace") is True:
            workspace = _table(self.document.get("workspace"))
            return _table(workspace.get("package")).get(key, value)
        return value

    @property
    def name(self) -> str:
        return _text(self.field("name"), self.ref_name)

    @property
    def edition(self) -> str:
        """2015 if unstated; one that is inherited from another file is surely a newer one."""
        value = self.field("edition")
        return _text(value, "2021" if isinstance(value, dict) else "2015")

    def tables(self, key: str) -> list[Table]:
        """An array of tables; `[lib]`-like single tables are read as one."""
        value = self.document.get(key)
        return [_table(one) for one in (value if isinstance(value, list) else [value])]

    def path(self, value: object) -> str:
        """A path as the file list spells it; backslashes separate where no such file exists."""
        plain = posixpath.normpath(_text(value))
        return plain if plain in self.paths else posixpath.normpath(plain.replace("\\", "/"))


def _fields(package: _Package) -> Iterator[tuple[str, str]]:
    for key in _TEXT_FIELDS:
        value = _text(package.field(key))
        if value:
            yield key, value
    yield "authors", ":".join(_texts(package.field("authors")))


def _unreadable(tree: SourceTree, paths: frozenset[str], reason: str) -> Manifest:
    guesses = (
        (TargetKind.BUILD_SCRIPT, "build-script-build", "build.rs"),
        (TargetKind.PROC_MACRO, tree.ref.name.replace("-", "_"), "src/lib.rs"),
        (TargetKind.BINARY, tree.ref.name, "src/main.rs"),
    )
    targets = tuple(Target(*one) for one in guesses if one[2] in paths)
    gap = Gap(GapKind.MANIFEST, reason, NAME, is_blocking=True)
    facts = tuple(_target_facts(targets, _Package({}, paths, tree.ref.name), {}))
    return Manifest(tree.ref.name, tree.ref.version, "2021", targets, facts=facts, gaps=(gap,))


# Targets -----------------------------------------------------------------------------------------


def _targets(package: _Package) -> Iterator[Target]:
    yield from _build_scripts(package)
    library = _library(package)
    if library is not None:
        yield library
    for key, kind, folder, switch in _GROUPS:
        found = tuple(_discovered(kind, folder, package))
        is_listed = isinstance(package.document.get(key), (list, dict))
        tables = package.tables(key) if is_listed else []
        declared = list(_declared(tables, kind, found, package, has_library=library is not None))
        yield from declared
        automatic = package.field(switch)
        is_off = is_listed and package.edition == "2015" and automatic is not True
        if automatic is not False and not is_off:
            names, paths = {one.name for one in declared}, {one.path for one in declared}
            yield from (
                Target(kind, name, path)
                for name, path in found
                if name not in names and path not in paths
            )


def _build_scripts(package: _Package) -> Iterator[Target]:
    build = package.table.get("build")
    scripts = [build] if isinstance(build, str) else list(_texts(build))
    if build is True or (not scripts and build is not False and "build.rs" in package.paths):
        scripts = ["build.rs"]
    for path in dict.fromkeys(package.path(one) for one in scripts):
        stem = posixpath.splitext(posixpath.basename(path))[0]
        yield Target(TargetKind.BUILD_SCRIPT, f"build-script-{stem}", path)


def _library(package: _Package) -> Target | None:
    lib = _table(package.document.get("lib"))
    name = _text(lib.get("name"), package.name.replace("-", "_"))
    path = package.path(lib["path"]) if _text(lib.get("path")) else "src/lib.rs"
    if path not in package.paths and package.edition == "2015" and not _text(lib.get("path")):
        legacy = f"src/{name}.rs"
        path = legacy if lib and legacy in package.paths else path
    is_absent = path not in package.paths or package.field("autolib") is False
    if is_absent and "lib" not in package.document:
        return None
    types = _texts(lib.get("crate-type")) + _texts(lib.get("crate_type"))
    is_macro = lib.get("proc-macro") is True or lib.get("proc_macro") is True
    kind = TargetKind.PROC_MACRO if is_macro or "proc-macro" in types else TargetKind.LIBRARY
    return Target(kind, name, path)


def _declared(
    tables: list[Table],
    kind: TargetKind,
    found: tuple[tuple[str, str], ...],
    package: _Package,
    *,
    has_library: bool,
) -> Iterator[Target]:
    by_name = dict(reversed(found))
    for one in tables:
        name = _text(one.get("name"))
        path = package.path(one["path"]) if _text(one.get("path")) else ""
        guesses = [by_name[name]] if name in by_name else []
        if package.edition == "2015":
            guesses += _legacy(kind, name, has_library=has_library)
        path = path or next((guess for guess in guesses if guess in package.paths), "")
        if path:
            yield Target(kind, name, path, _texts(one.get("required-features")))


def _legacy(kind: TargetKind, name: str, *, has_library: bool) -> list[str]:
    """Where cargo still looks for a target without a path in edition 2015."""
    if kind is TargetKind.BENCH and name == "bench":
        return ["src/bench.rs"]
    if kind is not TargetKind.BINARY:
        return []
    return [*([] if has_library else [f"src/{name}.rs"]), "src/main.rs", "src/bin/main.rs"]


def _discovered(kind: TargetKind, folder: str, package: _Package) -> Iterator[tuple[str, str]]:
    if kind is TargetKind.BINARY and "src/main.rs" in package.paths:
        yield package.name, "src/main.rs"
    for path in sorted(package.paths):
        parts = path.removeprefix(folder + "/").split("/") if path.startswith(folder + "/") else []
        if not parts or parts[0].startswith("."):
            continue
        if len(parts) == 1 and path.endswith(".rs"):
            yield parts[0].removesuffix(".rs"), path
        elif len(parts) == 2 and parts[1] == "main.rs":
            yield parts[0], path


# Dependencies ------------------------------------------------------------------------------------


def _headers(document: Table) -> Iterator[tuple[tuple[str, ...], DependencyKind, Table]]:
    """Every table of dependencies: the keys that lead to it, its kind, its rows."""
    for key, kind in _TABLES:
        yield (key,), kind, _table(document.get(key))
    for condition, row in _table(document.get("target")).items():
        for key, kind in _TABLES:
            yield ("target", condition, key), kind, _table(_table(row).get(key))


def _dependencies(package: _Package, lines: Lines) -> Iterator[Dependency]:
    shared = _table(_table(package.document.get("workspace")).get("dependencies"))
    for header, kind, rows in _headers(package.document):
        for key, value in rows.items():
            own = _table(value)
            is_inherited = own.get("workspace") is True
            stated = shared.get(key) if is_inherited else value
            row = _table(stated)
            requirement = stated if isinstance(stated, str) else _text(row.get("version"))
            yield Dependency(
                key=key,
                package=_text(row.get("package"), key),
                requirement=UNKNOWN if stated is None else requirement,
                kind=kind,
                is_optional=own.get("optional") is True,
                target=header[1] if len(header) > 1 else "",
                registry=_text(row.get("registry")) or _text(row.get("registry-index")),
                git=_text(row.get("git")),
                path=_text(row.get("path")),
                features=_texts(row.get("features"))
                + (_texts(own.get("features")) if is_inherited else ()),
                line=lines.get((*header, key), 0),
                has_defaults=_has_defaults(row) or (is_inherited and _has_defaults(own, False)),
            )


def _has_defaults(row: Table, unstated: bool = True) -> bool:  # noqa: FBT001, FBT002
    value = row.get("default-features", row.get("default_features"))
    return value if isinstance(value, bool) else unstated


# Facts -------------------------------------------------------------------------------------------


def _target_facts(targets: Iterable[Target], package: _Package, lines: Lines) -> Iterator[Fact]:
    line = lines.get(("package", "build"), lines.get(("project", "build"), 0))
    build = Field(NAME, "package.build", line)
    scripts = 0
    for one in targets:
        where = build
        if one.kind is TargetKind.BUILD_SCRIPT:
            scripts += 1
            yield Fact(FactKind.MANIFEST_BUILD_SCRIPT, one.path, where)
        else:
            key = "lib" if one.kind is TargetKind.PROC_MACRO else str(one.kind)
            where = Field(NAME, key, lines.get((key,), 0))
        if one.path.startswith(("../", "/")) or one.path == "..":
            subject = f"target outside the package: {one.path}"
            yield Fact(FactKind.MANIFEST_CONFIG, subject, where)
        if one.kind in _LIBRARIES and one.name.replace("-", "_") in _SHADOWED:
            yield Fact(FactKind.MANIFEST_CONFIG, f"{one.kind} named {one.name}", where)
    if scripts > 1:
        yield Fact(FactKind.MANIFEST_CONFIG, "several build scripts", build)
    if package.table.get("build") not in (None, True, False) and not scripts:
        yield Fact(FactKind.MANIFEST_CONFIG, "build is neither a path nor a list of paths", build)


def _dependency_facts(dependencies: Iterable[Dependency]) -> Iterator[Fact]:
    for one in dependencies:
        head = f"target.{one.target}." if one.target else ""
        table = "" if one.kind is DependencyKind.NORMAL else f"{one.kind}-"
        where = Field(NAME, f"{head}{table}dependencies.{one.key}", one.line)
        yield Fact(FactKind.MANIFEST_DEPENDENCY, one.package, where, api=str(one.kind))
        if one.package != one.key:
            yield Fact(FactKind.MANIFEST_RENAME, f"{one.key} -> {one.package}", where)
        if one.key.replace("-", "_") in _SHADOWED:
            yield Fact(FactKind.MANIFEST_CONFIG, f"dependency named {one.key}", where)


def _odd_keys(package: _Package, lines: Lines) -> Iterator[Fact]:
    odd: list[tuple[str, ...]] = [(key,) for key in _ODD_KEYS if key in package.document]
    odd += [("package", "metabuild")] if "metabuild" in package.table else []
    for name, profile in _table(package.document.get("profile")).items():
        odd += [("profile", name, key) for key in _ODD_PROFILE_KEYS if key in _table(profile)]
    odd += [
        (*header, key, "artifact")
        for header, _, rows in _headers(package.document)
        for key, value in rows.items()
        if "artifact" in _table(value)
    ]
    for keys in odd:
        label = ".".join(keys)
        line = lines.get(keys, lines.get(keys[:-1], 0))
        yield Fact(FactKind.MANIFEST_CONFIG, label, Field(NAME, label, line))


# Values of any type ------------------------------------------------------------------------------


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}


def _text(value: object, default: str = "") -> str:
    return value if isinstance(value, str) else default


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
