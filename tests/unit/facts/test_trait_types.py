"""Paths that begin with a generic parameter: which type it stands for, and what that has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
TRAITS = """
    trait Wire { const TO: &'static str; fn open() -> bool; }
    trait Host { type Wire: Wire; const NAME: &'static str; fn port() -> u16; }
    struct Here; struct Line;
    impl Host for Here {
        type Wire = Line;
        const NAME: &'static str = "drop.invalid";
        fn port() -> u16 { 8443 }
    }
    impl Wire for Line {
        const TO: &'static str = "drop.invalid:8443";
        fn open() -> bool { std::net::TcpStream::connect(Self::TO).is_ok() }
    }
    fn at(to: String) { std::net::TcpStream::connect(to).ok(); }"""
OTHER = """
    struct There; struct Short;
    impl Host for There {
        type Wire = Short;
        const NAME: &'static str = "docs.invalid";
        fn port() -> u16 { 80 }
    }
    impl Wire for Short { const TO: &'static str = ""; fn open() -> bool { false } }"""
WAYS = {
    "a turbofish": """fn go<H: Host>() { at(format!("{}:{}", H::NAME, H::port())); }
        pub fn run() { go::<Here>(); }""",
    "a turbofish that is handed on": """
        fn go<'a, H: Host>() { at(format!("{}:{}", H::NAME, H::port())); }
        fn through<const N: u8, G: Host>() { go::<G>(); }
        pub fn run() { through::<3, Here>(); }""",
    "a constant of an associated type": """
        fn go<H: Host>() { at(String::from(<<H as Host>::Wire as Wire>::TO)); }
        pub fn run() { go::<Here>(); }""",
    "an associated type by its short name": """
        fn go<H>() where H: Host { at(String::from(<H::Wire as Wire>::TO)); }
        pub fn run() { go::<Here>(); }""",
}
ONLY = {
    "a parameter of the impl": """
        struct Runner<H>(std::marker::PhantomData<H>);
        impl<H: Host> Runner<H> { pub fn run(&self) { at(format!("{}:{}", H::NAME, H::port())); } }
        """,
    "a bound alone": """pub fn run<H: Host>() { at(format!("{}:{}", H::NAME, H::port())); }""",
    "a bound behind where": """
        pub fn run<H>() where H: Clone + Host { at(format!("{}:{}", H::NAME, H::port())); }""",
}


def _opened(found: list[Fact]) -> list[str]:
    return [one.subject for one in found if one.kind is FactKind.NET_CONNECT]


@pytest.mark.parametrize("code", WAYS.values(), ids=WAYS)
def test_the_type_that_a_caller_names_is_meant(facts_of: FactsOf, code: str) -> None:
    said = code + "fn z<H: Host>(_: H) {}"
    opened = _opened(facts_of(TRAITS + OTHER + said, "src/lib.rs"))
    assert "drop.invalid:8443" in opened
    assert not any("docs" in one for one in opened)


@pytest.mark.parametrize("code", ONLY.values(), ids=ONLY)
def test_the_one_type_that_has_the_trait_is_meant(facts_of: FactsOf, code: str) -> None:
    assert "drop.invalid:8443" in _opened(facts_of(TRAITS + code, "src/lib.rs"))


def test_of_two_types_each_is_told_with_what_belongs_to_it(facts_of: FactsOf) -> None:
    code = """pub fn run<H: Host>() {
        std::net::TcpStream::connect(format!("{}:{}", H::NAME, H::port())).ok(); }"""
    opened = _opened(facts_of(TRAITS + OTHER + code, "src/lib.rs"))
    assert {"drop.invalid:8443", "docs.invalid:80"} <= set(opened)
    assert not {"drop.invalid:80", "docs.invalid:8443"} & set(opened)


def test_who_has_a_trait_of_another_crate_nobody_knows(facts_of: FactsOf) -> None:
    code = """
        struct Own;
        impl ToString for Own { fn to_string(&self) -> String { "own.invalid:1".into() } }
        pub fn run<T: ToString>(t: T) { std::net::TcpStream::connect(T::to_string(&t)).ok(); }"""
    assert "own.invalid:1" not in _opened(facts_of(code, "src/lib.rs"))
