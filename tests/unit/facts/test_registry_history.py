"""Ages, rhythm and what a release takes up, from index lines alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from analyzer.facts.registry_history import facts
from analyzer.facts.view import CrateView
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import (
    Context,
    CrateRef,
    Dependency,
    DependencyKind,
    IndexEntry,
    Manifest,
    SourceFile,
    SourceTree,
)
from analyzer.registry.context import Contexts
from analyzer.registry.history import age_class
from analyzer.signatures import load_signatures
from analyzer.syntax.catalogue import Catalogue
from analyzer.syntax.code import CrateCode, Package

OLD, NEW = "2024-01-10T00:00:00Z", "2026-11-20T12:00:00Z"


def line(version: str, published: str = "", *needs: str, yanked: bool = False) -> IndexEntry:
    dependencies = tuple(Dependency(one, one, "^1") for one in needs)
    return IndexEntry("quokka", version, "", yanked, published, dependencies)


def told(
    entries: tuple[IndexEntry, ...],
    version: str,
    *,
    others: Mapping[str, tuple[IndexEntry, ...]] | None = None,
    source: bytes = b"",
    as_of: str = "2026-11-26",
) -> list[str]:
    """Facts as rules' samples write them, with their data."""
    ref = CrateRef("quokka", version)
    tree = SourceTree(ref, (SourceFile("src/lib.rs", source),))
    code = CrateCode({}, Package({}, {}, {}, {}), Catalogue(), limits=DEFAULT_LIMITS)
    view = CrateView(
        ref,
        tree,
        Manifest("quokka", version),
        code,
        {},
        load_signatures(),
        Contexts(None, as_of).of(ref, entries, others),
        DEFAULT_LIMITS,
    )
    return [
        f"{one.kind.value} {one.subject} ({one.api}) {' '.join(one.data)}" for one in facts(view)
    ]


def test_without_times_nothing_is_said() -> None:
    assert told((line("1.0.0"), line("1.1.0")), "1.1.0") == []
    assert told((), "1.1.0") == []


def test_ages_count_from_the_day_of_the_report() -> None:
    entries = (line("1.0.0", OLD), line("1.0.1", NEW))
    assert told(entries, "1.0.1")[:2] == [
        f"registry.age week (version) {NEW}",
        f"registry.age older (name) {OLD}",
    ]
    later = told(entries, "1.0.1", as_of="2027-11-01")
    assert later[0] == f"registry.age year (version) {NEW}"


def test_silence_lies_between_a_release_and_the_one_before_it_in_time() -> None:
    entries = (line("2.0.0", OLD), line("1.0.1", NEW), line("1.0.2", "2026-11-21T12:00:00Z"))
    assert "registry.age older (silence) 2.0.0" in told(entries, "1.0.1")
    assert "registry.age day (silence) 1.0.1" in told(entries, "1.0.2")
    assert not any("silence" in one for one in told(entries, "2.0.0"))


def test_a_first_version_of_nine_or_more_is_odd() -> None:
    assert "registry.age odd (first-version) 99.0.0" in told((line("99.0.0", NEW),), "99.0.0")
    old = (line("0.1.0", OLD), line("99.0.0", NEW))
    assert not any("first-version" in one for one in told(old, "99.0.0"))


def test_three_releases_within_an_hour_are_a_burst() -> None:
    times = ("2026-11-20T12:00:00Z", "2026-11-20T12:20:00Z", "2026-11-20T12:50:00Z")
    entries = tuple(line(f"0.1.{at}", one) for at, one in enumerate(times))
    assert "registry.age hour (burst) 0.1.0 0.1.1 0.1.2" in told(entries, "0.1.0")
    assert not any("burst" in one for one in told(entries[:2], "0.1.0"))


def test_a_yank_beside_a_release_is_told() -> None:
    entries = (
        line("0.1.0", "2026-11-20T12:30:00Z", yanked=True),
        line("0.1.1", NEW),
        line("0.0.9", OLD, yanked=True),
    )
    assert [one for one in told(entries, "0.1.1") if "yank" in one] == [
        "registry.yank beside () 0.1.0"
    ]


@pytest.mark.parametrize(
    ("source", "first", "said"),
    [
        (b"", "2026-11-20T11:30:00Z", "hour (new-dependency-unnamed)"),
        (b"use bilby_hop::x;", "2026-11-18T12:00:00Z", "week (new-dependency)"),
        (b"use bilby_hops::x;", OLD, "older (new-dependency-unnamed)"),
    ],
)
def test_what_a_release_takes_up_is_told_with_its_age_then(
    source: bytes, first: str, said: str
) -> None:
    entries = (line("0.1.0", OLD, "libc"), line("0.1.1", NEW, "libc", "bilby-hop"))
    others = {"bilby-hop": (line("0.2.0", NEW), line("0.1.0", first))}
    found = [one for one in told(entries, "0.1.1", others=others, source=source) if "new-" in one]
    assert found == [f"registry.age {said} bilby-hop {first}"]


def test_an_age_that_could_not_be_found_is_unknown() -> None:
    entries = (line("0.1.0", OLD), line("0.1.1", NEW, "bilby"))
    found = told(entries, "0.1.1", others={"bilby": ()})
    assert "registry.age unknown (new-dependency-unnamed) bilby unknown" in found


def test_dependencies_of_tests_and_of_other_registries_are_not_taken_up() -> None:
    aside = (
        Dependency("a", "a", kind=DependencyKind.DEV),
        Dependency("b", "b", registry="https://r.invalid"),
    )
    entries = (line("0.1.0", OLD), replace(line("0.1.1", NEW), dependencies=aside))
    others = dict.fromkeys("ab", (line("0.1.0", NEW),))
    assert not any("new-" in one for one in told(entries, "0.1.1", others=others))


@pytest.mark.parametrize(
    ("days", "name"),
    [(-3, "hour"), (0.04, "hour"), (0.05, "day"), (7, "week"), (7.1, "month"), (366, "older")],
)
def test_ages_have_classes(days: float, name: str) -> None:
    assert age_class(days) == name


def test_only_two_lines_of_a_context_carry_dependencies() -> None:
    entries = tuple(line(f"0.{at}.0", f"2026-01-{at + 1:02}T00:00:00Z", "libc") for at in range(9))
    context = Contexts(None, "2026-11-26").of(CrateRef("quokka", "0.5.0"), entries)
    assert [one.version for one in context.index_entries if one.dependencies] == ["0.4.0", "0.5.0"]
    assert Contexts(None, "2026-11-26").of(CrateRef("quokka", "0.5.0")) == Context()
