"""Owners and publishers as facts: what changed hands, and what says nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.facts.registry_people import facts
from analyzer.facts.view import CrateView
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import (
    Context,
    CrateRef,
    IndexEntry,
    Manifest,
    NameRecord,
    Owner,
    Publication,
    SourceTree,
)
from analyzer.signatures import load_signatures
from analyzer.syntax.catalogue import Catalogue
from analyzer.syntax.code import CrateCode, Package

ANN = Owner("ann", "user", "2024-01-10 00:00:00.1", 5)
RECORD = NameRecord("quokka", "dump", 4711, -1, "2024-01-10 00:00:00.1", owners=(ANN,))
LINE = IndexEntry("quokka", "0.4.0", "", published="2026-11-20T12:00:00Z")


def told(record: NameRecord | None) -> list[str]:
    ref = CrateRef("quokka", "0.4.0")
    view = CrateView(
        ref,
        SourceTree(ref, ()),
        Manifest("quokka", "0.4.0"),
        CrateCode({}, Package({}, {}, {}, {}), Catalogue(), limits=DEFAULT_LIMITS),
        {},
        load_signatures(),
        Context("2026-11-26", (LINE,), record=record),
        DEFAULT_LIMITS,
    )
    return [f"{one.subject} {one.api} {' '.join(one.data)}".strip() for one in facts(view)]


def published(*people: str, trusted: tuple[str, ...] = ()) -> NameRecord:
    rows = tuple(
        Publication(f"0.{at}.0", one, one in trusted)
        for at, one in enumerate(people, 5 - len(people))
    )
    return replace(RECORD, publications=rows)


def test_nothing_is_said_unless_asked_and_unknown_if_not_told() -> None:
    assert told(None) == []
    assert told(NameRecord("quokka", "web API: out of reach")) == ["unknown not-told"]


@pytest.mark.parametrize(
    ("count", "subject"),
    [(0, "under 100"), (4711, "under 10000"), (1_000_000, "from 1000000")],
)
def test_downloads_have_classes(count: int, subject: str) -> None:
    assert told(replace(RECORD, downloads=count))[0] == f"{subject} all {count}"


def test_a_single_owner_is_told_and_whether_it_is_their_only_crate() -> None:
    assert told(RECORD)[1:] == ["ann user 2024-01-10 00:00:00.1", "ann single"]
    newcomer = replace(RECORD, owners=(replace(ANN, crates=1),))
    assert told(newcomer)[-1] == "ann single-newcomer"


def test_an_owner_of_the_weeks_before_the_release_is_new() -> None:
    bob = Owner("bob", "user", "2026-11-18 00:00:00.1", 1)
    assert "bob new-owner week" in told(replace(RECORD, owners=(ANN, bob)))
    early = replace(bob, since="2026-01-01 00:00:00")
    late = replace(bob, since="2026-11-21 00:00:00")
    assert not any("new-owner" in one for one in told(replace(RECORD, owners=(ANN, early, late))))
    born = replace(RECORD, created=bob.since, owners=(bob,))
    assert not any("new-owner" in one for one in told(born))


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ("ann ann ann bob", "bob publisher-changed ann"),
        ("ann bob ann bob", ""),
        ("bob ann ann ann bob", ""),
        ("ann ann bob", ""),
    ],
)
def test_another_publisher_than_always_is_a_change(people: str, said: str) -> None:
    found = [one for one in told(published(*people.split())) if "changed" in one]
    assert found == ([said] if said else [])


def test_a_workflow_is_trusted_and_leaving_it_is_told() -> None:
    kept = published("ann", "hops/q", "hops/q", trusted=("hops/q",))
    assert "hops/q trusted-publishing" in told(kept)
    left = published("hops/q", "ann", trusted=("hops/q",))
    assert "ann trusted-publishing-left hops/q" in told(left)


def test_a_publisher_who_owns_nothing_is_told() -> None:
    assert "eve publisher-no-owner" in told(published("eve"))
    assert not any("no-owner" in one for one in told(published("ann")))
