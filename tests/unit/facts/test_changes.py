"""What a step between two versions says about itself."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from dataclasses import replace

import pytest

from analyzer.facts.changes import days_between, step_between
from analyzer.model import (
    Context,
    CrateRef,
    CrateSource,
    Fact,
    FactKind,
    IndexEntry,
    Origin,
    Report,
)
from analyzer.pipeline import analyze
from analyzer.rules.ruleset import load_ruleset

RULESET = load_ruleset()
CONNECTS = 'fn main() { std::net::TcpStream::connect("192.0.2.7:443").ok(); }\n'


def source(files: Mapping[str, str], version: str = "0.3.9", name: str = "sample") -> CrateSource:
    rows = {"src/lib.rs": "", **files}
    rows["Cargo.toml"] = (
        f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n'
        + files.get("Cargo.toml", "")
    )
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, text in sorted(rows.items()):
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    data = buffer.getvalue()
    return CrateSource(CrateRef(name, version), str(hash(data)), data, Origin.FOLDER)


def report(files: Mapping[str, str], version: str = "0.3.9", name: str = "sample") -> Report:
    return analyze(source(files, version, name), ruleset=RULESET)


def step(
    files: Mapping[str, str], before: Report, version: str = "0.3.10", **context: object
) -> tuple[Fact, ...]:
    known = replace(Context(previous=before), **context)  # type: ignore[arg-type]  # by name
    facts = analyze(source(files, version), ruleset=RULESET, context=known).facts
    return tuple(one for one in facts if one.kind.startswith(("version.", "registry.dep")))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("0.3.9", "0.3.10", "patch"),
        ("0.3.9", "0.4.0", "minor"),
        ("1.9.9", "2.0.0", "major"),
        ("1.0.0", "1.0.0+build", "patch"),
        ("1.0.0-rc.1", "1.0.0", "patch"),
        ("1.0.0", "1.0.0", "same"),
        ("1.1.0", "1.0.9", "older"),
        ("1.0", "1.1.0", "unknown"),
    ],
)
def test_a_step_is_named_by_the_number_that_changed(old: str, new: str, said: str) -> None:
    assert step_between(old, new) == said


def test_without_a_version_before_nothing_is_said() -> None:
    facts = report({"build.rs": CONNECTS}).facts

    assert not [one for one in facts if one.kind.startswith(("version.", "registry.dep"))]


def test_powers_are_told_once_and_by_phase() -> None:
    found = step({"build.rs": CONNECTS, "src/lib.rs": ""}, report({"src/lib.rs": CONNECTS}))

    powers = {(one.subject, one.phases[0]) for one in found if one.kind == FactKind.VERSION_POWER}
    assert powers == {("network", "build-script"), ("build script", "build-script")}


def test_a_power_asleep_in_a_test_is_none_that_was_had() -> None:
    before = report({"tests/a.rs": CONNECTS})

    found = step({"src/lib.rs": CONNECTS.replace("main", "go")}, before)

    assert "network" in [one.subject for one in found]


DEPENDS = {"Cargo.toml": '[dependencies]\ncarrier-one = "1"\n'}
CARRIER = report({"build.rs": CONNECTS}, "1.0.0", "carrier-one")


def words(files: Mapping[str, str], **context: object) -> list[str]:
    found = step({**DEPENDS, **files}, report({}), "0.3.10", **context)
    return [one.api for one in found if one.kind is FactKind.REGISTRY_DEPENDENCY]


@pytest.mark.parametrize(
    "code",
    [
        "",
        "// carrier_one::go()\n",
        "use carrier_one as _;\n",
        "extern crate carrier_one;\n",
        "fn my_carrier_one_x() {}\n",
    ],
)
def test_a_dependency_that_nothing_uses_is_unnamed(code: str) -> None:
    assert words({"src/lib.rs": code}) == ["normal unnamed"]


@pytest.mark.parametrize(
    "code",
    ["fn f() { carrier_one::go() }\n", "use carrier_one::Go;\n", "#[carrier_one::x]\nfn f() {}\n"],
)
def test_a_dependency_that_is_used_is_named(code: str) -> None:
    assert words({"src/lib.rs": code}) == ["normal"]


def test_a_dependency_that_only_tests_use_is_unnamed() -> None:
    assert words({"tests/a.rs": "use carrier_one::Go;\n"}) == ["normal unnamed"]


def test_young_is_by_the_publication_of_this_version_not_by_the_clock() -> None:
    own = IndexEntry("sample", "0.3.10", "", published="2026-08-20T07:15:00Z")
    first = (("carrier-one", "2026-08-20T02:00:00Z"),)

    said = words({}, index_entries=(own,), first_published=first, as_of="2030-01-01")

    assert said == ["normal unnamed young"]
    assert words({}, first_published=(("carrier-one", "2015-01-01T00:00:00Z"),)) == [
        "normal unnamed"
    ]


def test_what_the_report_on_a_dependency_says_is_told() -> None:
    (said,) = words({}, dependencies=(CARRIER,))

    assert said == "normal unnamed build-time build-network review"


def test_a_dependency_under_another_name_is_the_same_edge() -> None:
    before = report({"Cargo.toml": '[dependencies]\nlibc = "0.2"\n'})
    renamed = {"Cargo.toml": '[dependencies]\nother = { package = "libc", version = "0.2" }\n'}

    assert not [one for one in step(renamed, before) if one.kind == "registry.dependency"]


def test_the_same_name_from_elsewhere_is_a_new_dependency() -> None:
    before = report({"Cargo.toml": '[dependencies]\nlibc = "0.2"\n'})
    moved = {"Cargo.toml": '[dependencies]\nlibc = { git = "https://git.invalid/libc" }\n'}

    assert "libc" in [one.subject for one in step(moved, before)]


def test_other_bytes_under_one_version_are_told_of_registries_and_archives_only() -> None:
    before, after = source({}), source({"src/lib.rs": "fn x() {}"})

    def said(origin: Origin) -> list[str]:
        old = analyze(replace(before, origin=origin), ruleset=RULESET)
        known = Context(previous=old)
        facts = analyze(replace(after, origin=origin), ruleset=RULESET, context=known).facts
        return [one.subject for one in facts if one.kind is FactKind.VERSION_BYTES]

    assert said(Origin.FOLDER) == []


def test_days_are_counted_only_between_known_times() -> None:
    assert days_between("2026-08-20T02:00:00Z", "2026-08-21") == 1
    assert days_between("", "2026-08-21") is None
