"""Headers with secrets that a program reads from what passes through it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]

READ = {
    "by a constant": "pub fn f(h: &http::HeaderMap) { h.get(http::header::AUTHORIZATION); }",
    "by its name": """use http::header::COOKIE; pub fn f(h: &http::HeaderMap) { h.get_all(COOKIE); }""",
    "by a text": """pub fn f(h: &http::HeaderMap) { h.get("Authorization"); }""",
    "in a loop": """
        use http::header::{ACCEPT, COOKIE};
        pub fn f(h: &http::HeaderMap) { for name in [ACCEPT, COOKIE] { h.get(&name); } }""",
    "by a constant list": """
        use http::header::{HeaderName, ACCEPT, AUTHORIZATION};
        const ALL: [HeaderName; 2] = [ACCEPT, AUTHORIZATION];
        pub fn f(h: &http::HeaderMap) { for name in ALL { h.get(&name); } }""",
    "in a closure": """
        pub fn f(h: &http::HeaderMap) { ["cookie", "accept"].iter().filter_map(|name| h.get(*name)).count(); }""",
}


@pytest.mark.parametrize("code", READ.values(), ids=READ)
def test_a_secret_header_that_is_read_is_seen(code: str, facts_of: FactsOf) -> None:
    facts = facts_of(code, "src/lib.rs")
    assert "secret-header" in {one.subject for one in facts if one.kind is FactKind.MENTION}


OTHER = {
    "set": "pub fn f(h: &mut http::HeaderMap) { h.insert(http::header::AUTHORIZATION, value()); }",
    "another": """pub fn f(h: &http::HeaderMap) { h.get("accept"); let _ = "authorization"; }""",
    "of the caller": "pub fn f(h: &http::HeaderMap, authorization: &str) { h.get(authorization); }",
}


@pytest.mark.parametrize("code", OTHER.values(), ids=OTHER)
def test_other_headers_say_nothing(code: str, facts_of: FactsOf) -> None:
    facts = facts_of(code, "src/lib.rs")
    assert "secret-header" not in {one.subject for one in facts}
