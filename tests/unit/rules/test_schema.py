from __future__ import annotations

import pytest

from analyzer.errors import SignatureError
from analyzer.model import FactKind, Phase
from analyzer.rules.schema import Rule, Scope, parse_rule
from analyzer.signatures import RuleText

HEAD = """
id = "one"
title = "a title"
namespace = "some/where"
severity = "high"
confidence = "low"
scope = "function"
since = "0.1.0"
attack = ["T1041"]
techniques = ["T47"]
why = "because"
benign = "nobody"
"""
CLAUSE = '[[all]]\nfact = "file.read"\n'


def parse(text: str, path: str = "some/where/one.toml") -> Rule:
    return parse_rule(RuleText(path, text.encode()))


def test_rule_is_read_as_written() -> None:
    rule = parse(
        HEAD
        + 'phase = ["build-script"]\nverdict = "block"\n'
        + CLAUSE
        + 'subject-in = "credential-paths"\nmin = 2\n[[any]]\nfact = ["net.send", "net.connect"]\n'
    )

    assert (rule.id, rule.scope, rule.phases) == ("one", Scope.FUNCTION, (Phase.BUILD_SCRIPT,))
    assert rule.is_blocking
    assert rule.all[0].subject_in == ("credential-paths",)
    assert rule.all[0].minimum == 2
    assert rule.any[0].facts == (FactKind.NET_SEND, FactKind.NET_CONNECT)


def test_first_line_of_sample_code_is_line_one() -> None:
    rule = parse(HEAD + CLAUSE + "[[match]]\nname = 'x'\ncode = '''\nfn main() {}\n'''\n")

    assert rule.samples[0].files == (("build.rs", "fn main() {}\n"),)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (HEAD + CLAUSE + 'subjekt = "x"\n', "subjekt"),
        (HEAD + CLAUSE + "subject = 3\n", "subject"),
        (HEAD + CLAUSE + "decoded = 1\n", "decoded"),
        (HEAD + CLAUSE + "min = true\n", "min"),
        (HEAD + CLAUSE + "min = 0\n", "min"),
        (HEAD + '[[all]]\nfact = "file.reed"\n', "file.reed"),
        (HEAD + "[[all]]\nsubject = 'x'\n", "fact"),
        (HEAD + "[all]\nfact = 'file.read'\n", "all"),
        (HEAD + 'phase = "lunch"\n' + CLAUSE, "lunch"),
        (HEAD + 'verdict = "clear"\n' + CLAUSE, "verdict"),
        (HEAD.replace('"high"', '"huge"') + CLAUSE, "huge"),
        (HEAD.replace('"function"', '"galaxy"') + CLAUSE, "galaxy"),
        (HEAD.replace('id = "one"', 'id = "two"') + CLAUSE, "id"),
        (HEAD.replace("some/where", "else/where") + CLAUSE, "namespace"),
        (HEAD.replace('why = "because"', "") + CLAUSE, "why"),
        (HEAD.replace('techniques = ["T47"]', "") + CLAUSE, "techniques"),
        (HEAD + CLAUSE + 'subject-matches = "(a"\n', "subject-matches"),
        (HEAD + CLAUSE + r"subject-matches = '(a)\1'" + "\n", "subject-matches"),
        (HEAD + CLAUSE + "subject-matches = '(?=a)'\n", "subject-matches"),
        (HEAD + CLAUSE + "[[match]]\nname = 'x'\ncod = ''\n", "cod"),
        (HEAD + CLAUSE + "[[match]]\nname = 'x'\npath = 'a.rs'\n", "path"),
        (HEAD + CLAUSE + "[[match]]\nname = 'x'\nfiles = { a = 1 }\n", "files"),
        (HEAD + CLAUSE + "[[match]]\nname = 'x'\nlines = ['1']\n", "lines"),
        (HEAD + "source = 3\n", "source"),
        ("id = [\n", "one.toml"),
    ],
)
def test_fault_in_a_rule_file_is_an_error_that_names_file_and_key(text: str, named: str) -> None:
    with pytest.raises(SignatureError) as error:
        parse(text)

    assert "one.toml" in str(error.value)
    assert named in str(error.value)


def test_flow_rule_is_read_with_both_ends() -> None:
    text = HEAD.replace('"function"', '"flow"')
    rule = parse(text + 'sink = { fact = "net.send" }\nsource = { fact = "env.read-all" }\n')

    assert [one.facts[0] for one in rule.flow] == [FactKind.ENV_READ_ALL, FactKind.NET_SEND]
