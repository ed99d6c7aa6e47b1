"""Cargo.toml as cargo reads it: targets, dependencies, and the odd keys that deserve a look.

Values of a wrong type never raise: cargo would refuse such a manifest, an attacker's may still be
read by something else, so what can be read is read and the rest is left out.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from analyzer.errors import TomlError
from analyzer.limits import Limits
from analyzer.model import (
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
from analyzer.toml import key_line, read_toml

NAME = "Cargo.toml"
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
_ODD_KEYS = ("cargo-features", "patch", "replace", "profile")
_TEXT_FIELDS = ("homepage", "documentation", "repository", "readme", "license", "license-file")

Table = Mapping[str, object]


def read_manifest(tree: SourceTree, *, limits: Limits) -> Manifest:
    """The crate's manifest. Unreadable: a blocking gap, and the targets cargo would find by name."""
    file = tree.file(NAME)
    paths = frozenset(one.path for one in tree.files)
    if file is None or len(file.data) > limits.manifest_size_bytes:
        return _unreadable(tree, paths, "Cargo.toml is missing or too large")
    try:
        document = read_toml(file.data, name=NAME)
    except TomlError as error:
        return _unreadable(tree, paths, str(error))
    text = file.data.decode("utf-8", "replace")
    package = _table(document.get("package") or document.get("project"))
    edition = _text(package.get("edition"), "2015" if package else "2021")
    name = _text(package.get("name"), tree.ref.name)
    targets = tuple(_targets(document, package, paths, name, edition))
    dependencies = tuple(_dependencies(document, text))
    facts = [*_target_facts(targets, text), *_dependency_facts(dependencies, text)]
    facts += _odd_keys(document, text)
    return Manifest(
        name=name,
        version=_text(package.get("version"), tree.ref.version),
        edition=edition,
        targets=targets,
        dependencies=dependencies,
        features=tuple(
            (key, _texts(value)) for key, value in _table(document.get("features")).items()
        ),
        links=_text(package.get("links")),
        description=_text(package.get("description")),
        categories=_texts(package.get("categories")),
        keywords=_texts(package.get("keywords")),
        fields=tuple((key, _text(package.get(key))) for key in _TEXT_FIELDS if package.get(key))
        + (("authors", ":".join(_texts(package.get("authors")))),),
        facts=tuple(facts),
    )


def _unreadable(tree: SourceTree, paths: frozenset[str], reason: str) -> Manifest:
    targets = [Target(TargetKind.BUILD_SCRIPT, "build-script-build", "build.rs")]
    targets += [Target(TargetKind.PROC_MACRO, tree.ref.name, "src/lib.rs")]
    targets += [Target(TargetKind.BINARY, tree.ref.name, "src/main.rs")]
    gap = Gap(GapKind.MANIFEST, reason, NAME, is_blocking=True)
    found = tuple(one for one in targets if one.path in paths)
    return Manifest(tree.ref.name, tree.ref.version, "2021", found, gaps=(gap,))


# Targets -----------------------------------------------------------------------------------------


def _targets(
    document: Table, package: Table, paths: frozenset[str], name: str, edition: str
) -> Iterator[Target]:
    yield from _build_scripts(package, paths)
    library = _library(_table(document.get("lib")), package, paths, name)
    if library is not None:
        yield library
    for key, kind, folder, switch in _GROUPS:
        named = [_table(one) for one in _list(document.get(key))]
        declared = [one for one in _declared(named, kind, folder, paths, name) if one is not None]
        yield from declared
        automatic = package.get(switch)
        is_on = automatic is not False and not (
            edition == "2015" and named and automatic is not True
        )
        known = {one.path for one in declared}
        if is_on:
            yield from (
                one for one in _discovered(kind, folder, paths, name) if one.path not in known
            )


def _build_scripts(package: Table, paths: frozenset[str]) -> Iterator[Target]:
    build = package.get("build")
    if build is None or build is True:
        scripts = ["build.rs"] if "build.rs" in paths or build is True else []
    elif build is False:
        scripts = []
    else:
        scripts = [build] if isinstance(build, str) else list(_texts(build))
    for number, one in enumerate(scripts):
        label = "build-script-build" if not number else f"build-script-{number}"
        yield Target(TargetKind.BUILD_SCRIPT, label, _normal(one))


def _library(lib: Table, package: Table, paths: frozenset[str], name: str) -> Target | None:
    path = _normal(_text(lib.get("path"))) if lib.get("path") else "src/lib.rs"
    if package.get("autolib") is False and not lib:
        return None
    if path not in paths and not lib:
        return None
    types = _texts(lib.get("crate-type")) or _texts(lib.get("crate_type"))
    is_macro = lib.get("proc-macro") is True or lib.get("proc_macro") is True
    kind = TargetKind.PROC_MACRO if is_macro or "proc-macro" in types else TargetKind.LIBRARY
    return Target(kind, _text(lib.get("name"), name.replace("-", "_")), path)


def _declared(
    tables: list[Table], kind: TargetKind, folder: str, paths: frozenset[str], package: str
) -> Iterator[Target | None]:
    for one in tables:
        name = _text(one.get("name"), package if kind is TargetKind.BINARY else "")
        guesses = [f"{folder}/{name}.rs", f"{folder}/{name}/main.rs"]
        if kind is TargetKind.BINARY:
            guesses += ["src/main.rs"] if name == package or len(tables) == 1 else []
        path = _normal(_text(one.get("path"))) if one.get("path") else ""
        path = path or next((guess for guess in guesses if guess in paths), "")
        features = _texts(one.get("required-features"))
        yield Target(kind, name, path, features) if path else None


def _discovered(
    kind: TargetKind, folder: str, paths: frozenset[str], package: str
) -> Iterator[Target]:
    if kind is TargetKind.BINARY and "src/main.rs" in paths:
        yield Target(kind, package, "src/main.rs")
    for path in sorted(paths):
        parts = path.removeprefix(folder + "/").split("/") if path.startswith(folder + "/") else []
        if len(parts) == 1 and path.endswith(".rs"):
            yield Target(kind, parts[0].removesuffix(".rs"), path)
        elif len(parts) == 2 and parts[1] == "main.rs":
            yield Target(kind, parts[0], path)


def _normal(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/"))


# Dependencies ------------------------------------------------------------------------------------


def _dependencies(document: Table, text: str) -> Iterator[Dependency]:
    for key, kind in _TABLES:
        yield from _of_table(_table(document.get(key)), kind, "", key, text)
    for condition, row in _table(document.get("target")).items():
        for key, kind in _TABLES:
            table = _table(_table(row).get(key))
            yield from _of_table(table, kind, condition, f"target.{condition}.{key}", text)


def _of_table(
    table: Table, kind: DependencyKind, target: str, header: str, text: str
) -> Iterator[Dependency]:
    for key, value in table.items():
        row = _table(value)
        yield Dependency(
            key=key,
            package=_text(row.get("package"), key),
            requirement=value if isinstance(value, str) else _text(row.get("version")),
            kind=kind,
            is_optional=row.get("optional") is True,
            target=target,
            registry=_text(row.get("registry")) or _text(row.get("registry-index")),
            git=_text(row.get("git")),
            path=_text(row.get("path")),
            features=_texts(row.get("features")),
            line=key_line(text, header, key),
        )


# Facts -------------------------------------------------------------------------------------------


def _target_facts(targets: tuple[Target, ...], text: str) -> Iterator[Fact]:
    scripts = [one for one in targets if one.kind is TargetKind.BUILD_SCRIPT]
    for one in scripts:
        where = Field(NAME, "package.build", key_line(text, "package", "build"))
        yield Fact(FactKind.MANIFEST_BUILD_SCRIPT, one.path, where)
    if len(scripts) > 1:
        where = Field(NAME, "package.build", key_line(text, "package", "build"))
        yield Fact(FactKind.MANIFEST_CONFIG, "several build scripts", where)
    for one in targets:
        if one.path.startswith(("../", "/")):
            where = Field(NAME, f"{one.kind}.path")
            yield Fact(FactKind.MANIFEST_CONFIG, f"target outside the package: {one.path}", where)


def _dependency_facts(dependencies: tuple[Dependency, ...], text: str) -> Iterator[Fact]:
    for one in dependencies:
        where = Field(NAME, f"{one.kind}-dependencies.{one.key}", one.line)
        yield Fact(FactKind.MANIFEST_DEPENDENCY, one.package, where, api=str(one.kind))
        if one.package != one.key:
            yield Fact(FactKind.MANIFEST_RENAME, f"{one.key} -> {one.package}", where)
        if one.key.replace("-", "_") in ("std", "core", "alloc"):
            yield Fact(FactKind.MANIFEST_CONFIG, f"dependency named {one.key}", where)


def _odd_keys(document: Table, text: str) -> Iterator[Fact]:
    for key in _ODD_KEYS[:3]:
        if key in document:
            where = Field(NAME, key, key_line(text, key, ""))
            yield Fact(FactKind.MANIFEST_CONFIG, key, where)
    if "metabuild" in _table(document.get("package")):
        where = Field(NAME, "package.metabuild", key_line(text, "package", "metabuild"))
        yield Fact(FactKind.MANIFEST_CONFIG, "metabuild", where)


# Values of any type ----------------------------------------------------------------------------------


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object, default: str = "") -> str:
    return value if isinstance(value, str) else default


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in _list(value) if isinstance(one, str))
