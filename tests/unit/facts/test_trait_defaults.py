"""What a trait gives to those that have none of their own: functions and constants, by any path."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
PLACE = """
    trait Place {
        const PORT: u16 = 8443;
        fn host() -> &'static str { "drop.invalid" }
        fn place() -> String { format!("{}:{}", Self::host(), Self::PORT) }
    }"""
WAYS = {
    "a blanket on a foreign type": """
        impl<T> Place for Vec<T> {}
        pub fn go() { std::net::TcpStream::connect(<Vec<u8> as Place>::place()).ok(); }""",
    "an own type": """
        struct Here;
        impl Place for Here {}
        pub fn go() { std::net::TcpStream::connect(Here::place()).ok(); }""",
}


@pytest.mark.parametrize("code", WAYS.values(), ids=WAYS)
def test_the_default_is_meant(facts_of: FactsOf, code: str) -> None:
    found = facts_of(PLACE + code, "src/lib.rs")
    opened = [one.subject for one in found if one.kind is FactKind.NET_CONNECT]
    assert "drop.invalid:8443" in opened


def test_an_own_function_goes_before_the_default(facts_of: FactsOf) -> None:
    code = (
        PLACE
        + """
        struct Here;
        impl Place for Here { fn place() -> String { "own.invalid:1".into() } }
        pub fn go() { std::net::TcpStream::connect(Here::place()).ok(); }"""
    )
    found = facts_of(code, "src/lib.rs")
    assert "own.invalid:1" in [one.subject for one in found if one.kind is FactKind.NET_CONNECT]
