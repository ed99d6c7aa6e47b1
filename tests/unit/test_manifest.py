from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.limits import DEFAULT_LIMITS, Limits
from analyzer.manifest import read_manifest
from analyzer.model import (
    CrateRef,
    DependencyKind,
    Fact,
    FactKind,
    Field,
    Manifest,
    SourceFile,
    SourceTree,
    TargetKind,
)
from analyzer.toml import read_toml

TABLE = Path(__file__).parent / "manifest/cases.toml"
CASES: list[dict[str, object]] = read_toml(TABLE.read_bytes(), name="cases")["case"]  # type: ignore[assignment]  # our own file
HEAD = '[package]\nname = "my-crate"\nversion = "1.2.3"\nedition = "2021"\n'


def read(text: str | bytes, files: str = "src/lib.rs", limits: Limits = DEFAULT_LIMITS) -> Manifest:
    data = text.encode() if isinstance(text, str) else text
    listed = [SourceFile(one, b"") for one in sorted(files.split())]
    tree = SourceTree(CrateRef("my-crate", "1.2.3"), (SourceFile("Cargo.toml", data), *listed))
    return read_manifest(tree, limits=limits)


def odd(manifest: Manifest) -> list[tuple[str, int]]:
    """Subject and line of what is said to be odd."""
    found = []
    for one in manifest.facts:
        if one.kind is FactKind.MANIFEST_CONFIG:
            assert isinstance(one.where, Field)
            found.append((one.subject, one.where.line))
    return found


def targets(manifest: Manifest) -> list[str]:
    return sorted(f"{one.kind} {one.name} {one.path}" for one in manifest.targets)


def dependencies(manifest: Manifest) -> list[str]:
    return sorted(
        f"{one.kind} {one.key} {one.package}"
        + (" optional" if one.is_optional else "")
        + (f" {one.target}" if one.target else "")
        for one in manifest.dependencies
    )


@pytest.mark.parametrize("case", CASES, ids=lambda one: one["name"])
def test_manifest_is_read_as_cargo_reads_it(case: dict[str, object]) -> None:
    manifest = read(str(case["manifest"]), str(case["files"]))

    assert manifest.edition == case["edition"]
    assert targets(manifest) == case.get("targets", [])
    assert dependencies(manifest) == case.get("dependencies", [])


def test_table_holds_the_promised_number_of_cases() -> None:
    assert len(CASES) >= 60
    assert len({str(one["name"]) for one in CASES}) == len(CASES)


# Values ------------------------------------------------------------------------------------------


def test_texts_of_the_package_are_kept() -> None:
    manifest = read(
        HEAD
        + 'description = "words"\ncategories = ["a", 7]\nkeywords = ["k"]\nlinks = "z"\n'
        + 'repository = "https://git.invalid/x"\nreadme = false\nauthors = ["one", "two"]\n'
        + '[features]\ndefault = ["x"]\nx = []\n'
    )

    assert (manifest.name, manifest.version, manifest.links) == ("my-crate", "1.2.3", "z")
    assert (manifest.description, manifest.categories) == ("words", ("a",))
    assert manifest.fields == (("repository", "https://git.invalid/x"), ("authors", "one:two"))
    assert manifest.features == (("default", ("x",)), ("x", ()))


def test_dependency_keeps_where_it_comes_from() -> None:
    manifest = read(
        HEAD
        + "[dependencies]\n"
        + 'a = { git = "https://git.invalid/a", features = ["f"] }\n'
        + 'b = { path = "../b", version = "1" }\n'
        + 'c = { registry = "own", version = "2" }\n'
        + 'd = "3"\n'
    )

    by_key = {one.key: one for one in manifest.dependencies}
    assert (by_key["a"].git, by_key["a"].features) == ("https://git.invalid/a", ("f",))
    assert (by_key["b"].path, by_key["b"].requirement) == ("../b", "1")
    assert by_key["c"].registry == "own"
    assert [(one.key, one.line) for one in manifest.dependencies] == [
        *(("a", 6), ("b", 7), ("c", 8), ("d", 9))
    ]


def test_inherited_dependency_is_unknown_but_named() -> None:
    (found,) = read(HEAD + "[dependencies]\na.workspace = true\n").dependencies
    assert (found.package, found.requirement) == ("a", "unknown")


def test_inherited_dependency_of_the_same_file_is_resolved() -> None:
    (found,) = read(
        HEAD
        + '[workspace.dependencies]\nweb = { package = "ureq", version = "2", features = ["x"] }\n'
        + '[build-dependencies]\nweb = { workspace = true, features = ["y"] }\n'
    ).dependencies
    assert (found.package, found.kind, found.features) == ("ureq", DependencyKind.BUILD, ("x", "y"))


def test_edition_inherited_from_elsewhere_is_not_2015() -> None:
    text = HEAD.replace('edition = "2021"', "edition.workspace = true")
    assert read(text).edition == "2021"


def test_required_features_are_kept() -> None:
    text = HEAD + '[[bin]]\nname = "x"\npath = "x.rs"\nrequired-features = ["cli"]\n'
    found = [one for one in read(text, "x.rs").targets if one.kind is TargetKind.BINARY]
    assert [one.required_features for one in found] == [("cli",)]


def test_backslashes_separate_unless_a_file_is_named_so() -> None:
    text = HEAD + "build = 'tools\\gen.rs'\n"
    assert read(text, "tools/gen.rs").targets[0].path == "tools/gen.rs"
    assert read(text, "tools\\gen.rs").targets[0].path == "tools\\gen.rs"


@pytest.mark.parametrize(
    "text",
    [
        "package = 7",
        "package = []",
        "lib = 7\nbin = 7\ntest = 'x'\nexample = [7, 'x', []]\n" + HEAD,
        "dependencies = 7\nbuild-dependencies = ['a']\ntarget = []\nfeatures = 7\n" + HEAD,
        "dependencies = { a = 7, b = [], c = { package = 1, version = [], path = {} } }\n" + HEAD,
        "profile = 7\npatch = 7\nworkspace = 7\n" + HEAD,
        "target = { x = 7, y = { dependencies = 7 } }\n" + HEAD,
        HEAD + "build = 7\n",
        HEAD + "build = [7, {}]\nlinks = []\nkeywords = 'x'\nauthors = { a = 1 }\n",
        "[package]\nname = 7\nversion = []\nedition = 2021\nautobins = 'no'\n",
        HEAD + "[lib]\npath = 7\nname = []\nproc-macro = 'yes'\ncrate-type = 'proc-macro'\n",
        HEAD + "[[bin]]\nname = 7\npath = {}\nrequired-features = 7\n",
        "workspace.package = 7\n" + HEAD.replace('"2021"', "{ workspace = true }"),
    ],
)
def test_values_of_a_wrong_type_never_raise(text: str) -> None:
    manifest = read(text, "src/lib.rs src/main.rs build.rs")
    assert any(one.path == "src/lib.rs" for one in manifest.targets)


# Unreadable --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"[package",
        b"\xff\xfe",
        b"a = " + b"[" * 100_000,
        b"[workspace]\n",
        b"",
        HEAD.encode() + b"#" * 200_000,
    ],
    ids=["half", "not-utf8", "nested", "no-package", "empty", "too-large"],
)
def test_unreadable_manifest_is_a_blocking_gap_with_the_targets_cargo_would_find(
    data: bytes,
) -> None:
    limits = Limits(manifest_size_bytes=150_000)
    manifest = read(data, "src/lib.rs src/main.rs build.rs", limits)

    assert [one.is_blocking for one in manifest.gaps] == [True]
    assert targets(manifest) == [
        "bin my-crate src/main.rs",
        "build-script build-script-build build.rs",
        "proc-macro my_crate src/lib.rs",
    ]
    assert [one.subject for one in manifest.facts] == ["build.rs"]


def test_targets_beyond_the_limit_are_a_blocking_gap() -> None:
    manifest = read(HEAD, "tests/a.rs tests/b.rs tests/c.rs", Limits(module_count=2))
    assert [one.path for one in manifest.targets] == ["tests/a.rs", "tests/b.rs"]
    assert [one.is_blocking for one in manifest.gaps] == [True]


def test_missing_manifest_is_a_blocking_gap() -> None:
    manifest = read_manifest(SourceTree(CrateRef("a", "1.0.0"), ()), limits=DEFAULT_LIMITS)
    assert [one.is_blocking for one in manifest.gaps] == [True]
    assert manifest.targets == ()


# Facts -------------------------------------------------------------------------------------------


def test_each_dependency_is_a_fact_with_its_kind_and_line() -> None:
    manifest = read(
        HEAD
        + '[build-dependencies]\nhttp = { package = "ureq", version = "2" }\n'
        + "[target.'cfg(unix)'.dev-dependencies]\nb = '1'\n"
    )

    unix = Field("Cargo.toml", "target.cfg(unix).dev-dependencies.b", 8)
    http = Field("Cargo.toml", "build-dependencies.http", 6)
    assert manifest.facts == (
        Fact(FactKind.MANIFEST_DEPENDENCY, "ureq", http, api="build"),
        Fact(FactKind.MANIFEST_RENAME, "http -> ureq", http),
        Fact(FactKind.MANIFEST_DEPENDENCY, "b", unix, api="dev"),
    )


def test_build_script_is_a_fact_with_the_line_that_names_it() -> None:
    (found,) = read(HEAD + 'build = "x.rs"\n', "x.rs").facts
    assert (found.kind, found.subject) == (FactKind.MANIFEST_BUILD_SCRIPT, "x.rs")
    assert found.where == Field("Cargo.toml", "package.build", 5)


@pytest.mark.parametrize(
    ("text", "subject", "line"),
    [
        ('cargo-features = ["x"]\n' + HEAD, "cargo-features", 1),
        (HEAD + '[patch.crates-io]\nlog = { path = "log" }\n', "patch", 5),
        (HEAD + '[replace]\n"log:0.4.0" = { path = "log" }\n', "replace", 5),
        ('build = "build.rs"\n' + HEAD, "build", 1),
        (HEAD + '[build]\nrustc-wrapper = "./w"\n', "build", 5),
        (HEAD + 'metabuild = "gen"\n', "package.metabuild", 5),
        (HEAD + '[profile.dev]\nrustc-wrapper = "./w"\n', "profile.dev.rustc-wrapper", 6),
        (HEAD + '[profile.dev]\nrustflags = ["-C"]\n', "profile.dev.rustflags", 6),
        (HEAD + 'build = ["a.rs", "b.rs"]\n', "several build scripts", 5),
        (HEAD + 'build = "../b.rs"\n', "target outside the package: ../b.rs", 5),
        (HEAD + '[lib]\npath = "/tmp/x.rs"\n', "target outside the package: /tmp/x.rs", 5),
        (HEAD + '[lib]\nname = "core"\n', "lib named core", 5),
        (
            HEAD + '[dependencies]\nstd = { package = "x", version = "1" }\n',
            "dependency named std",
            6,
        ),
        (HEAD + "build = 7\n", "build is neither a path nor a list of paths", 5),
        (
            HEAD + '[dependencies.a]\nversion = "1"\nartifact = "bin"\n',
            "dependencies.a.artifact",
            7,
        ),
    ],
)
def test_odd_key_is_a_fact_at_its_line(text: str, subject: str, line: int) -> None:
    assert odd(read(text)) == [(subject, line)]


def test_ordinary_manifest_has_nothing_odd() -> None:
    text = HEAD + 'build = "build.rs"\n[profile.release]\nlto = true\n[lints.rust]\nx = "warn"\n'
    assert odd(read(text, "src/lib.rs build.rs tests/test.rs")) == []


def test_line_is_found_behind_quoted_headers() -> None:
    text = HEAD + '[target."cfg(target_os=\\"redox\\")".dependencies.a]\nversion = "1"\n'
    (found,) = read(text).dependencies
    assert (found.target, found.line) == ('cfg(target_os="redox")', 5)
