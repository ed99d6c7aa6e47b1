"""Subjects that are made of constants alone and that nothing works out: the act is told as hiding."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import HIDDEN_CONSTANT, Fact, FactKind

FactsOf = Callable[..., list[Fact]]
HEAD = """use std::process::Command;
const TABLE: [u8; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
static KEY: &[u8] = b"some-key";
fn line() -> String {
    let mut out = Vec::new();
    unsafe { for i in 0..12 { out.push(*TABLE.as_ptr().add(i) ^ KEY[i % 8]); } }
    String::from_utf8(out).unwrap()
}
"""
HIDING = {
    "a shell": 'pub fn f() { Command::new("sh").arg("-c").arg(line()).spawn().ok(); }',
    "a shell in a helper": """
        fn run(text: &str) { Command::new("sh").args(["-c", text]).status().ok(); }
        pub fn f() { run(&line()); }""",
    "a shell in a field": """
        struct Job { text: String }
        impl Job { fn go(&self) { Command::new("sh").arg("-c").arg(&self.text).status().ok(); } }
        pub fn f() { Job { text: line() }.go(); }""",
    "with settings of the caller": """
        pub fn f(dir: &std::path::Path) {
            Command::new("sh").arg("-c").arg(line()).current_dir(dir).env("A", "b").spawn().ok();
        }""",
    "an address": "pub fn f() { std::net::TcpStream::connect(line()).ok(); }",
    "an address of a client": "pub fn f(body: &str) { ureq::post(&line()).send_string(body).ok(); }",
}
OPEN = {
    "of the caller": 'pub fn f(text: &str) { Command::new("sh").arg("-c").arg(text).spawn().ok(); }',
    "partly of the caller": """
        pub fn f(text: &str) {
            Command::new("sh").arg("-c").arg(line() + text).spawn().ok();
        }""",
    "of a variable": """
        pub fn f() { std::net::TcpStream::connect(std::env::var("HOST").unwrap()).ok(); }""",
    "of a foreign function": """
        pub fn f() { Command::new("sh").arg("-c").arg(settings::line()).spawn().ok(); }""",
    "of an answer": """
        pub fn f(url: &str) {
            let text = ureq::get(url).call().unwrap().into_string().unwrap();
            Command::new("sh").arg("-c").arg(text).spawn().ok();
        }""",
}


def _hidden(facts: list[Fact]) -> list[Fact]:
    return [one for one in facts if one.kind is FactKind.MENTION and one.subject == HIDDEN_CONSTANT]


@pytest.mark.parametrize("code", HIDING.values(), ids=HIDING)
def test_a_constant_that_nothing_works_out_is_told(code: str, facts_of: FactsOf) -> None:
    assert _hidden(facts_of(HEAD + code, "src/lib.rs"))


@pytest.mark.parametrize("code", OPEN.values(), ids=OPEN)
def test_what_comes_from_outside_is_not(code: str, facts_of: FactsOf) -> None:
    assert not _hidden(facts_of(HEAD + code, "src/lib.rs"))


def test_neither_is_what_is_plainly_known(facts_of: FactsOf) -> None:
    code = (
        'use std::process::Command; pub fn f() { Command::new("sh").arg("-c").arg("id").spawn(); }'
    )
    assert not _hidden(facts_of(code, "src/lib.rs"))


def test_nor_what_only_tests_do(facts_of: FactsOf) -> None:
    code = (
        'fn f() { Command::new("sh").arg("-c").arg(line()).spawn().ok(); } #[test] fn t() { f(); }'
    )
    assert not _hidden(facts_of(HEAD + code, "tests/all.rs"))
