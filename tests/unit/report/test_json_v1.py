from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import analyzer.report
from analyzer.model import (
    Confidence,
    FactKind,
    GapKind,
    Origin,
    Phase,
    Report,
    Severity,
    Support,
    Verdict,
)
from analyzer.report import json_v1, jsonl

SCHEMA = json.loads((Path(analyzer.report.__path__[0]) / "schemas/report-v1.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
DEFS = SCHEMA["$defs"]
REPORT = DEFS["report"]["properties"]
FINDING = DEFS["finding"]["properties"]
Compare = Callable[[str, str], None]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_document_is_golden_and_valid(compare: Compare, blocked: Report) -> None:
    text = json_v1.render((blocked,))
    compare("json_v1/block.json", text)
    VALIDATOR.validate(json.loads(text))


def test_several_reports_stand_in_one_object(blocked: Report, clear: Report) -> None:
    document = json.loads(json_v1.render((clear, blocked)))
    assert document["schema"] == "cratescope.reports/v1"
    assert [one["crate"]["name"] for one in document["reports"]] == ["y", "x"]
    VALIDATOR.validate(document)
    VALIDATOR.validate(json.loads(json_v1.render(())))


def test_the_outer_shape_is_the_promised_one(blocked: Report) -> None:
    inward = {"files", "package", "decision", "in_builds", "halves", "exports"}  # for other readers
    names = [one.name for one in fields(Report) if one.name not in inward]
    names.remove("observation")  # only where a build was watched
    assert list(json.loads(json_v1.render((blocked,)))) == ["schema", *names]


def test_a_run_of_the_sandbox_is_told_whole(observed: Report) -> None:
    document = json.loads(json_v1.render((observed,)))
    VALIDATOR.validate(document)
    told = document["observation"]
    assert [one["name"] for one in told["stages"]] == ["build", "refused"]
    assert told["payloads"][1]["decoys"] == ["{home}/.aws/credentials (base64)"]
    assert bytes.fromhex(told["payloads"][1]["data"]).startswith(b"POST /c")
    assert told["processes"][2]["argv"] == ["curl", "-d", "@/tmp/a"]


def test_no_field_of_a_fact_is_left_out(blocked: Report) -> None:
    (fact,) = json.loads(json_v1.render((blocked,)))["facts"]
    wanted = {one.name for one in fields(blocked.facts[0])}
    assert {"phases" if one == "phase" else one for one in fact} == wanted
    assert all(fact.values())


def test_one_fact_is_one_line(blocked: Report) -> None:
    text = json_v1.render((replace(blocked, facts=blocked.facts * 3),))
    assert sum('"api": ' in line for line in text.split("\n")) == 3


@pytest.mark.parametrize(
    ("part", "enum"),
    [
        (DEFS["verdict"], Verdict),
        (DEFS["crate"]["properties"]["origin"], Origin),
        (FINDING["severity"], Severity),
        (FINDING["confidence"], Confidence),
        (FINDING["support"], Support),
        (DEFS["gap-kind"], GapKind),
        (DEFS["kind"], FactKind),
        (DEFS["phase"], Phase),
    ],
    ids=lambda one: one.__name__ if isinstance(one, type) else "",
)
def test_the_schema_knows_every_word(part: dict[str, Any], enum: type[StrEnum]) -> None:
    assert part["enum"] == [one.value for one in enum]


@pytest.mark.parametrize("key", SCHEMA["$defs"]["report"]["required"])
def test_a_report_without_one_part_is_invalid(blocked: Report, key: str) -> None:
    document = json.loads(json_v1.render((blocked,)))
    del document[key]
    assert not VALIDATOR.is_valid(document)


def test_a_line_holds_the_same_report(blocked: Report, clear: Report) -> None:
    lines = jsonl.render((blocked, clear)).split("\n")
    assert lines.pop() == ""
    assert [json.loads(one) for one in lines] == [
        json.loads(json_v1.render((one,))) for one in (blocked, clear)
    ]
