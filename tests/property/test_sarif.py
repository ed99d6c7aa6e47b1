"""SARIF of hostile reports: plain, harmless, no link, no place elsewhere, and valid (online)."""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest
from hypothesis import given

from analyzer.config import load_settings
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Report
from analyzer.registry.fetch import Registry
from analyzer.report import sarif

from .test_printable import REPORTS, TEXTS, is_harmless

LINK = re.compile(r"\]\(|\{\d+\}")


def values(value: object, key: str) -> Iterator[str]:
    """Every text behind a key, wherever it stands."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name == key and isinstance(one, str):
                yield one
            yield from values(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from values(one, key)


@given(REPORTS, TEXTS)
def test_sarif_of_hostile_text_is_plain_and_harmless(report: Report, failure: str) -> None:
    text = sarif.render((report, report), failures=(failure,))
    assert is_harmless(text)
    assert text.isascii()
    run = json.loads(text)["runs"][0]
    messages = [one["message"] for one in run["results"]]
    messages += [one["message"] for one in run["invocations"][0]["toolExecutionNotifications"]]
    messages += [
        one["message"] for each in run["results"] for one in each.get("relatedLocations", [])
    ]
    assert not any(LINK.search(one) for one in values(messages, "text"))


@given(REPORTS)
def test_no_place_leads_elsewhere(report: Report) -> None:
    for uri in values(json.loads(sarif.render((report,))), "uri"):
        parts = urlsplit(uri)
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        path = unquote(uri, errors="surrogateescape")
        assert not path.startswith("/")
        assert not {".", ".."} & set(path.split("/"))


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    """The schema of OASIS, as a crate ships it: it is not ours to hand on."""

    with Registry(load_settings(os.environ), DEFAULT_LIMITS) as registry:
        source = registry.fetch(registry.resolve("serde-sarif", "0.8.0"))
    with tarfile.open(fileobj=io.BytesIO(source.data)) as archive:
        file = archive.extractfile("serde-sarif-0.8.0/src/schema.json")
        assert file is not None
        document: dict[str, Any] = json.load(file)
    assert document["$id"].endswith("oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json")
    return jsonschema.Draft7Validator(document)


@pytest.mark.online
@pytest.mark.enable_socket
@given(report=REPORTS)
def test_hostile_reports_fit_the_schema_of_oasis(
    schema: jsonschema.Draft7Validator, report: Report
) -> None:
    schema.validate(json.loads(sarif.render((report, report), failures=("a", "b"))))
