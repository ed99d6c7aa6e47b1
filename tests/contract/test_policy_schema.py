"""The schema of the policy file against the reader: the same keys, words and examples."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomli

import analyzer.report
from analyzer.errors import TomlError
from analyzer.model import ClauseKind, Outcome, Phase, Severity
from analyzer.policy import read
from analyzer.policy.read import read_policy
from analyzer.project.decisions.start import TEXT

SCHEMAS = Path(analyzer.report.__path__[0]) / "schemas"
SCHEMA = json.loads((SCHEMAS / "policy-v1.json").read_text())
DECISION = json.loads((SCHEMAS / "decision-v1.json").read_text())
DEFS = SCHEMA["$defs"]
DOCS = (Path(__file__).parents[2] / "docs/policy.md").read_text()
WHOLE = next(re.finditer(r"^```toml\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL))[1]
VALID = jsonschema.Draft202012Validator(SCHEMA)


@pytest.mark.parametrize(
    ("part", "keys"),
    [
        (DEFS["policy"], read.POLICY_KEYS),
        (DEFS["minimum-age-days"], read.AGE_KEYS),
        (DEFS["minimum-age-days"]["properties"]["exceptions"]["items"], read.EXCEPTION_KEYS),
        (DEFS["threshold"], read.THRESHOLD_KEYS),
        (DEFS["rule"], read.CHANGE_KEYS),
        (DEFS["waiver"], set(read.WAIVER_KEYS) - {"versions"}),
        (DEFS["range-waiver"], set(read.WAIVER_KEYS) - {"version", "sha256", "evidence"}),
    ],
)
def test_keys_are_those_of_the_reader(part: dict[str, Any], keys: tuple[str, ...]) -> None:
    assert set(part["properties"]) == set(keys)
    assert part["additionalProperties"] is False


def test_words_are_those_of_the_model() -> None:
    assert DEFS["policy"]["properties"]["thresholds"]["propertyNames"]["enum"] == list(Phase)
    assert DEFS["threshold"]["properties"]["deny"]["enum"] == list(Severity)
    clause = DECISION["$defs"]["clause"]["properties"]
    assert set(clause["kind"]["enum"]) == set(ClauseKind)
    assert set(clause["outcome"]["enum"]) == set(Outcome)


@pytest.mark.parametrize("text", [WHOLE, TEXT, ""])
def test_examples_fit(text: str) -> None:
    VALID.validate(json.loads(json.dumps(tomli.loads(text), default=str)))


LINES = [one for one in WHOLE.split("\n") if re.match(r"(?!ring)[a-z][\w-]* = ", one)]


@pytest.mark.parametrize("line", LINES)
def test_a_slip_in_any_key_is_refused_by_both(line: str) -> None:
    key, _, rest = line.partition(" = ")
    slip = WHOLE.replace(line, f"{key}x = {rest}")
    with pytest.raises(TomlError):
        read_policy(slip.encode(), name="p.toml")
    with pytest.raises(jsonschema.ValidationError):
        VALID.validate(json.loads(json.dumps(tomli.loads(slip), default=str)))
