from __future__ import annotations

import pytest

from analyzer.rules.lint import Complaint, lint_rule
from analyzer.rules.ruleset import RuleSet, load_ruleset
from analyzer.rules.schema import parse_rule
from analyzer.rules.template import new_rule_text
from analyzer.signatures import RuleText

SHIPPED = load_ruleset()
GOOD = """
id = "one"
title = "a title"
namespace = "own"
severity = "high"
confidence = "high"
scope = "function"
since = "0.1.0"
attack = ["T1041", "T1552.001"]
techniques = ["T47"]
why = "because"
benign = "nobody"

[[all]]
fact = "net.send"

[[match]]
name = "sends"
path = "src/lib.rs"
code = '''
pub fn f() { ureq::post("https://x.invalid/").call().ok(); }
'''

[[no-match]]
name = "does not"
path = "src/lib.rs"
code = '''
pub fn f() {}
'''
"""


def lint(text: str) -> tuple[Complaint, ...]:
    rule = parse_rule(RuleText("own/one.toml", text.encode()))
    return lint_rule(rule, RuleSet((rule,), SHIPPED.signatures))


def test_good_rule_has_no_complaint() -> None:
    assert lint(GOOD) == ()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('title = "a title"', 'title = ""', "title"),
        ('title = "a title"', 'title = "A title."', "full stop"),
        ('why = "because"', 'why = "TODO"', "why"),
        ('benign = "nobody"', 'benign = "  "', "benign"),
        ('since = "0.1.0"', 'since = "soon"', "since"),
        ('"T1041"', '"T41"', "T41"),
        ('"T1552.001"', '"T1552.1"', "T1552.1"),
        ('techniques = ["T47"]', 'techniques = ["T1041"]', "techniques"),
        ('techniques = ["T47"]', "techniques = []", "techniques"),
        ('attack = ["T1041", "T1552.001"]', "attack = []", "attack"),
        ('confidence = "high"', 'confidence = "low"\nverdict = "block"', "confidence high"),
        ('scope = "function"', 'scope = "function"\nphase = ["test"]\nverdict = "block"', "BLOCK"),
        ("[[all]]\n", "[[none]]\n", "hold everywhere"),
        ("[[no-match]]\n", "[[match]]\n", "no [[no-match]]"),
        ('name = "does not"', 'name = ""', "name"),
        ("x.invalid", "evil.com", "evil.com"),
        ("https://x.invalid/", "8.8.8.8:53", "8.8.8.8"),
        ("pub fn f() {}", "// TODO", "not written"),
    ],
)
def test_weak_rule_is_an_error_that_says_why(old: str, new: str, named: str) -> None:
    complaints = lint(GOOD.replace(old, new))

    assert any(one.is_error and named in one.message for one in complaints), complaints


def test_none_on_what_the_author_writes_is_an_error() -> None:
    complaints = lint(GOOD + '\n[[none]]\nfact = "env.read"\n')

    assert [one.is_error for one in complaints] == [True]


def test_none_on_registry_facts_is_fine() -> None:
    assert lint(GOOD + '\n[[none]]\nfact = "registry.owner"\n') == ()


def test_rule_across_crates_names_ends_joint_and_crates() -> None:
    complaints = lint(GOOD.replace('scope = "function"', 'scope = "graph"'))

    assert {one.is_error for one in complaints} == {True}
    told = " ".join(one.message for one in complaints)
    assert all(one in told for one in ("`source`", "`joint`", "`crates`"))


def test_joint_belongs_to_rules_across_crates() -> None:
    complaints = lint(f'joint = "file"\n{GOOD}')

    assert [one.message.partition(";")[0] for one in complaints] == [
        "`joint` and `crates` belong to scope `graph`"
    ]


def test_flow_rule_without_both_ends_is_an_error() -> None:
    complaints = lint(GOOD.replace('scope = "function"', 'scope = "flow"'))

    assert any("`source` and one `sink`" in one.message for one in complaints)


def test_unknown_fact_kind_in_a_sample_is_an_error() -> None:
    text = GOOD.replace('path = "src/lib.rs"\ncode', "observed = ['net.sent x']\ncode", 1)

    assert any("net.sent" in one.message for one in lint(text))


def test_filled_in_template_passes() -> None:
    text = new_rule_text("one", "own")
    honest = "pub fn f() {}"
    for line in text.split("\n"):
        if "TODO" in line:
            done = line.partition("TODO")[0].removesuffix("// ") + "done" + '"' * ('"' in line)
            text = text.replace(line, honest if line.startswith("//") else done, 1)

    assert [one.message for one in lint(text)] == []
