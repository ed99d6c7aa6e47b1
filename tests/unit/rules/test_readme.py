"""signatures/README.md names every key that a rule file may hold, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from analyzer.rules import schema
from analyzer.signatures import LIST_KINDS

README = (Path(__file__).parents[3] / "signatures" / "README.md").read_text(encoding="utf-8")


def keys_below(heading: str) -> set[str]:
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return {key for row in rows for key in re.findall(r"`([^`]+)`", row)}


def test_every_key_of_a_rule_is_explained() -> None:
    tables = {"all", "any", "none", "match", "no-match", "source", "sink"}

    assert keys_below("A rule") == schema.HEAD_KEYS | schema.CLAUSE_KEYS
    assert schema.HEAD_KEYS | tables == schema.RULE_KEYS


def test_every_key_of_a_sample_is_explained() -> None:
    assert keys_below("Samples") == schema.SAMPLE_KEYS


def test_every_kind_of_list_is_explained() -> None:
    assert all(f"`{kind}`" in README for kind in LIST_KINDS)
