from __future__ import annotations

import pytest

from analyzer.model import FactKind, Phase
from analyzer.rules.describe import clause_text, describe
from analyzer.rules.ruleset import load_ruleset
from analyzer.rules.schema import Clause, Rule

SHIPPED = load_ruleset()


@pytest.mark.parametrize("rule", SHIPPED.rules, ids=lambda one: one.id)
def test_description_tells_why_what_is_benign_and_every_sample(rule: Rule) -> None:
    text = describe(rule)

    flat = " ".join(text.split())
    assert " ".join(rule.why.split()) in flat
    assert " ".join(rule.benign.split()) in flat
    assert all(one.name in text for one in rule.samples)
    assert all(line.rstrip() == line for line in text.split("\n"))


def test_clause_is_put_into_words() -> None:
    clause = Clause(
        (FactKind.FILE_READ, FactKind.FILE_WALK),
        subject_in=("credential-paths",),
        api_not=("program:*",),
        guards=(FactKind.GUARD_CI,),
        phases=(Phase.LIBRARY,),
        decoded=True,
        minimum=3,
    )

    assert clause_text(clause) == (
        "file.read or file.walk, at least 3 times, in list credential-paths, not by program:*,"
        " under a condition of kind guard.ci, in phase library, decoded or put together"
    )
