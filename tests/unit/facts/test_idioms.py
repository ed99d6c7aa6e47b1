"""Places that stand in lists, tuples, fields and macros, named by iterators and closures."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
HOME = "dirs::home_dir().unwrap()"

IDIOMS = {
    "a closure over a list": f"""
        pub fn f() {{ [".npmrc", ".netrc"].iter().for_each(|name| {{ std::fs::read({HOME}.join(name)).ok(); }}); }}""",
    "a filter over a list": f"""
        pub fn f() -> Vec<Vec<u8>> {{
            [".npmrc"].iter().filter_map(|name| std::fs::read({HOME}.join(name)).ok()).collect()
        }}""",
    "an option": f"""
        fn at() -> Option<std::path::PathBuf> {{ Some({HOME}.join(".npmrc")) }}
        pub fn f() -> Option<Vec<u8>> {{ at().and_then(|path| std::fs::read(path).ok()) }}""",
    "pairs in a constant": f"""
        const STORES: &[(&str, u8)] = &[("a", 1), (".npmrc", 2)];
        pub fn f() {{ for (name, _) in STORES {{ std::fs::read({HOME}.join(name)).ok(); }} }}""",
    "numbered pairs": f"""
        const STORES: [(&str, u8); 1] = [(".npmrc", 2)];
        pub fn f() {{
            for (number, (name, _)) in STORES.iter().enumerate() {{
                std::fs::read({HOME}.join(name)).ok();
                drop(number);
            }}
        }}""",
    "a list taken apart": f"""
        struct Table {{ parts: [&'static str; 2] }}
        impl Table {{
            fn standard() -> Self {{ Table {{ parts: [".np", "mrc"] }} }}
            pub fn f(&self) {{ let [a, b] = self.parts; std::fs::read({HOME}.join([a, b].concat())).ok(); }}
        }}""",
    "a pair taken apart": f"""
        fn both() -> (&'static str, &'static str) {{ (".npmrc", "x") }}
        pub fn f() {{ let (name, _) = both(); std::fs::read({HOME}.join(name)).ok(); }}""",
    "a constructor's parameters": f"""
        struct Entry {{ stem: &'static str, lead: &'static str }}
        impl Entry {{
            fn new(stem: &'static str, lead: &'static str) -> Self {{ Entry {{ stem, lead }} }}
            fn name(&self) -> String {{ format!(".{{}}{{}}", self.lead, self.stem) }}
        }}
        pub fn f() {{ let e = Entry::new("rc", "npm"); std::fs::read({HOME}.join(e.name())).ok(); }}""",
    "collected and joined": f"""
        struct Hive {{ first: &'static str, rest: [&'static str; 1] }}
        const HIVE: Hive = Hive {{ first: ".config", rest: ["../.npmrc"] }};
        pub fn f() {{
            let at = std::iter::once(HIVE.first).chain(HIVE.rest).collect::<Vec<_>>().join("/");
            std::fs::read({HOME}.join(at)).ok();
        }}""",
    "names of an own macro's arguments": f"""
        macro_rules! load {{
            ($stem:ident) => {{ std::fs::read({HOME}.join(concat!(".", stringify!($stem)))).ok() }};
        }}
        pub fn f() {{ load!(npmrc); }}""",
    "turns of an own macro": f"""
        macro_rules! all {{ ($($name:literal),*) => {{ $( std::fs::read({HOME}.join($name)).ok(); )* }}; }}
        pub fn f() {{ all!("x", ".npmrc"); }}""",
    "a choice of an enumeration": f"""
        enum Slot {{ Token, Other }}
        impl Slot {{
            fn at(&self) -> Option<std::path::PathBuf> {{
                let dir = {HOME};
                Some(match self {{ Slot::Token => dir.join(".npmrc"), Slot::Other => dir.join("x") }})
            }}
        }}
        pub fn f() {{ for slot in [Slot::Token, Slot::Other] {{ std::fs::read(slot.at().unwrap()).ok(); }} }}""",
    "an extension": f"""
        pub fn f() {{ std::fs::read({HOME}.join(".cargo/credentials").with_extension("toml")).ok(); }}""",
}


@pytest.mark.parametrize("source", IDIOMS.values(), ids=IDIOMS)
def test_the_place_is_known(facts_of: FactsOf, source: str) -> None:
    read = [one.subject for one in facts_of(source, "src/lib.rs") if one.kind is FactKind.FILE_READ]
    assert any(one.endswith((".npmrc", ".cargo/credentials.toml")) for one in read), read


def test_an_own_decoder_that_widens_numbers_is_run(facts_of: FactsOf) -> None:
    code = """
        fn plain(s: &str) -> String {
            let (mut acc, mut bits, mut out) = (0u32, 0, Vec::new());
            for c in s.bytes() {
                let v = match c {
                    b'A'..=b'Z' => c - b'A',
                    b'a'..=b'z' => c - b'a' + 26,
                    b'0'..=b'9' => c - b'0' + 52,
                    b'+' | b'-' => 62,
                    _ => 63,
                };
                acc = acc << 6 | u32::from(v);
                bits += 6;
                if bits >= 8 {
                    bits -= 8;
                    out.push((acc >> bits) as u8);
                    acc &= (1 << bits) - 1;
                }
            }
            String::from_utf8(out).unwrap_or_default()
        }
        pub fn f() { ureq::get(&plain("aHR0cHM6Ly9oaWRkZW4uaW52YWxpZC94")).call().ok(); }"""
    sent = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.NET_CONNECT]
    assert [one.subject for one in sent] == ["https://hidden.invalid/x"]
