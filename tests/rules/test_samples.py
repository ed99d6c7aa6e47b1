"""Every shipped rule keeps its word: lint is clean, and each sample does what it promises."""

from __future__ import annotations

import pytest

from analyzer.cli.rules import found
from analyzer.model import Context, Report
from analyzer.pipeline import analyze
from analyzer.rules.lint import lint_rule
from analyzer.rules.ruleset import load_ruleset
from analyzer.rules.samples import run_samples, sample_source, source_before
from analyzer.rules.schema import Rule, Sample

RULESET = load_ruleset()


def judged(sample: Sample) -> Report:
    before = source_before(sample, RULESET)
    previous = analyze(before, ruleset=RULESET) if before is not None else None
    context = Context(previous=previous)
    return analyze(sample_source(sample, RULESET), ruleset=RULESET, context=context)


@pytest.mark.parametrize("rule", RULESET.rules, ids=lambda rule: rule.id)
def test_rule_fires_and_stays_quiet_as_its_samples_say(rule: Rule) -> None:
    complaints = [one for one in run_samples(rule, RULESET, found) if not one.is_ok]

    assert complaints == []


@pytest.mark.parametrize("rule", RULESET.rules, ids=lambda rule: rule.id)
def test_rule_passes_the_lint_without_a_warning(rule: Rule) -> None:
    assert lint_rule(rule, RULESET) == ()


@pytest.mark.parametrize(
    "rule", [one for one in RULESET.rules if one.is_blocking], ids=lambda rule: rule.id
)
def test_crate_of_a_blocking_sample_is_blocked_by_the_whole_set(rule: Rule) -> None:
    verdicts = {
        sample.name: judged(sample).verdict
        for sample in rule.samples
        if sample.is_match and sample.files
    }

    assert set(verdicts.values()) <= {"BLOCK"}


def test_no_crate_of_a_no_match_is_blocked_by_another_rule() -> None:
    """A look-alike that one rule spares must not fall to its neighbour, or the sample is no proof."""
    blocked = {
        (rule.id, sample.name)
        for rule in RULESET.rules
        for sample in rule.samples
        if not sample.is_match and sample.files
        if judged(sample).verdict == "BLOCK"
    }

    assert blocked == set()


def test_every_indicator_list_is_used_by_a_rule_or_by_the_engine() -> None:
    engine = {
        "analysis-marks",
        "autorun-files",
        "build-programs",
        "ci-variables",
        "credential-paths",
        "git-settings",
        "host-files",
        "host-variables",
        "known-services",
        "narrow-purposes",
        "own-services",
        "plain-variables",
        "popular-crates",
        "secret-parameters",
        "secret-suffixes",
        "telling-texts",
        "time-services",
        "watching-files",
        "watching-variables",
    }
    named = {
        name
        for rule in RULESET.rules
        for clause in (*rule.all, *rule.any, *rule.none, *rule.flow)
        for name in (*clause.subject_in, *clause.subject_not_in, *clause.data_in)
    }

    assert set(RULESET.signatures.indicators) - engine - named == set()
