"""docs/policy.md against the reader: every key is told, every example is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analyzer.policy import read, vet
from analyzer.policy.read import read_policy
from analyzer.policy.weigh import FINAL_RULES

TEXT = (Path(__file__).parents[2] / "docs/policy.md").read_text()
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_read(example: str) -> None:
    read_policy(example.encode(), name="docs/policy.md")


def test_every_key_stands_in_the_reference() -> None:
    text = "\n".join(EXAMPLES) + TEXT
    keys = [*read.POLICY_KEYS, *read.WAIVER_KEYS, *read.CHANGE_KEYS, *read.THRESHOLD_KEYS]
    keys += [*read.AGE_KEYS, *read.EXCEPTION_KEYS]
    missing = [one for one in keys if not re.search(rf"(?<![\w-]){one}(?![\w-])", text)]
    assert missing == []


def test_what_no_waiver_covers_is_told() -> None:
    assert all(f"`{one}`" in TEXT for one in FINAL_RULES)


def test_every_kind_of_record_of_cargo_vet_is_mapped() -> None:
    for one in ("audits", "trusted", "wildcard-audits", "exemptions"):
        assert f"`[[{one}]]`" in TEXT
        assert one in (*vet._AUDIT_FILE, *vet._CONFIG_FILE)
