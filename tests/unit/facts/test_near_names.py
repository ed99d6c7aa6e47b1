from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import pytest

from analyzer.facts.near_names import near_name
from analyzer.signatures import Signatures, default_folder, load_signatures

CRATES = Path(__file__).parents[2] / "data/benign-crates.csv"


@pytest.fixture(scope="module")
def signatures() -> Signatures:
    return load_signatures()


@pytest.mark.parametrize(
    ("name", "popular", "how"),
    [
        ("rustdecimal", "rust-decimal", "separator"),
        ("lazy_s_tatic", "lazy-static", "separator"),
        ("if-cfg", "cfg-if", "order"),
        ("util_tokio", "tokio-util", "order"),
        ("tracings", "tracing", "plural"),
        ("polymarket-clients-sdk", "polymarket-client-sdk", "plural"),
        ("thiserrors", "thiserror", "plural"),
        ("to1ki0", None, ""),
        ("t0kio", "tokio", "homoglyph"),
        ("f1ate2", "flate2", "homoglyph"),
        ("rayon-rs", "rayon", "affix"),
        ("win-tokio", "tokio", "affix"),
        ("finch-rst", "finch", "affix"),
        ("serde-json2", "serde-json", "affix"),
        ("proc-macro1", "proc-macro2", "edit"),
        ("serd", "serde", "edit"),
        ("rewqest", "reqwest", "edit"),
        ("reqwwest", "reqwest", "edit"),
        ("reqeest", "reqwest", "edit"),
        ("esrde", "serde", "edit"),
        ("crossbeam-chanel", "crossbeam-channel", "edit"),
    ],
)
def test_shapes_of_imitation_are_told(
    signatures: Signatures, name: str, popular: str | None, how: str
) -> None:
    assert near_name(name, signatures) == ((popular, how) if popular else None)


@pytest.mark.parametrize(
    "name",
    [
        *("serde", "Serde_JSON", "tokio-util", "if", "x", "", "quokka-ledger", "rustls-pki"),
        *("base62", "pkcs5", "json", "tokio-tungstenite-wasm", "serde-hjson-lite", "zerde"),
    ],
)
def test_names_of_their_own_are_quiet(signatures: Signatures, name: str) -> None:
    assert near_name(name, signatures) is None


def test_no_much_used_crate_is_said_to_imitate_another(signatures: Signatures) -> None:
    with CRATES.open() as file:
        names = [row["name"] for row in csv.DictReader(file)]
    assert len(names) > 1000
    names += [one.value for one in signatures.indicators["popular-crates"].entries]
    assert {one: near_name(one, signatures) for one in names if near_name(one, signatures)} == {}


def test_imitations_on_record_are_recognised(signatures: Signatures) -> None:
    """Of the known-bad names those that are one step from the name they imitate, and listed."""
    text = (default_folder() / "known-malicious-crates.toml").read_text()
    names = [one["name"] for one in tomllib.loads(text)["crate"]]
    found = [one for one in names if near_name(one, signatures)]
    assert len(found) >= 28


def test_without_a_list_nothing_is_near(signatures: Signatures) -> None:
    empty = Signatures({}, {}, {}, {}, {}, (), "")
    assert near_name("serd", empty) is None
