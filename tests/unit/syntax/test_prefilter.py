"""A bulk file stays unparsed only when it names no power, whatever name another file gave it."""

from __future__ import annotations

import base64

import pytest

from analyzer.model import Phase
from analyzer.signatures import load_signatures
from analyzer.syntax.derived import Power, aliases, owners
from analyzer.syntax.prefilter import Choice, Prefilter
from analyzer.syntax.skeleton import skeleton

_SIGNATURES = load_signatures()
_SECRETS = _SIGNATURES.indicators["credential-paths"]
_PLAIN = """
//! Reads nothing: std::fs::read, "https://example.invalid", /home/u/.ssh/id_rsa.
use core::ffi::c_void; use std::fmt::{self, Debug};
#[doc = "process env net"] pub struct Environment { process: u32, env: u8, net: i32 }
pub type Callback = extern "system" fn(process: *mut c_void) -> i32;
unsafe extern "system" fn called(os: *mut c_void, env: u8) -> i32 { other(os, env) }
impl Debug for Environment { fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { f.pad("x") } }
"""


def _choose(files: dict[str, str], *, followed_bytes: int = 1 << 20, words: str = "") -> Choice:
    prefilter = Prefilter(
        _SIGNATURES.apis,
        words.split(),
        lambda text: _SECRETS.match(text) is not None,
        followed_bytes=followed_bytes,
    )
    data = {path: text.encode() for path, text in files.items()}
    return prefilter.choose(data, dict.fromkeys(files, (Phase.LIBRARY,)))


def _is_skipped(*others: str, text: str, words: str = "") -> bool:
    files = {f"src/{number}.rs": other for number, other in enumerate(others)}
    return "src/judged.rs" in _choose({**files, "src/judged.rs": text}, words=words).skipped


def test_code_that_names_nothing_stays_unparsed() -> None:
    assert _is_skipped(text=_PLAIN)


@pytest.mark.parametrize(
    "text",
    [
        "fn f() { std::fs::read(x); }",
        "fn f() { std/**/::fs/* :: */\n// x\n::read(x); }",
        "use std/*;*/::{/*;*/fs as q}; fn f() { q::read(x); }",
        "use std::{self as q}; fn f() { q::r#fs::read(x); }",
        "use std::*; fn f() {}",
        "extern crate std as q;",
        "fn f() { a.to_socket_addrs(); }",
        "fn f(p: &Path) -> bool { p . /* x */ exists() }",
        'extern r"C" { fn connect(); }',
        'unsafe extern /* x */ "C" { fn connect(); }',
        "extern { fn connect(); }",
        '#[link_name = "connect"] static X: u8;',
        'core::arch::asm!("syscall")',
        'const A: &str = env /**/ !("HOME");',
        'const A: &str = "http\\x3a//x.invalid";',
        'const A: &str = r#"https://x.invalid"#;',
        'const A: &str = "a \\\n https://x.invalid";',
        'const A: &[u8] = b"\\x2essh/id_rsa";',
        'const A: &str = "~/.aws/credentials";',
        'const A: &str = "192.0.2.77:443";',
        'const A: &str = "dilavni.x//:sptth";',
        f'const A: &str = "{base64.b64encode(b"https://x.invalid").decode()}";',
        f'const A: &str = "{base64.b64encode(bytes(range(40))).decode()}";',
        f'const A: &str = "{b"https://x.invalid".hex()}";',
        f"const A: &[u8] = &[{', '.join(map(str, b'https://x.invalid'))}];",
        f"const A: &[u8] = &[{', '.join(map(hex, b'https://x.invalid'))}];",
        "const A: &[u8] = &[" + ", ".join(f"b'{one}'" for one in "https://x.invalid") + "];",
        "fn f() { a\u2028b }",
        "fn f() {} // \0",
    ],
)
def test_power_in_any_spelling_is_read(text: str) -> None:
    assert not _is_skipped(text=_PLAIN + text)


@pytest.mark.parametrize(
    ("giver", "user"),
    [
        ("pub use std::fs as q;", "fn f() { crate::q::read(x); }"),
        ("pub use std::net::TcpStream;", "use crate::*; fn f() { TcpStream::connect(x); }"),
        ("pub use std::net::*;", "use crate::*; fn f() { TcpStream::connect(x); }"),
        ("pub use std::{fmt, fs::{self as q, File as F}};", "fn f() { F::open(x); }"),
        ("pub use ::std::process::Command as C;", "fn f() { C::new(x); }"),
        ("pub extern crate std as q;", "fn f() { q :: x!(y); }"),
        ("pub type S = std::net::TcpStream;", "fn f() { S::connect(x); }"),
        ("pub type S<'a> = Option<&'a std::fs::File>;", "fn f(a: S) {}"),
        ("pub fn go(x: &str) { std::fs::read(x); }", "fn f() { crate::go(y); }"),
        ("pub fn go<const N: usize>(x: [u8; N]) { std::fs::read(x); }", "fn f() { go(y); }"),
        ("pub fn go() -> impl Fn() { fn inner() {} std::fs::read }", "fn f() { go()(); }"),
        ("impl A { pub fn go(&self) { { std::fs::read(x); } } }", "fn f(a: A) { a.go(); }"),
        ("impl Drop for Gone { fn drop(&mut self) { std::fs::read(x); } }", "fn f() { Gone; }"),
        ("impl<T> From<T> for Q<T> where T: X { fn from() { std::fs::read(x) } }", "fn f(a: Q) {}"),
        ("pub static S: L<u8> = L::new(|| { let a = 1; std::env::var(x) });", "fn f() { *S; }"),
        ("pub const S: fn() = { fn g() {} || std::fs::read(x) };", "fn f() { S(); }"),
        ("macro_rules! go { () => { std::fs::read(x) } }", "fn f() { go!(); }"),
        (
            "macro_rules! go { ($a:ident, $b:ident) => { std::$a::$b } }",
            "fn f() { go!(fs, read); }",
        ),
        ("m!(pub fn go() { std::fs::read(x); });", "fn f() { go(); }"),
    ],
)
def test_a_name_made_from_power_elsewhere_is_followed(giver: str, user: str) -> None:
    assert _is_skipped(text=_PLAIN + user)
    assert not _is_skipped(giver, text=_PLAIN + user)


def test_names_are_followed_through_many_files() -> None:
    files = {"src/0.rs": "pub use std::fs as q0;"}
    files |= {f"src/{n}.rs": f"pub use crate::q{n - 1} as q{n};" for n in range(1, 20)}
    files |= {"src/a.rs": "fn go() { q19::read(x) }", "src/b.rs": "fn stay() { go() }"}
    files |= {"src/c.rs": "fn all() { stay() }", "src/d.rs": "fn other() { nothing() }"}
    assert _choose(files).skipped == {"src/d.rs"}


def test_a_dependency_that_is_catalogued_is_power() -> None:
    text = _PLAIN + "fn f() { net_client::get(x); }"
    assert _is_skipped(text=text)
    assert not _is_skipped(text=text, words="net_client")
    assert not _is_skipped(
        "pub use net_client as q;", text="fn f() { q::get() }", words="net_client"
    )


def test_what_is_too_much_to_follow_is_counted_and_the_smallest_read_first() -> None:
    files = {"src/giver.rs": "pub fn go() { std::fs::read(x); }"}
    files |= {"src/small.rs": "fn f() { go() }", "src/large.rs": "fn f() { go() }" + " " * 1000}
    choice = _choose(files, followed_bytes=500)
    assert choice == Choice(frozenset({"src/large.rs"}), 1)


def test_code_that_runs_at_build_time_is_always_read() -> None:
    prefilter = Prefilter((), (), lambda _: False, followed_bytes=0)
    files = {"build.rs": b"", "src/lib.rs": b"", "tests/a.rs": b"pub use std::fs as lib;"}
    phases = {
        "build.rs": (Phase.BUILD_SCRIPT,),
        "src/lib.rs": (Phase.LIBRARY,),
        "tests/a.rs": (Phase.TEST,),
    }
    assert prefilter.choose(files, phases).skipped == {"src/lib.rs"}


def test_plain_names_beside_power_are_no_power() -> None:
    power = Power(_SIGNATURES.apis, ())
    code = b"use std::{fmt, io::Read, net::Ipv4Addr, os::raw::c_int}; fn f() -> Ipv4Addr { a }"
    assert not aliases(code, power)
    assert not owners(code, power)


def test_a_value_is_named_by_all_its_parts() -> None:
    code = b"static S: F = if a { b } else { std::fs::read }; fn f() { g() }"
    assert owners(code, Power(_SIGNATURES.apis, ())) == {"S"}


def test_deep_nesting_is_read_once() -> None:
    code = b"fn a() {" * 50_000 + b"std::fs::read(x);" * 50_000
    assert owners(skeleton(code).code, Power(_SIGNATURES.apis, ())) == {"a"}
