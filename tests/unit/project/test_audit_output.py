from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import analyzer.report
from analyzer.limits import DEFAULT_LIMITS
from analyzer.lockfile import read_lockfile
from analyzer.model import (
    Clause,
    ClauseKind,
    CrateRef,
    CrateSource,
    Decision,
    Gap,
    GapKind,
    KnownBad,
    Lockfile,
    Origin,
    Outcome,
    Severity,
    Verdict,
)
from analyzer.project import audit_html, audit_json, audit_text
from analyzer.project.audit import AuditResult, Key, Place, Reason, Row, audit_names
from analyzer.project.decisions.model import Decided, Ruling
from analyzer.project.hygiene.model import HygieneResult, HygieneRow
from analyzer.project.hygiene.table import read_checks
from analyzer.project.locks import Locks
from analyzer.worker.verdicts import unanswered

LockText = Callable[..., str]
SCHEMA = json.loads((Path(analyzer.report.__path__[0]) / "schemas/audit-v1.json").read_text())
HOSTILE = "\x1b[2Jx\u202e[bold]</b>\r\n\ud800"
BAD = KnownBad("bad-name", ("*",), "malware", ("RUSTSEC-0000-0000",), "campaign", "It steals.")


@pytest.fixture
def found(lock_text: LockText) -> AuditResult:
    """A bad crate behind another one, and a file that could not be read."""
    text = lock_text("a 1.0.0", "bad-name 1.0.0", needs={"app": ["a"], "a": ["bad-name"]})
    gap = Gap(GapKind.UNREADABLE, "broken", "b/Cargo.lock", 7, (), True, "mend it")
    locks = Locks((read_lockfile(text.encode(), path="a/Cargo.lock"),), (gap,))
    return audit_names(locks, {"bad-name": BAD}, "digest", is_scanned=False)


def row(verdict: Verdict, rule: str = "scan", kind: str = "", text: str = "why") -> Row:
    source = CrateSource(CrateRef("x", "1.0.0"), "ab" * 32, b"", Origin.CRATES_IO)
    return Row(
        Key("x", "1.0.0", "", ""),
        (Reason(rule, verdict, text, kind),),
        (Place("Cargo.lock", 3, ("app 0.1.0", "x 1.0.0")),),
        unanswered(source, "died", DEFAULT_LIMITS),
    )


def hostile() -> AuditResult:
    """Everything that a lock file's author or a path can choose."""
    key = Key(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    reason = Reason("scan", Verdict.REVIEW, HOSTILE, HOSTILE, (HOSTILE,), HOSTILE)
    gap = Gap(GapKind.UNREADABLE, HOSTILE, HOSTILE, remedy=HOSTILE)
    places = (Place(HOSTILE, 1, (HOSTILE,) * 40),) * 9
    rows = (Row(key, (reason,), places),)
    return AuditResult((Lockfile(HOSTILE, 4, ()),), rows, (gap,) * 30, "digest")


# Text --------------------------------------------------------------------------------------------


def test_text_says_what_where_why_how_it_came_in_and_what_to_do(found: AuditResult) -> None:
    assert audit_text.render(found).split("\n") == [
        "BLOCK  3 locked packages in 1 lock file: 1 BLOCK, 1 not looked at.",
        "Names and versions were checked, contents were not: --scan reads them.",
        "",
        "BLOCK  bad-name 1.0.0",
        "  why     on record as malware: It steals.",
        "  ids     RUSTSEC-0000-0000",
        "  part of campaign",
        "  where   a/Cargo.lock:15",
        "  path    app 0.1.0 → a 1.0.0 → bad-name 1.0.0",
        "  next    Remove it. If it was ever built, take the secrets of that machine as read, and rotate",
        "          them.",
        "",
        "Not looked at",
        "! b/Cargo.lock:7  broken",
        "    mend it",
        "- a/Cargo.lock  by path, your own code or a copy: app 0.1.0: not checked",
        "    read them with --scan",
        "",
    ]


@pytest.mark.parametrize(
    ("one", "advice"),
    [
        (row(Verdict.BLOCK), "Do not build it; the evidence: cratescope scan x@1.0.0"),
        (row(Verdict.REVIEW), "A person should read it: cratescope scan x@1.0.0"),
        (row(Verdict.INCOMPLETE), "Treat it as unread; what is missing: cratescope scan x@1.0.0"),
        (row(Verdict.BLOCK, "known-malicious", "compromised-release"), "Pin another version"),
        (
            row(Verdict.REVIEW, "known-affiliated", "affiliated"),
            "Decide whether to trust its author",
        ),
        (row(Verdict.BLOCK, "checksum-mismatch"), "Build nothing before it is known which"),
    ],
)
def test_text_advises_by_reason(one: Row, advice: str) -> None:
    assert advice in audit_text.render(AuditResult((), (one,), (), "digest", is_scanned=True))


def test_text_is_harmless_whatever_a_lock_file_says() -> None:
    for color in (False, True):
        text = audit_text.render(hostile(), color=color)
        bare = text.replace("\x1b[1;30;43m", "").replace("\x1b[0m", "")
        assert all(one == "\n" or one.isprintable() for one in bare)
        assert text.encode()


def test_color_is_only_there_when_asked_for(found: AuditResult) -> None:
    assert "\x1b" not in audit_text.render(found)
    assert "\x1b[1;37;41m BLOCK \x1b[0m" in audit_text.render(found, color=True)


def test_lines_keep_to_the_width(found: AuditResult) -> None:
    assert max(map(len, audit_text.render(found, width=60).split("\n")[3:])) <= 60


# JSON --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["found", "hostile", "scanned"])
def test_json_fits_its_schema(found: AuditResult, kind: str) -> None:
    scanned = row(Verdict.INCOMPLETE)
    reports = (scanned.report,) if scanned.report else ()
    results = {
        "found": found,
        "hostile": hostile(),
        "scanned": AuditResult((), (scanned,), (), "digest", is_scanned=True, reports=reports),
    }
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.validate(json.loads(audit_json.render(results[kind])))
    lines = audit_json.render_lines(results[kind]).splitlines()
    for line in lines:
        validator.validate(json.loads(line))
    assert [json.loads(one)["type"] for one in lines][-1] == "audit"


def test_json_is_ascii_and_the_same_each_time(found: AuditResult) -> None:
    for one in (found, hostile()):
        assert audit_json.render(one).isascii()
        assert audit_json.render(one) == audit_json.render(one)


def test_json_holds_the_whole_row(found: AuditResult) -> None:
    (only,) = json.loads(audit_json.render(found))["rows"]
    assert only["name"] == "bad-name"
    assert only["reasons"][0]["advisories"] == ["RUSTSEC-0000-0000"]
    chain = ["app 0.1.0", "a 1.0.0", "bad-name 1.0.0"]
    assert only["places"] == [{"lockfile": "a/Cargo.lock", "line": 15, "chain": chain}]


# A page -------------------------------------------------------------------------------------------


def words(page: str) -> str:
    """What a reader of the page sees, each element on its own line."""
    body = page.partition("<main")[2]
    return "\n".join(filter(None, re.split(r"\s*<[^>]*>\s*", f"<main{body}")))


def test_a_page_says_what_where_why_how_it_came_in_and_what_to_do(found: AuditResult) -> None:
    seen = words(audit_html.render(found))
    order = (
        *("BLOCK", "3 locked packages in 1 lock file", "1 BLOCK, 1 not looked at."),
        *("What needs a person", "bad-name 1.0.0", "on record as malware: It steals."),
        *("RUSTSEC-0000-0000", "campaign", "Remove it. If it was ever built", "a/Cargo.lock:15"),
        *("app 0.1.0\na 1.0.0\nbad-name 1.0.0", "Not looked at\n", "broken", "mend it"),
    )
    places = [seen.index(one) for one in order]
    assert places == sorted(places)


def test_a_page_shows_the_contents_of_a_package_folded() -> None:
    only = row(Verdict.INCOMPLETE)
    assert only.report is not None
    result = AuditResult((), (only,), (), "digest", is_scanned=True, reports=(only.report,))
    page = audit_html.render(result)
    assert "Not looked at in it (1)" in words(page)
    assert re.findall(r'<details( open)? class="([a-z ]+)">', page) == [
        (" open", "finding"),
        ("", "fold"),
        ("", "fold bulk"),
    ]


def test_a_page_cuts_a_long_chain_and_many_rows_and_says_so() -> None:
    page = audit_html.render(hostile())
    hidden = 40 - audit_html.CHAIN_SHOWN
    assert page.count(f"({hidden} more)") == 9
    many = AuditResult((), (row(Verdict.REVIEW),) * (audit_html.ROWS_SHOWN + 2), (), "digest")
    assert "2 more packages are not on this page" in audit_html.render(many)


def test_a_page_groups_hygiene_by_check() -> None:
    habits = tuple(
        HygieneRow(f"{n}.yml", n, "build-unlocked", Severity.MEDIUM, "cargo build") for n in (1, 2)
    )
    result = AuditResult(
        (), (), (), "digest", hygiene=HygieneResult(habits, (), ("1.yml", "2.yml"))
    )
    seen = words(audit_html.render(result))
    title = read_checks()["build-unlocked"].title
    assert seen.count(title) == 1
    assert seen.index(title) < seen.index("1.yml:1") < seen.index("2.yml:2")


def test_a_page_says_what_the_policy_holds_and_by_which_clause(found: AuditResult) -> None:
    clauses = (Clause(ClauseKind.VERDICT, Outcome.DENY, "BLOCK is denied", "known-malicious"),)
    rulings = (
        Ruling("app", "0.1.0", Decision(Outcome.ALLOW, ())),
        Ruling("bad-name", "1.0.0", Decision(Outcome.DENY, clauses)),
    )
    decided = Decided(rulings, "policy.toml", "cd" * 32)
    seen = words(audit_html.render(replace(found, decided=decided)))
    assert "Crates: 1 denied, 0 held, 1 allowed." in seen
    assert seen.index("DENIED\n") < seen.index("What needs a person")
    assert "denies\nverdict: BLOCK is denied (known-malicious)" in seen
    assert "policy explain CRATE@VERSION policy.toml" in seen
    assert "DENIED" not in words(audit_html.render(found))
