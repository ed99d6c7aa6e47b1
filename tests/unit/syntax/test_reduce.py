"""What is cut out before parsing has no fact to give, whatever name another file gave to power."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from analyzer.limits import DEFAULT_LIMITS, Limits
from analyzer.model import Fact, Report, Span
from analyzer.pipeline import analyze
from analyzer.rules.ruleset import load_ruleset
from analyzer.rules.samples import sample_source
from analyzer.rules.schema import Sample, parse_rule
from analyzer.signatures import RuleText

CURIOUS = b"""
id = "curious"
title = "asks about every subject, so that all of them are worked out"
namespace = "test"
severity = "info"
confidence = "low"
scope = "crate"
since = "0.1.0"
attack = ["T1552"]
techniques = ["T35"]
why = "w"
benign = "b"
[[all]]
fact = ["net.connect", "net.send", "file.read", "process.detach"]
subject-matches = "never"
[[all]]
fact = ["net.connect", "net.send", "file.read", "process.detach"]
[[match]]
name = "m"
path = "src/lib.rs"
code = ""
[[no-match]]
name = "n"
path = "src/lib.rs"
code = ""
"""
SHIPPED = load_ruleset()
RULESET = replace(
    SHIPPED, rules=(*SHIPPED.rules, parse_rule(RuleText("test/curious.toml", CURIOUS)))
)
CUT = replace(DEFAULT_LIMITS, prefilter_from_bytes=0, prefilter_share_percent=100)
WHOLE = replace(DEFAULT_LIMITS, prefilter_from_bytes=1 << 40)
PLAIN = """
//! Reads nothing: std::fs::read, "https://example.invalid", /home/u/.ssh/id_rsa.
use core::ffi::c_void; use std::fmt::{self, Debug};
#[doc = "process env net"] pub struct Environment { process: u32, env: u8, net: i32 }
pub type Callback = extern "system" fn(process: *mut c_void) -> i32;
unsafe extern "system" fn called(os: *mut c_void, env: u8) -> i32 { other(os, env) }
impl Debug for Environment { fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { f.pad("x") } }
"""


def read(files: dict[str, str], *, is_cut: bool) -> Report:
    listed = tuple((f"src/{path}", text) for path, text in files.items())
    modules = "".join(f"mod {path.removesuffix('.rs')};" for path in files if path != "lib.rs")
    if "lib.rs" not in files:
        listed = (*listed, ("src/lib.rs", modules))
    source = sample_source(Sample("s", is_match=True, files=listed), RULESET)
    return analyze(source, ruleset=RULESET, limits=CUT if is_cut else WHOLE)


def facts(report: Report) -> set[Fact]:
    return {one for one in report.facts if not one.kind.startswith("guard.")}


def assert_same(files: dict[str, str]) -> None:
    cut, whole = read(files, is_cut=True), read(files, is_cut=False)
    assert [one for one in facts(whole) if isinstance(one.where, Span)]
    assert facts(cut) ^ facts(whole) == set()
    assert cut.findings == whole.findings
    assert cut.gaps == whole.gaps


def test_code_that_names_nothing_stays_unparsed() -> None:
    assert read({"lib.rs": PLAIN}, is_cut=True).coverage.parsed_files == 0


def test_an_inclusion_alone_makes_no_file_be_parsed() -> None:
    files = {"lib.rs": PLAIN + 'include!("more.rs");', "more.rs": "fn f() { std::fs::read(x); }"}
    report = read(files, is_cut=True)
    assert report.coverage.parsed_files == 1
    assert [one.owner for one in facts(report)] == ["src/more.rs::f"]


@pytest.mark.parametrize(
    "text",
    [
        "fn f() { std::fs::read(x); }",
        "fn f() { std/**/::fs/* :: */\n// x\n::read(x); }",
        "use std/*;*/::{/*;*/fs as q}; fn f() { q::read(x); }",
        "use std::{self as q}; fn f() { q::r#fs::read(x); }",
        "use std::*; fn f() { fs::read(x); }",
        "extern crate std as q; fn f() { q::fs::read(x); }",
        'fn f() { "a.invalid:80".to_socket_addrs(); }',
        'fn f() { core::arch::asm!("syscall") }',
        'const A: &str = env /**/ !("HOME");',
        'const A: &str = "http\\x3a//x.invalid";',
        'const A: &str = r#"https://x.invalid"#;',
        'const A: &str = "a \\\n https://x.invalid";',
        'fn f() -> &str { "~/.aws/credentials" }',
        'fn f() -> &str { "192.0.2.77:443" }',
        'const A: &str = "dilavni.x//:sptth";',
        'fn f() -> &str { "asr_di/hss./u/emoh" }',
        f'const A: &str = "{base64.b64encode(b"https://x.invalid").decode()}";',
        f'fn f() -> &str {{ "{base64.b64encode(bytes(range(40))).decode()}" }}',
        f'const A: &str = "{b"https://x.invalid".hex()}";',
        f"const A: &[u8] = &[{', '.join(map(str, b'https://x.invalid'))}];",
        f"fn f() {{ let a = [{', '.join(map(hex, b'https://x.invalid'))}]; }}",
        "const A: &[u8] = &[" + ", ".join(f"b'{one}'" for one in "https://x.invalid") + "];",
        "fn f() { std::\u2028fs::read(b) }",
        "fn f() { std::fs\v::\vread(b) }",
        "extern crate std as\tq; fn f() { q::fs::read(b) }",
        "mod a { mod b { pub use std::fs as q; } } fn f() { a::b::q::read(x) }",
        "struct S { c: std::process::Command } impl S { fn f(&mut self) { self.c.arg(x).pre_exec(y); } }",
        "fn f(a: [u8; 4]) -> impl Fn() { move || { std::fs::read(a); } }",
        "impl<const N: usize> S<{ N }> { fn f() { std::fs::read(x); } }",
        "fn quiet() -> u8 { 1 } fn f() { } struct A; thing! { std::fs::read(x) }",
    ],
)
def test_power_in_any_spelling_gives_its_facts(text: str) -> None:
    assert_same({"lib.rs": PLAIN + text})


@pytest.mark.parametrize(
    ("giver", "user"),
    [
        ("pub use std::fs as q;", "fn f() { crate::giver::q::read(x); }"),
        ("pub use std::net::TcpStream;", "use crate::giver::*; fn f() { TcpStream::connect(x); }"),
        ("pub use std::net::*;", "use crate::giver::*; fn f() { TcpStream::connect(x); }"),
        (
            "pub use std::{fmt, fs::{self as q, File as F}};",
            "use super::giver::F; fn f() { F::open(x); }",
        ),
        ("pub use std::fs;", "use crate::giver; fn f() { giver::fs::read(x) }"),
        ("pub type S = std::net::TcpStream;", "use crate::giver::S; fn f() { S::connect(x); }"),
        (
            "pub type S<'a> = &'a mut std::net::TcpStream;",
            "fn f(mut a: crate::giver::S) { a.write_all(b); }",
        ),
        (
            "pub struct G { pub c: std::net::TcpStream }",
            "use crate::giver::G; struct H { g: G } impl H { fn f(&self) { self.g.c.write_all(b); } }",
        ),
        (
            "pub fn make() -> std::net::TcpStream { todo!() }",
            "fn f() { let mut a = crate::giver::make(); a.write_all(b) }",
        ),
        (
            "pub struct M; impl M { pub fn new() -> std::net::TcpStream { todo!() } }",
            "use crate::giver::M; fn f() { M::new().write_all(b) }",
        ),
        (
            'pub const HOST: &str = concat!("collector", ".", "invalid:80");',
            "fn f() { std::net::TcpStream::connect(crate::giver::HOST); }",
        ),
        (
            'pub fn host() -> String { let a = "collector"; format!("{a}.invalid:80") }',
            "fn f() { std::net::TcpStream::connect(crate::giver::host()); }",
        ),
        (
            "pub struct P; pub struct Q; impl P { pub fn new() -> P { P } } impl Q { pub fn new()"
            ' -> String { let a = "collector"; format!("{a}.invalid:80") } }',
            "fn f() { std::net::TcpStream::connect(crate::giver::Q::new()); }",
        ),
        (
            "macro_rules! m { ($t:ident) => { impl $t { pub fn new() -> String { x() } } } }"
            ' pub struct Q; m!(Q); fn x() -> String { "collector.invalid:80".to_string() }',
            "fn f() { std::net::TcpStream::connect(crate::giver::Q::new()); }",
        ),
        (
            "pub fn go(host: &str) { std::net::TcpStream::connect(host); }",
            'fn f() { crate::giver::go("collector.invalid:80"); }',
        ),
    ],
)
def test_a_name_made_from_power_elsewhere_is_followed(giver: str, user: str) -> None:
    assert_same({"giver.rs": giver, "user.rs": PLAIN + user})


def test_what_a_glob_of_another_crate_brings_is_followed() -> None:
    user = "use crate::a::*; fn go(a: &Agent, to: &str) { a.get(to).call(); }"
    assert_same({"a.rs": "pub use ureq::*;", "b.rs": user})


def test_names_are_followed_through_many_files() -> None:
    files = {"q0.rs": "pub use std::fs as q0;"}
    files |= {f"q{n}.rs": f"pub use crate::q{n - 1}::q{n - 1} as q{n};" for n in range(1, 4)}
    assert_same({**files, "a.rs": "use crate::q3::q3; fn go() { q3::read(x) }"})


def test_names_handed_on_more_often_than_is_followed_make_all_be_read() -> None:
    files = {"q0.rs": "pub use std::fs as q0;"}
    files |= {f"q{n}.rs": f"pub use crate::q{n - 1}::q{n - 1} as q{n};" for n in range(1, 80)}
    found = read({**files, "a.rs": "use crate::q79::q79; fn go() { q79::x() }"}, is_cut=True)
    assert found.coverage.prefiltered_files == 0


@pytest.mark.parametrize(("powerful", "left_out"), [(2, 18), (12, 0)])
def test_a_crate_of_which_much_stays_is_read_whole(powerful: int, left_out: int) -> None:
    plain = "fn f() -> usize { " + "let a = 1 + 1; " * 80 + "0 }"
    asking = plain.replace("0 }", "std::fs::read(q); 0 }")
    texts = [(f"src/m{n}.rs", asking if n < powerful else plain) for n in range(20)]
    root = "".join(f"mod m{n};" for n in range(20))
    sample = Sample("s", is_match=True, files=(*texts, ("src/lib.rs", root)))
    report = analyze(sample_source(sample, SHIPPED), ruleset=SHIPPED)
    assert report.coverage.prefiltered_files == (left_out + 1 if left_out else 0)


def test_facts_of_two_functions_meet_in_a_third_that_names_no_power() -> None:
    files = {
        "take.rs": 'pub fn take() -> String { std::fs::read("/home/u/.aws/credentials") }',
        "give.rs": 'pub fn give(t: String) { std::net::TcpStream::connect("c.invalid:1"); }',
        "between.rs": "pub fn run() { crate::give::give(crate::take::take()) }",
    }
    assert read(files, is_cut=False).findings
    assert_same(files)


@pytest.mark.parametrize("limits", [CUT, WHOLE])
def test_examples_do_not_say_what_a_library_is_given(limits: Limits) -> None:
    text = 'pub fn save(path: &str) { std::fs::write(path, "x"); } pub fn f() { save("/var/own"); }'
    example = 'fn main() { sample::save("/home/u/.bashrc"); }'
    files = (("src/lib.rs", text), ("examples/e.rs", example))
    source = sample_source(Sample("s", is_match=True, files=files), RULESET)
    report = analyze(source, ruleset=RULESET, limits=limits)
    written = {one.subject for one in report.facts if one.kind == "file.write"}
    assert written == {"/var/own", "unknown"}


def test_a_large_table_is_read_when_its_value_is_asked_for() -> None:
    numbers = ", ".join(str(one) for one in (b"/tmp/" + b"a" * 200))
    files = {
        "table.rs": f"pub const T: &[u8] = &[{numbers}]; pub fn x() {{ std::fs::read(y); }}",
        "user.rs": "fn f() { std::fs::read(std::str::from_utf8(crate::table::T).unwrap()); }",
    }
    assert_same(files)


def test_evidence_in_a_cut_file_has_the_lines_and_bytes_of_the_file() -> None:
    text = "fn a() {\n  1;\n}\n/* c\n d */ fn b() { 2 } fn c() { std::fs::read(x); }\n"
    found = [one.where for one in read({"lib.rs": text}, is_cut=True).facts]
    spans = [one for one in found if isinstance(one, Span)]
    assert {(one.line, text[one.start_byte : one.end_byte]) for one in spans} == {
        (5, "std::fs::read(x)")
    }


@pytest.mark.parametrize("text", ["fn a() {" * 3000, "fn a" * 50_000, "}" * 1000, "use {" * 9000])
def test_odd_structure_is_read_whole(text: str) -> None:
    assert read({"lib.rs": text + "\nconst A: &str = 'a"}, is_cut=True)
