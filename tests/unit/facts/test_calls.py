"""Each idiom by which Rust can name a thing must give the same fact."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]

READS_KEY = [
    pytest.param('fn main() { std::fs::read("/k/.ssh/id_rsa"); }', id="full path"),
    pytest.param('use std::fs; fn main() { fs::read("/k/.ssh/id_rsa"); }', id="module"),
    pytest.param('use std::fs::read; fn main() { read("/k/.ssh/id_rsa"); }', id="function"),
    pytest.param('use std::fs::read as r; fn main() { r("/k/.ssh/id_rsa"); }', id="renamed"),
    pytest.param('use std::*; fn main() { fs::read("/k/.ssh/id_rsa"); }', id="glob of std"),
    pytest.param('use std::fs::*; fn main() { read("/k/.ssh/id_rsa"); }', id="glob of fs"),
    pytest.param(
        'use {std::{self as s}}; fn main() { s::fs::read("/k/.ssh/id_rsa"); }', id="self as"
    ),
    pytest.param(
        'use std::{env, fs::{self, write}}; fn main() { fs::read("/k/.ssh/id_rsa"); }', id="group"
    ),
    pytest.param(
        'extern crate std as z; fn main() { z::fs::read("/k/.ssh/id_rsa"); }', id="extern crate"
    ),
    pytest.param('fn main() { r#std::r#fs::read("/k/.ssh/id_rsa"); }', id="raw identifiers"),
    pytest.param('fn main() { (std::fs::read)("/k/.ssh/id_rsa"); }', id="parenthesized"),
    pytest.param('fn main() { let f = std::fs::read; f("/k/.ssh/id_rsa"); }', id="in a variable"),
    pytest.param('fn main() { use std::fs as x; x::read("/k/.ssh/id_rsa"); }', id="use in a body"),
    pytest.param(
        'mod m { pub use std::fs as y; } fn main() { m::y::read("/k/.ssh/id_rsa"); }',
        id="re-export",
    ),
    pytest.param(
        'mod m { pub use std::fs::read as go; } use m::*; fn main() { go("/k/.ssh/id_rsa"); }',
        id="glob of own",
    ),
    pytest.param('fn main() { std::fs::read::<&str>("/k/.ssh/id_rsa"); }', id="turbofish"),
    pytest.param(
        'fn main() { std /* x */ :: fs :: read("/k/.ssh/id_rsa"); }', id="comment inside a path"
    ),
    pytest.param(
        'fn main() { println!("{:?}", std::fs::read("/k/.ssh/id_rsa")); }', id="macro argument"
    ),
    pytest.param('fn main() { vec![std::fs::read("/k/.ssh/id_rsa")]; }', id="vec"),
    pytest.param(
        'fn main() { cfg_if! { if #[cfg(unix)] { std::fs::read("/k/.ssh/id_rsa"); } } }',
        id="macro block",
    ),
    pytest.param(
        'macro_rules! m { () => { std::fs::read("/k/.ssh/id_rsa") } } fn main() { m!(); }',
        id="macro body",
    ),
    pytest.param('const K: &str = "/k/.ssh/id_rsa"; fn main() { std::fs::read(K); }', id="const"),
    pytest.param(
        'fn main() { let p = concat!("/k/.ss", "h/id_rsa"); std::fs::read(p); }', id="concat"
    ),
    pytest.param(
        'fn main() { let d = "/k"; std::fs::read(format!("{}/.ssh/id_rsa", d)); }', id="format"
    ),
    pytest.param(
        'fn main() { let d = "/k"; std::fs::read(format!("{d}/.ssh/{0}", "id_rsa")); }',
        id="inline format",
    ),
    pytest.param(
        'fn main() { let p = std::path::Path::new("/k").join(".ssh").join("id_rsa"); std::fs::read(p); }',
        id="join",
    ),
    pytest.param(
        'fn main() { let mut p = std::path::PathBuf::from("/k"); p.push(".ssh"); p.push("id_rsa"); std::fs::read(&p); }',
        id="push",
    ),
    pytest.param(
        'fn main() { let p = ["/k", ".ssh", "id_rsa"].join("/"); std::fs::read(p); }',
        id="join of a list",
    ),
    pytest.param(
        'fn p() -> String { "/k/.ssh/id_rsa".to_string() } fn main() { std::fs::read(p()); }',
        id="own function",
    ),
    pytest.param(
        r'fn main() { std::fs::read("/k/\u{2e}s\x73h/id_r\
      sa"); }',
        id="escapes",
    ),
    pytest.param('fn main() { std::fs::read(r#"/k/.ssh/id_rsa"#); }', id="raw text"),
    pytest.param(
        'fn main() { let p = "/k/" .to_owned() + ".ssh" + "/id_rsa"; std::fs::read(p); }', id="plus"
    ),
]


@pytest.mark.parametrize("code", READS_KEY)
def test_every_idiom_of_a_read_gives_the_same_fact(facts_of: FactsOf, code: str) -> None:
    read = [one for one in facts_of(code) if one.kind is FactKind.FILE_READ]
    subjects = [one.subject for one in read if one.subject != "unknown"]
    assert subjects == ["/k/.ssh/id_rsa"]


SENDS = [
    pytest.param(
        'fn main() { std::net::TcpStream::connect("192.0.2.1:80"); }', "192.0.2.1:80", id="socket"
    ),
    pytest.param(
        'use std::net::TcpStream as T; fn main() { T::connect(("192.0.2.1", 80)); }',
        "192.0.2.1:80",
        id="tuple",
    ),
    pytest.param(
        'type S = std::net::TcpStream; fn main() { S::connect("192.0.2.1:80"); }',
        "192.0.2.1:80",
        id="type alias",
    ),
    pytest.param(
        'fn main() { ureq::get("http://x.invalid/").call(); }', "http://x.invalid/", id="ureq"
    ),
    pytest.param(
        'fn main() { post::get("http://x.invalid/").call(); }',
        "http://x.invalid/",
        id="renamed dependency",
    ),
    pytest.param(
        'fn main() { let a = ureq::AgentBuilder::new().build(); a.get("http://x.invalid/").call(); }',
        "http://x.invalid/",
        id="agent",
    ),
    pytest.param(
        'fn f(c: &reqwest::Client) { c.get("http://x.invalid/"); }',
        "http://x.invalid/",
        id="parameter",
    ),
    pytest.param(
        'struct A { c: reqwest::blocking::Client } impl A { fn f(&self) { self.c.get("http://x.invalid/"); } }',
        "http://x.invalid/",
        id="field",
    ),
    pytest.param(
        'fn c() -> reqwest::Client { todo!() } fn f() { c().get("http://x.invalid/"); }',
        "http://x.invalid/",
        id="result of own function",
    ),
    pytest.param(
        'fn main() { let mut e = curl::easy::Easy::new(); e.url("http://x.invalid/").unwrap(); }',
        "http://x.invalid/",
        id="curl crate",
    ),
    pytest.param(
        'use std::process::Command as C; fn main() { C::new("curl").arg("http://x.invalid/").status(); }',
        "http://x.invalid/",
        id="curl program",
    ),
    pytest.param(
        'fn main() { std::process::Command::new("sh").args(["-c", "wget -q http://x.invalid/"]).status(); }',
        "http://x.invalid/",
        id="shell text",
    ),
]


@pytest.mark.parametrize(("code", "subject"), SENDS)
def test_every_idiom_of_a_connection_gives_its_host(
    facts_of: FactsOf, code: str, subject: str
) -> None:
    found = [one.subject for one in facts_of(code) if one.kind is FactKind.NET_CONNECT]
    assert subject in found


def test_a_shadowed_std_is_not_std(facts_of: FactsOf) -> None:
    code = 'mod std { pub mod fs { pub fn read(_: &str) {} } } fn main() { std::fs::read("/k"); }'
    assert not [one for one in facts_of(code) if one.kind is FactKind.FILE_READ]


def test_a_network_name_behind_a_file_name_is_network(facts_of: FactsOf) -> None:
    code = (
        "mod std { pub mod fs { pub use ::std::net::TcpStream as File; } }"
        ' fn main() { std::fs::File::connect("192.0.2.1:9"); }'
    )
    assert [one.subject for one in facts_of(code) if one.kind is FactKind.NET_CONNECT]


def test_an_unknown_subject_is_a_fact(facts_of: FactsOf) -> None:
    code = "fn f(p: &str) { std::fs::read(p); }"
    assert [one.subject for one in facts_of(code) if one.kind is FactKind.FILE_READ] == ["unknown"]


def test_a_function_passed_by_name_is_a_fact(facts_of: FactsOf) -> None:
    code = "use std::fs::read; fn f(v: Vec<String>) { v.iter().map(read); v.iter().map(std::fs::write); }"
    kinds = {one.kind for one in facts_of(code)}
    assert {FactKind.FILE_READ, FactKind.FILE_WRITE} <= kinds


def test_arguments_of_a_command_are_its_data(facts_of: FactsOf) -> None:
    code = (
        'fn main() { let mut c = std::process::Command::new("git"); c.arg("push");'
        ' c.args(&["-f", "origin"]); c.status(); }'
    )
    spawned = [one for one in facts_of(code) if one.kind is FactKind.PROCESS_SPAWN]
    assert [one.data for one in spawned] == [("push", "-f", "origin")]


def test_a_home_directory_is_a_named_hole(facts_of: FactsOf) -> None:
    code = 'fn main() { std::fs::read(dirs::home_dir().unwrap().join(".netrc")); }'
    assert "{home}/.netrc" in [one.subject for one in facts_of(code)]


def test_a_variable_names_its_hole(facts_of: FactsOf) -> None:
    code = 'fn main() { let h = std::env::var("HOME").unwrap(); std::fs::read(h + "/.netrc"); }'
    assert "{env:HOME}/.netrc" in [one.subject for one in facts_of(code)]


def test_lines_and_columns_are_where_the_call_is(facts_of: FactsOf) -> None:
    code = 'fn main() {\n    let ä = 1; std::fs::read("x.txt");\n}\n'
    (read,) = [one for one in facts_of(code) if one.kind is FactKind.FILE_READ]
    assert (read.where.line, read.where.column) == (2, 16)  # type: ignore[union-attr]  # a Span


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\u0085", "\u2028", "\r"])
def test_only_line_feeds_count_lines(facts_of: FactsOf, separator: str) -> None:
    code = f'// a{separator}b\nfn main() {{ std::fs::read("x.txt"); }}\n'
    (read,) = [one for one in facts_of(code) if one.kind is FactKind.FILE_READ]
    assert read.where.line == 2  # type: ignore[union-attr]  # a Span


def test_a_qualified_path_without_a_type_ends(facts_of: FactsOf) -> None:
    code = 'fn f() { <<A as B>::C as D>::g(); <[u8]>::h(); <&dyn X>::i(); std::fs::read("x"); }'
    assert [one.subject for one in facts_of(code) if one.kind is FactKind.FILE_READ] == ["x"]


@pytest.mark.parametrize(
    ("declared", "called"),
    [
        ("pub fn system(c: *const u8) -> i32;", "system"),
        ('#[link_name = "system"]\n pub fn tidy(c: *const u8) -> i32;', "tidy"),
        ('#[link_name = "system"] // \n pub fn r#do(c: *const u8) -> i32;', "r#do"),
    ],
)
def test_a_function_declared_in_an_extern_block_is_the_systems(
    facts_of: FactsOf, declared: str, called: str
) -> None:
    found = facts_of(
        f'mod s {{ extern "C" {{ {declared} }} }}'
        f'fn main() {{ unsafe {{ s::{called}("id > /tmp/x\\0".as_ptr()); }} }}'
    )
    assert [one.api for one in found if one.kind is FactKind.PROCESS_SHELL] == ["libc::system"]


@pytest.mark.parametrize(
    "address",
    [
        '"192.0.2.7:9".parse::<std::net::SocketAddr>().unwrap()',
        "std::net::SocketAddr::from(([192, 0, 2, 7], 9))",
        "(std::net::Ipv4Addr::new(192, 0, 2, 7), 9)",
        "std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)), 9)",
        "std::net::SocketAddrV4::new(std::net::Ipv4Addr::new(192, 0, 2, 7), 9)",
        '("192.0.2.7", 9)',
        'format!("{}:{}", "192.0.2.7", 9)',
    ],
)
def test_an_address_is_known_however_it_is_made(facts_of: FactsOf, address: str) -> None:
    found = facts_of(f"fn main() {{ std::net::TcpStream::connect({address}).unwrap(); }}")
    assert [one.subject for one in found if one.kind is FactKind.NET_CONNECT] == ["192.0.2.7:9"]


def test_the_end_of_a_c_text_is_no_part_of_it(facts_of: FactsOf) -> None:
    found = facts_of(
        'extern "C" { fn system(c: *const u8) -> i32; }'
        'fn main() { unsafe { system(b"id\\0".as_ptr()); system(c"id".as_ptr()); } }'
    )
    subjects = [one.subject for one in found if one.kind is FactKind.PROCESS_SHELL]
    assert subjects == ["id", "id"]
