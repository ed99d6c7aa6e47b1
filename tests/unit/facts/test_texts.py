"""Texts: URLs, addresses, secret paths, what encodings hide, hosts that imitate others."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from analyzer.facts.hosts import lookalike
from analyzer.model import Fact, FactKind
from analyzer.rules.ruleset import RuleSet

FactsOf = Callable[..., list[Fact]]
HOST = "https://evil.invalid/load"


def _urls(facts: list[Fact]) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.subject, one.derivation) for one in facts if one.kind is FactKind.VALUE_URL]


HIDDEN = [
    pytest.param(f'"{base64.b64encode(HOST.encode()).decode()}"', "base64", id="base64"),
    pytest.param(f'"{HOST.encode().hex()}"', "hex", id="hex"),
    pytest.param(f'"{HOST[::-1]}"', "reversed", id="reversed"),
    pytest.param(str(list(HOST.encode())), "byte list", id="numbers"),
    pytest.param(f"vec!{list(HOST.encode())}", "byte list", id="vec of numbers"),
]


@pytest.mark.parametrize(("code", "step"), HIDDEN)
def test_a_hidden_address_is_found_with_how(facts_of: FactsOf, code: str, step: str) -> None:
    found = _urls(facts_of(f"fn main() {{ let x = {code}; }}"))
    assert (HOST, True) in [(url, step in how) for url, how in found]


def test_a_plain_address_has_no_derivation(facts_of: FactsOf) -> None:
    assert (HOST, ()) in _urls(facts_of(f'fn main() {{ let x = "{HOST}"; }}'))


def test_comments_hold_no_values(facts_of: FactsOf) -> None:
    assert not _urls(facts_of(f'//! {HOST}\n/* "{HOST}" */ fn main() {{}}'))


@pytest.mark.parametrize(
    "text", ["1.2.3.4", "127.0.0.1", "255.255.255.0", "0.0.0.0:80", "300.1.1.1"]
)
def test_versions_and_local_addresses_are_no_addresses(facts_of: FactsOf, text: str) -> None:
    facts = facts_of(f'fn main() {{ let x = "{text}"; }}')
    assert not [one for one in facts if one.kind is FactKind.VALUE_ADDRESS]


def test_a_secret_path_named_is_a_fact(facts_of: FactsOf) -> None:
    facts = facts_of('fn main() { let x = "C:\\\\Users\\\\u\\\\.ssh\\\\id_ed25519"; }')
    assert [one.api for one in facts if one.kind is FactKind.PATH_SECRET] == ["ssh"]


@pytest.mark.parametrize("host", ["timeapis.io", "www.timeapi0.io", "githud.com"])
def test_a_host_one_edit_away_is_a_lookalike(ruleset: RuleSet, host: str) -> None:
    assert lookalike(host, ruleset.signatures).startswith("lookalike:")


@pytest.mark.parametrize("host", ["timeapi.io", "api.github.com", "example.org", "timeapi.example"])
def test_services_and_strangers_are_no_lookalikes(ruleset: RuleSet, host: str) -> None:
    assert not lookalike(host, ruleset.signatures)
