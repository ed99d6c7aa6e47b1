"""Schemas and code say the same: every key and word of one is in the other."""

from __future__ import annotations

import dataclasses
import itertools
import json
import types
import typing
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import analyzer.report
from analyzer.model import Report
from analyzer.project import audit_json, diff_json, hunt_json
from analyzer.project.audit import AuditResult
from analyzer.project.changes import CrateDiff
from analyzer.project.hunt.model import HuntResult
from analyzer.project.lock_changes import LockDiff
from analyzer.project.response.plan import Step
from analyzer.report import json_v1, jsonl

FOLDER = Path(analyzer.report.__path__[0]) / "schemas"
SCHEMAS = {one.stem: json.loads(one.read_text()) for one in sorted(FOLDER.glob("*.json"))}
WORDS: dict[tuple[str, str], tuple[object, ...]] = {
    ("CrateInfo", "sha256"): ("ab" * 32,),
    ("CrateDiff", "step"): ("patch", "minor", "major", "same", "older", "unknown"),
    ("DependencyChange", "kind"): ("normal", "build", "dev"),
    ("DependencyChange", "change"): ("added", "removed", "changed"),
    ("FileChange", "change"): ("added", "removed", "changed", "moved"),
    ("PackageChange", "change"): ("added", "removed", "changed", "checksum"),
    ("HygieneRow", "check"): ("build-unlocked",),
    ("HygieneRow", "severity"): ("info", "low", "medium"),
    ("SecretPlace", "what"): ("file", "key", "variable", "pipeline"),
    ("Coverage", "phases"): ((("build-script", 1),), (("library", 2),)),
    ("LockedPackage", "dependencies"): ((),),
    **{(name, "sources"): (("policy.toml " + "cd" * 32,),) for name in ("Decision", "Decided")},
    **{(name, "digest"): ("cd" * 32,) for name in ("Decision", "Decided")},
    ("Waiver", "sha256"): ("ab" * 32,),
    ("Waiver", "evidence"): ("ef" * 16,),
    ("Waiver", "created"): ("2026-01-02",),
    ("Waiver", "expires"): ("2026-01-02",),
    ("Clause", "evidence"): ("ef" * 16,),
}
"""Texts and numbers that the code takes from a closed list; a docstring there says so."""
BARE = 80
"""The last turn, in which no list has anything in it; before it every word has had its turn."""


def value(kind: Any, turn: int) -> Any:
    """Some value of a type, another one each turn, with nothing in it left empty."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if type(None) in inner:  # absent in the first turn only
            inner = tuple(one for one in inner if one is not type(None)) if turn else inner[-1:]
        return value(inner[turn % len(inner)], turn)
    if origin is tuple and inner[-1] is ...:
        return () if turn == BARE else (value(inner[0], turn),)
    if origin is tuple:
        return tuple(value(one, turn) for one in inner)
    if kind is type(None):
        return None
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return list(kind)[turn % len(kind)]
    if dataclasses.is_dataclass(kind):
        return filled(kind, turn)
    known = {str: "text", int: 1, bool: bool(turn % 2), Path: Path("folder"), date: date.min}
    return known[kind]


def filled(kind: Any, turn: int) -> Any:
    """An instance with every field set."""
    hints = typing.get_type_hints(kind)
    values = {}
    for one in dataclasses.fields(kind):
        words = WORDS.get((kind.__name__, one.name))
        values[one.name] = words[turn % len(words)] if words else value(hints[one.name], turn)
    return kind(**values)


def documents(schema: str) -> Iterator[Any]:
    """What the code writes that this schema describes."""
    for turn in range(BARE + 1):
        if schema == "report-v1":
            one = filled(Report, turn)
            yield json.loads(json_v1.render((one,)))
            yield json.loads(json_v1.render((one, one)))
            yield from map(json.loads, jsonl.render((one,)).splitlines())
        elif schema == "audit-v1":
            found = filled(AuditResult, turn)
            yield json.loads(audit_json.render(found))
            yield from map(json.loads, audit_json.render_lines(found).splitlines())
        elif schema == "diff-v1":
            for step in (filled(CrateDiff, turn), filled(LockDiff, turn)):
                yield json.loads(diff_json.render(step))
                yield from map(json.loads, diff_json.render_lines(step).splitlines())
        elif schema == "hunt-v1":
            hunt, steps = filled(HuntResult, turn), (filled(Step, turn),) if turn != BARE else ()
            yield json.loads(hunt_json.render(hunt, steps))
            yield from map(json.loads, hunt_json.render_lines(hunt, steps).splitlines())


MADE = {name: list(documents(name)) for name in ("report-v1", "audit-v1", "diff-v1", "hunt-v1")}


class Walk:
    """Notes which keys and words of a schema some documents use."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self.used: set[tuple[int, object]] = set()
        self.validator = jsonschema.Draft202012Validator(schema)

    def follow(self, part: Any, document: Any) -> None:
        if "$ref" in part:
            part = self.schema["$defs"][part["$ref"].removeprefix("#/$defs/")]
        for one in itertools.chain(part.get("oneOf", ()), part.get("anyOf", ())):
            if self.validator.evolve(schema=one).is_valid(document):
                self.follow(one, document)
        if "$ref" in part:
            self.follow(part, document)
        if isinstance(document, dict) and "properties" in part:
            for key in document.keys() & part["properties"].keys():
                self.used.add((id(part["properties"]), key))
                self.follow(part["properties"][key], document[key])
        if isinstance(document, list) and "items" in part:
            for one in document:
                self.follow(part["items"], one)
        if isinstance(document, str) and "enum" in part:
            self.used.add((id(part["enum"]), document))


def parts(part: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(part, dict):
        yield path, part
        for key, one in part.items():
            yield from parts(one, f"{path}/{key}")
    elif isinstance(part, list):
        for number, one in enumerate(part):
            yield from parts(one, f"{path}/{number}")


@pytest.mark.parametrize("name", MADE)
def test_everything_that_is_written_fits(name: str) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMAS[name])
    for one in MADE[name]:
        validator.validate(one)


@pytest.mark.parametrize("name", MADE)
def test_everything_that_is_described_is_written(name: str) -> None:
    walk = Walk(SCHEMAS[name])
    for one in MADE[name]:
        walk.follow(SCHEMAS[name], one)
    unused = []
    for path, part in parts(SCHEMAS[name]):
        for word in ("properties", "enum"):
            if isinstance(part.get(word), (dict, list)) and word not in path.rpartition("/")[2]:
                wanted = part[word]
                unused += [f"{path}/{one}" for one in wanted if (id(wanted), one) not in walk.used]
    assert unused == []


@pytest.mark.parametrize("name", [*MADE, "decision-v1"])
def test_a_schema_is_strict(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    for path, part in parts(SCHEMAS[name]):
        if isinstance(part.get("properties"), dict) and not path.endswith("/properties"):
            assert part.get("additionalProperties") is False, path
            assert set(part["required"]) <= set(part["properties"]), path


def test_what_schemas_share_is_the_same(request: pytest.FixtureRequest) -> None:
    """Each schema stands alone; `--snapshot-update` copies what the first ones define."""
    own = SCHEMAS["report-v1"]["$defs"] | SCHEMAS["decision-v1"]["$defs"]
    for name in ("decision-v1", *MADE):
        schema = SCHEMAS[name]
        shared = own.keys() & schema["$defs"].keys()
        if request.config.getoption("--snapshot-update"):
            schema["$defs"] |= {one: own[one] for one in shared}
            text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
            (FOLDER / f"{name}.json").write_text(text)
        assert {one: schema["$defs"][one] for one in shared} == {one: own[one] for one in shared}
