"""What is shared is valid by the tools and schemas of its formats, and says the same each time."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import stix2
import stix2validator
from pymisp import MISPEvent

from analyzer.errors import UsageError
from analyzer.project.incident.load import load_knowledge
from analyzer.project.incident.model import BadCrate
from analyzer.project.queries.subject import of_report as subject_of
from analyzer.project.share import kinds, render
from analyzer.project.share.package import Package, chosen, of_campaign, of_report
from analyzer.registry.advisories import AdvisoryKind, parse_osv, parse_rustsec
from analyzer.signatures import load_signatures

KNOWN = load_knowledge(None)
MADE = "2026-11-26T00:00:00Z"
PACKAGES = {one.id: of_campaign(one, KNOWN, MADE) for one in KNOWN.campaigns}
TIME = PACKAGES["time-utilities"]
every = pytest.mark.parametrize("package", PACKAGES.values(), ids=lambda one: one.id)
each_crate = pytest.mark.parametrize("crate", KNOWN.crates, ids=lambda one: one.name)
HOSTILE = BadCrate(
    name="x",
    versions=("1.0.0' OR [",),
    kind="malware",
    summary="```\n# heading\n\x1b[31m' ]\" \\",
    published="2026-01-01",
)


def alone(crate: BadCrate) -> Package:
    return Package("one", "one", (crate,), MADE)


def test_every_format_is_there() -> None:
    assert set(kinds()) == {"plain", "stix", "misp", "osv", "rustsec"}


@every
def test_stix_is_valid_by_the_standards_schemas(package: Package) -> None:
    text = render("stix", package)
    options = stix2validator.ValidationOptions(version="2.1", strict_types=True, silent=True)
    result = stix2validator.validate_string(text, options)
    assert result.is_valid, [str(one) for one in result.errors]
    bundle = stix2.parse(text)
    names = {one.name for one in bundle.objects if one.type == "malware"}
    assert names == {one.name for one in package.crates}


def test_the_stix_validator_can_refuse() -> None:
    document = json.loads(render("stix", TIME))
    indicator = next(one for one in document["objects"] if one["type"] == "indicator")
    indicator["pattern"] = "[software:name = 'x"
    options = stix2validator.ValidationOptions(version="2.1", silent=True)
    assert not stix2validator.validate_string(json.dumps(document), options).is_valid


@every
def test_misp_takes_the_event(package: Package) -> None:
    event = MISPEvent()
    document = json.loads(render("misp", package))
    event.load(document)
    assert event.info.endswith(package.title)
    assert len(event.attributes) >= len(package.crates)
    known = event.describe_types["types"]
    pairs = event.describe_types["category_type_mappings"]
    for one in event.attributes:
        assert one.type in known
        assert one.type in pairs[one.category]


# OSV and RustSec ----------------------------------------------------------------------------------

OSV: dict[str, Any] = {
    "type": "object",
    "required": ["schema_version", "id", "modified", "affected"],
    "additionalProperties": False,
    "properties": {
        "schema_version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        "id": {"type": "string", "pattern": "^MAL-[0-9]{4}-.+$"},
        "modified": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "published": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "aliases": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "summary": {"type": "string", "maxLength": 120, "pattern": r"^[^\n]+$"},
        "details": {"type": "string", "minLength": 1},
        "affected": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["package"],
                "anyOf": [{"required": ["ranges"]}, {"required": ["versions"]}],
                "additionalProperties": False,
                "properties": {
                    "package": {
                        "type": "object",
                        "required": ["ecosystem", "name"],
                        "additionalProperties": False,
                        "properties": {
                            "ecosystem": {"const": "crates.io"},
                            "name": {"type": "string"},
                            "purl": {"type": "string", "pattern": "^pkg:cargo/"},
                        },
                    },
                    "ranges": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["type", "events"],
                            "additionalProperties": False,
                            "properties": {
                                "type": {"enum": ["SEMVER", "ECOSYSTEM"]},
                                "events": {
                                    "type": "array",
                                    "minItems": 1,
                                    "items": {"type": "object", "minProperties": 1},
                                },
                            },
                        },
                    },
                    "versions": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                },
            },
        },
        "references": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "url"],
                "properties": {
                    "type": {
                        "enum": ["ADVISORY", "ARTICLE", "EVIDENCE", "PACKAGE", "REPORT", "WEB"]
                    },
                    "url": {"type": "string", "format": "uri"},
                },
            },
        },
        "database_specific": {"type": "object"},
    },
}
"""The keys that we write, as the OSV schema describes them: its own file is not ours to ship."""


@each_crate
def test_an_osv_draft_has_the_schemas_shape_and_reads_back(crate: BadCrate) -> None:
    text = render("osv", alone(crate))
    jsonschema.Draft202012Validator(OSV).validate(json.loads(text))
    records, _ = parse_osv(text.encode())
    (record,) = records
    assert record.kind is AdvisoryKind.MALICIOUS
    assert record.package == crate.name
    wanted = "9.9.9" if crate.is_any_version else crate.versions[-1]
    assert record.covers(wanted)
    assert crate.is_any_version or not record.covers("0.0.1")


@each_crate
def test_a_rustsec_draft_reads_back_as_what_it_is(crate: BadCrate) -> None:
    record = parse_rustsec(
        render("rustsec", alone(crate)).encode(), "crates/x/RUSTSEC-0000-0000.md"
    )
    assert record.package == crate.name
    assert record.covers("9.9.9") is crate.is_any_version
    assert all(record.covers(one) for one in crate.versions if one != "*")
    if crate.is_any_version and "affiliat" not in record.title:
        assert record.kind is AdvisoryKind.MALICIOUS


def test_a_draft_of_several_crates_is_refused() -> None:
    with pytest.raises(UsageError, match="one crate"):
        render("osv", TIME)
    assert json.loads(render("osv", chosen(TIME, ["time_sync"])))["id"] == "MAL-0000-time-sync"
    with pytest.raises(UsageError, match="no such crate"):
        chosen(TIME, ["serde"])


@pytest.mark.parametrize("kind", kinds())
def test_hostile_texts_break_no_format(kind: str) -> None:
    text = render(kind, alone(HOSTILE))
    assert "\x1b" not in text
    if kind == "rustsec":
        assert len(re.findall("^```", text, re.MULTILINE)) == 2
    if kind == "stix":
        options = stix2validator.ValidationOptions(version="2.1", silent=True)
        assert stix2validator.validate_string(text, options).is_valid
    if kind == "plain":
        assert len(text.splitlines()) == 3


@pytest.mark.parametrize("kind", ["plain", "stix", "misp"])
def test_the_same_input_gives_the_same_bytes(kind: str) -> None:
    assert render(kind, TIME) == render(kind, TIME)


@pytest.mark.parametrize("kind", ["stix", "misp"])
def test_a_library_that_is_missing_is_named(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, f"analyzer.project.share.{kind}", raising=False)
    monkeypatch.setitem(sys.modules, {"stix": "stix2", "misp": "pymisp"}[kind], None)
    with pytest.raises(UsageError, match="needs") as raised:
        render(kind, TIME)
    assert "cratescope[share]" in raised.value.remedy


def test_a_report_is_shared(tmp_path: Path) -> None:
    report = {
        "schema": "cratescope.report/v1",
        "crate": {"name": "bad-one", "version": "1.0.0", "sha256": "ab" * 32},
        "indicators": [{"kind": "url", "value": "https://c2.example.invalid/a"}],
        "findings": [{"title": "reads a key", "techniques": ["T37"], "evidence": []}],
    }
    file = tmp_path / "r.json"
    file.write_text(json.dumps(report))
    package = of_report(file, subject_of(file, load_signatures()), MADE)
    lines = render("plain", package).splitlines()
    assert {"pkg:cargo/bad-one@1.0.0", "c2.example.invalid", "ab" * 32} <= set(lines)
