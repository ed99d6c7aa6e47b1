from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from analyzer.facts.registry import facts
from analyzer.facts.view import CrateView
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import (
    Advisory,
    Context,
    CrateRef,
    Dependency,
    Fact,
    FactKind,
    Field,
    IndexEntry,
    Manifest,
    SourceTree,
)
from analyzer.signatures import Signatures, load_signatures
from analyzer.syntax.catalogue import Catalogue
from analyzer.syntax.code import CrateCode, Package

Ask = Callable[..., list[Fact]]


@pytest.fixture(scope="module")
def signatures() -> Signatures:
    return load_signatures()


@pytest.fixture
def ask(signatures: Signatures) -> Ask:
    """The registry facts of a crate by name, version and context, whatever it holds."""
    code = CrateCode({}, Package({}, {}, {}, {}), Catalogue(), limits=DEFAULT_LIMITS)

    def run(name: str, version: str = "1.0.0", **fields: object) -> list[Fact]:
        ref = CrateRef(name, version)
        view = CrateView(
            ref,
            SourceTree(ref, ()),
            Manifest(name, version),
            code,
            {},
            signatures,
            Context(),
            DEFAULT_LIMITS,
        )
        return list(facts(replace(view, **fields)))  # type: ignore[arg-type]  # fields of the view

    return run


def told(found: list[Fact]) -> list[tuple[str, str, str]]:
    return [(one.kind.value, one.subject, one.api) for one in found]


def test_known_bad_name_is_a_fact_with_kind_and_ids(ask: Ask) -> None:
    (found,) = ask("RustDecimal", "1.23.1")
    assert told([found]) == [("registry.known-bad", "rustdecimal@1.23.1", "malware")]
    assert "RUSTSEC-2022-0042" in found.data


@pytest.mark.parametrize(("version", "count"), [("0.3.9", 0), ("0.3.10", 1)])
def test_hijacked_crate_is_bad_in_exact_versions_only(ask: Ask, version: str, count: int) -> None:
    kinds = [one.kind for one in ask("arrayref", version)]
    assert kinds == [FactKind.REGISTRY_KNOWN_BAD] * count


def test_near_name_is_a_fact_with_how(ask: Ask) -> None:
    assert told(ask("rewqst-rs")) == []
    assert told(ask("reqwst")) == [("registry.near-name", "reqwest", "edit")]


def test_yank_is_a_fact_of_its_own_version(ask: Ask) -> None:
    entries = (IndexEntry("x1y", "1.0.0", "", is_yanked=True), IndexEntry("x1y", "2.0.0", ""))
    context = Context(index_entries=entries)
    assert told(ask("quokka-ledger", "1.0.0", context=context)) == [("registry.yank", "yanked", "")]
    assert told(ask("quokka-ledger", "2.0.0", context=context)) == []


def test_advisories_tell_malice_from_weakness(ask: Ask) -> None:
    listed = (
        Advisory("MAL-0000-1", "quokka-ledger", "steals", is_malicious=True),
        Advisory("RUSTSEC-0000-0001", "quokka-ledger", "overflows"),
    )
    assert told(ask("quokka-ledger", context=Context(advisories=listed))) == [
        ("registry.advisory", "MAL-0000-1", "malicious"),
        ("registry.advisory", "RUSTSEC-0000-0001", "vulnerability"),
    ]


@pytest.mark.parametrize(
    ("name", "witnesses", "api"),
    [
        ("quokka-ledger", ("MAL-0000-1",), "malicious"),
        ("serde", ("MAL-0000-1",), "malicious-alone"),
        ("serde", ("MAL-0000-1", "MAL-0000-2"), "malicious-alone"),
        ("serde", ("RUSTSEC-0000-1", "MAL-0000-1"), "malicious"),
    ],
)
def test_malice_of_a_much_used_name_needs_a_second_witness(
    ask: Ask, name: str, witnesses: tuple[str, ...], api: str
) -> None:
    one = Advisory("X-1", name, "steals", is_malicious=True, kind="malicious", witnesses=witnesses)
    assert told(ask(name, context=Context(advisories=(one,)))) == [
        ("registry.advisory", "X-1", api)
    ]


def test_malice_of_a_version_that_is_on_record_needs_no_other_witness(ask: Ask) -> None:
    one = Advisory("X-1", "arrayref", "steals", is_malicious=True, witnesses=("X-1",))
    _, found = ask("arrayref", "0.3.10", context=Context(advisories=(one,)))
    assert found.api == "malicious"


@pytest.mark.parametrize(
    ("package", "requirement", "subject"),
    [
        ("rustdecimal", "1", "rustdecimal@*"),
        ("arrayref", "0.3", ""),
        ("arrayref", "=0.3.10", "arrayref@0.3.10"),
        ("arrayref", "=0.3.9", ""),
        ("safe-agent-rs", "1", ""),
        ("serde", "1", ""),
    ],
)
def test_dependency_on_record_is_a_fact_at_its_line(
    ask: Ask, package: str, requirement: str, subject: str
) -> None:
    one = Dependency("key", package, requirement, line=7)
    manifest = Manifest("quokka-ledger", "1.0.0", dependencies=(one,))
    found = ask("quokka-ledger", manifest=manifest)
    assert [one.subject for one in found] == [subject] * bool(subject)
    assert all(one.where == Field("Cargo.toml", "dependencies.key", 7) for one in found)
