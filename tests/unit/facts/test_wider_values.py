"""Values that blind batches showed to be lost: each gap in three idioms."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
P = "pub mod p { pub fn take(key: &str) { let _ = std::env::var(key); } }"

VARIABLES = {
    "a macro names its crate": f'{P} macro_rules! e {{ ($a:expr) => {{ $crate::p::take("NPM_TOKEN") }}; }}',
    "in a block": f'{P} macro_rules! e {{ ($($a:tt)*) => {{{{ $crate::p::take("NPM_TOKEN"); }}}}; }}',
    "in a closure": f'{P} macro_rules! e {{ () => {{ O.call_once(|| $crate::p::take("NPM_TOKEN")) }}; }}',
    "items of a list are handed on": f"""{P}
        pub fn f() {{ for key in ["PATH", "NPM_TOKEN"] {{ p::take(key); }} }}""",
    "pairs of a list are handed on": f"""{P}
        pub fn f() {{ for (key, _) in [("PATH", 1), ("NPM_TOKEN", 2)] {{ p::take(key); }} }}""",
    "items go through a closure": f"""{P}
        pub fn f() {{ ["PATH", "NPM_TOKEN"].iter().for_each(|key| p::take(key)); }}""",
    "a constant of the type": """
        pub struct T; impl T { const KEY: &'static str = "NPM_TOKEN"; fn f(&self) { std::env::var(Self::KEY).ok(); } }""",
    "a constant of a named type": """
        pub struct T; impl T { pub const KEY: &'static str = "NPM_TOKEN"; } fn f() { std::env::var(T::KEY).ok(); }""",
    "a constant of a generic type": """
        pub struct T<A>(A); impl<A> T<A> { const KEY: &'static str = "NPM_TOKEN"; fn f() { std::env::var(Self::KEY).ok(); } }""",
    "a part of a constant pair": """
        const PAIR: (&str, u8) = ("NPM_TOKEN", 1); pub fn f() { std::env::var(PAIR.0).ok(); }""",
    "a part of a local pair": """
        pub fn f() { let pair = (1, "NPM_TOKEN"); std::env::var(pair.1).ok(); }""",
    "a part of a static": """
        static PAIR: (&str, &str) = ("NPM_", "TOKEN"); pub fn f() { std::env::var(format!("{}{}", PAIR.0, PAIR.1)).ok(); }""",
}


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variables_name_is_worked_out(name: str, facts_of: FactsOf) -> None:
    facts = facts_of(VARIABLES[name], "src/lib.rs")
    assert "NPM_TOKEN" in {one.subject for one in facts if one.kind is FactKind.ENV_READ}


PLACES = {
    "found on the way up": """
        fn hooks() -> Option<std::path::PathBuf> {
            let mut dir = std::env::current_dir().ok()?;
            loop {
                let git = dir.join(".git");
                if git.is_dir() { return Some(git.join("hooks")); }
                if !dir.pop() { return None; }
            }
        }
        fn main() { std::fs::write(hooks().unwrap().join("post-commit"), "x").ok(); }""",
    "the first that is there": """
        fn hooks() -> std::path::PathBuf {
            for name in ["a", "b"] {
                if name.is_empty() { return std::path::Path::new(".git").join("hooks"); }
            }
            panic!()
        }
        fn main() { std::fs::write(hooks().join("post-commit"), "x").ok(); }""",
    "left early": """
        fn hooks(deep: bool) -> Option<String> {
            if deep { return Some(".git/hooks".to_string()); }
            None
        }
        fn main() { std::fs::write(format!("{}/post-commit", hooks(true).unwrap()), "x").ok(); }""",
}


@pytest.mark.parametrize("name", PLACES)
def test_what_a_function_returns_early_is_its_value(name: str, facts_of: FactsOf) -> None:
    written = [one.subject for one in facts_of(PLACES[name]) if one.kind is FactKind.FILE_WRITE]
    assert [one for one in written if one.endswith(".git/hooks/post-commit")]


LISTS = {
    "a function that makes a list": """
        fn all() -> Vec<std::path::PathBuf> {
            ["a", ".ssh/id_rsa"].iter().map(|b| dirs::home_dir().unwrap().join(b)).collect()
        }
        pub fn f() { for p in all() { std::fs::read(p).ok(); } }""",
    "a numbered list": """
        fn all() -> Vec<std::path::PathBuf> {
            [".ssh/id_rsa", "b"].iter().map(|b| dirs::home_dir().unwrap().join(b)).filter(|p| p.exists()).collect()
        }
        pub fn f() { for (n, p) in all().into_iter().enumerate() { std::fs::copy(&p, format!("{n}")).ok(); } }""",
    "options in a list": """
        fn read(p: std::path::PathBuf) { std::fs::read(p.join(".ssh/id_rsa")).ok(); }
        pub fn f() { for p in [dirs::config_dir(), dirs::home_dir()].into_iter().flatten() { read(p); } }""",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_places_stays_a_list(name: str, facts_of: FactsOf) -> None:
    read = {
        one.subject for one in facts_of(LISTS[name], "src/lib.rs") if one.kind is FactKind.FILE_READ
    }
    assert "{home}/.ssh/id_rsa" in read


LINES = {
    "a function": """
        fn emit(k: &str, v: &str) { println!("cargo:rustc-env={}={}", k, v); }
        fn main() { emit("LD_PRELOAD", "x.so"); }""",
    "a method that collects lines": """
        use std::fmt::Write;
        struct D(String);
        impl D { fn env(&mut self, key: &str, value: &str) { let _ = writeln!(self.0, "cargo:rustc-env={key}={value}"); } }
        fn main() { let mut d = D(String::new()); d.env("LD_PRELOAD", "x.so"); print!("{}", d.0); }""",
    "items of a list": """
        fn emit(k: &str, v: &str) { println!("cargo::rustc-env={k}={v}"); }
        fn main() { for (k, v) in [("A", "b"), ("LD_PRELOAD", "x.so")] { emit(k, v); } }""",
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_a_helper_prints_is_told_caller_by_caller(name: str, facts_of: FactsOf) -> None:
    told = {one.subject for one in facts_of(LINES[name]) if one.kind is FactKind.BUILD_DIRECTIVE}
    assert "rustc-env=LD_PRELOAD=x.so" in told


SOCKETS = {
    "a local": """
        let mut s = std::net::TcpStream::connect("192.0.2.1:80").unwrap(); s.write_all(b"x").ok();""",
    "a pattern": """
        if let Ok(mut s) = std::net::TcpStream::connect(("192.0.2.1", 80)) { let _ = writeln!(s, "x"); }""",
    "a copy": """
        let s = std::net::TcpStream::connect("192.0.2.1:80").unwrap();
        let mut t = s.try_clone().unwrap();
        t.write_all(b"x").ok();""",
}


@pytest.mark.parametrize("name", SOCKETS)
def test_what_a_socket_sends_goes_where_it_was_connected(name: str, facts_of: FactsOf) -> None:
    code = f"use std::io::Write; fn main() {{ {SOCKETS[name]} }}"
    assert {one.subject for one in facts_of(code) if one.kind is FactKind.NET_SEND} == {
        "192.0.2.1:80"
    }


KINDS = {
    "an option's value": """
        std::net::TcpStream::connect("192.0.2.1:80").ok().map(|mut s| s.write_all(b"x"));""",
    "a result's value": """
        std::net::TcpStream::connect("192.0.2.1:80").and_then(|mut s| s.write_all(b"x")).ok();""",
    "by its own word": """
        let send = |mut s: std::net::TcpStream| s.write_all(b"x").ok();
        send(std::net::TcpStream::connect("192.0.2.1:80").unwrap());""",
}


@pytest.mark.parametrize("name", KINDS)
def test_a_closures_parameter_has_a_type(name: str, facts_of: FactsOf) -> None:
    code = f"use std::io::Write; fn main() {{ {KINDS[name]} }}"
    assert [one for one in facts_of(code) if one.kind is FactKind.NET_SEND]


ENCODED = {
    "lines": "aW1wb3J0IG9zCm9zLnN5c3RlbSgnY3VybCBodHRwczovL2EuaW52YWxpZC9zaCcpCg==",
    "columns": "aWQJaHR0cHM6Ly9hLmludmFsaWQvc2gJeA==",
    "one line": "Y3VybCBodHRwczovL2EuaW52YWxpZC9zaA==",
}


@pytest.mark.parametrize("name", ENCODED)
def test_encoded_text_of_several_lines_is_text(name: str, facts_of: FactsOf) -> None:
    facts = facts_of(f'const A: &str = "{ENCODED[name]}"; fn main() {{ drop(A); }}')
    urls = [one for one in facts if one.kind is FactKind.VALUE_URL and "base64" in one.derivation]
    assert urls
