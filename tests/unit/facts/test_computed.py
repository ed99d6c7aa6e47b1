"""Texts that own code computes: what a program is started with is known all the same."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Fact, FactKind, GapKind, Report

FactsOf = Callable[..., list[Fact]]
ReportOf = Callable[[Mapping[str, str]], Report]
WORD = "/etc/passwd"
XORED = ", ".join(str(one ^ 0x5A) for one in WORD.encode())
SHIFTED = ", ".join(str(one + 3) for one in WORD.encode())
HEXED = WORD.encode().hex()
ROT13 = "/rgp/cnffjq"
KEYED = ", ".join(str(one ^ b"key"[i % 3]) for i, one in enumerate(WORD.encode()))
BASE64 = base64.b64encode(WORD.encode()).decode()


def _stream() -> str:
    state, found = 0x1234, []
    for one in WORD.encode():
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        found.append(str(one ^ (state >> 24)))
    return ", ".join(found)


IDIOMS = {
    "map and collect": f"""
        const K: u8 = 0x5a;
        static D: [u8; 11] = [{XORED}];
        fn un(b: &[u8]) -> String {{ b.iter().map(|c| (c ^ K) as char).collect() }}
        pub fn go() {{ let _ = std::fs::read(un(&D)); }}""",
    "indexed key": f"""
        fn un(data: &[u8], key: &[u8]) -> String {{
            let mut out = Vec::with_capacity(data.len());
            for (i, b) in data.iter().enumerate() {{ out.push(b ^ key[i % key.len()]); }}
            String::from_utf8(out).unwrap()
        }}
        pub fn go() {{ let _ = std::fs::read(un(&[{KEYED}], b"key")); }}""",
    "cycled key": f"""
        pub fn go() {{
            let data = [{KEYED}];
            let out: Vec<u8> = data.iter().zip(b"key".iter().cycle()).map(|(a, b)| a ^ b).collect();
            let name = std::str::from_utf8(&out).unwrap();
            let _ = std::fs::read(name);
        }}""",
    "in place": f"""
        pub fn go() {{
            let mut data = vec![{XORED}];
            for b in data.iter_mut() {{ *b ^= 0x5a; }}
            let name = String::from_utf8_lossy(&data).to_string();
            let _ = std::fs::read(&name);
        }}""",
    "while with an index": f"""
        const fn un<const N: usize>(mut data: [u8; N]) -> [u8; N] {{
            let mut i = 0;
            while i < N2 {{ data[i] = data[i].wrapping_sub(3); i += 1; }}
            data
        }}
        const N2: usize = 11;
        const NAME: [u8; 11] = un([{SHIFTED}]);
        pub fn go() {{ let _ = std::fs::read(core::str::from_utf8(&NAME).unwrap()); }}""",
    "hex by pairs": f"""
        fn un(s: &str) -> String {{
            (0..s.len()).step_by(2)
                .map(|i| u8::from_str_radix(&s[i..i + 2], 16).unwrap() as char)
                .collect::<String>()
        }}
        pub fn go() {{ let _ = std::fs::read(un("{HEXED}")); }}""",
    "rot13": f"""
        fn un(s: &str) -> String {{
            s.chars().map(|c| match c {{
                'a'..='z' => ((c as u8 - b'a' + 13) % 26 + b'a') as char,
                'A'..='Z' => ((c as u8 - b'A' + 13) % 26 + b'A') as char,
                _ => c,
            }}).collect()
        }}
        pub fn go() {{ let _ = std::fs::read(un("{ROT13}")); }}""",
    "a stream of random numbers": f"""
        fn un(data: &[u8]) -> String {{
            let mut state: u32 = 0x1234;
            let mut out = String::new();
            for b in data {{
                state = state.wrapping_mul(1664525).wrapping_add(1013904223);
                out.push((b ^ (state >> 24) as u8) as char);
            }}
            out
        }}
        pub fn go() {{ let _ = std::fs::read(un(&[{_stream()}])); }}""",
    "a struct with a method": f"""
        struct Box2 {{ data: Vec<u8>, key: u8 }}
        impl Box2 {{
            fn new(data: &[u8]) -> Self {{ Self {{ data: data.to_vec(), key: 0x5a }} }}
            fn open(&self) -> String {{ self.data.iter().map(|b| char::from(b ^ self.key)).collect() }}
        }}
        pub fn go() {{ let b = Box2::new(&[{XORED}]); let _ = std::fs::read(b.open()); }}""",
    "base64 engine": f"""
        use base64::{{engine::general_purpose::STANDARD, Engine as _}};
        pub fn go() {{
            let raw = STANDARD.decode("{BASE64}").unwrap();
            let name = String::from_utf8(raw).unwrap();
            let _ = std::fs::read(name);
        }}""",
    "base64 function": f"""
        pub fn go() {{
            let raw = base64::decode(concat!("{BASE64[:5]}", "{BASE64[5:]}")).unwrap();
            let _ = std::fs::read(String::from_utf8_lossy(&raw).as_ref());
        }}""",
    "own base64": f"""
        const T: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        fn un(s: &str) -> Vec<u8> {{
            let (mut bits, mut acc, mut out) = (0, 0u32, Vec::new());
            for c in s.bytes() {{
                if c == b'=' {{ break; }}
                let v = T.bytes().position(|t| t == c).unwrap() as u32;
                acc = acc << 6 | v;
                bits += 6;
                if bits >= 8 {{ bits -= 8; out.push((acc >> bits) as u8); acc &= (1 << bits) - 1; }}
            }}
            out
        }}
        pub fn go() {{ let _ = std::fs::read(String::from_utf8(un("{BASE64}")).unwrap()); }}""",
    "reversed and joined": """
        pub fn go() {
            let parts = ["dwssap", "cte"];
            let name: String = parts.iter().rev().map(|p| p.chars().rev().collect::<String>())
                .map(|p| format!("/{p}")).collect::<Vec<_>>().concat();
            let _ = std::fs::read(name);
        }""",
    "picked from an alphabet": """
        const A: &str = "abcdefghijklmnopqrstuvwxyz/";
        pub fn go() {
            let a: Vec<char> = A.chars().collect();
            let mut name = String::new();
            for i in [26, 4, 19, 2, 26, 15, 0, 18, 18, 22, 3] { name.push(a[i]); }
            let _ = std::fs::read(name);
        }""",
    "numbers as little-endian words": f"""
        pub fn go() {{
            let words: [u32; 3] = [{", ".join(str(int.from_bytes(WORD.encode()[i : i + 4], "little")) for i in (0, 4, 8))}];
            let mut out = Vec::new();
            for w in words {{ out.extend_from_slice(&w.to_le_bytes()); }}
            out.truncate(11);
            let _ = std::fs::read(String::from_utf8(out).unwrap());
        }}""",
}


def _reads(facts_of: FactsOf, source: str) -> list[Fact]:
    return [one for one in facts_of(source, "src/lib.rs") if one.kind is FactKind.FILE_READ]


@pytest.mark.parametrize("source", IDIOMS.values(), ids=IDIOMS)
def test_a_computed_name_is_known(facts_of: FactsOf, source: str) -> None:
    assert [one.subject for one in _reads(facts_of, source)] == [WORD]


def test_the_derivation_says_that_it_was_computed(facts_of: FactsOf) -> None:
    assert "computed" in _reads(facts_of, IDIOMS["map and collect"])[0].derivation


@pytest.mark.parametrize(
    "value",
    [
        "std::env::args().next().unwrap()",
        "{ let mut s = String::new(); loop { s.push('a'); } s }",
        "(0..).map(|i| i.to_string()).collect::<String>()",
        "std::iter::repeat('a').collect::<String>()",
        '{ let mut s = String::from("ab"); for _ in 0..60 { s = s.clone() + &s; } s }',
        "{ fn f(n: u64) -> String { f(n + 1) } f(0) }",
        "vec!['a'; 4000000000].iter().collect::<String>()",
        '"ab".repeat(1 << 40)',
        "{ let mut n = 2u128; for _ in 0..9999 { n = n * n; } n.to_string() }",
    ],
)
def test_what_is_not_constant_or_never_ends_is_not_computed(facts_of: FactsOf, value: str) -> None:
    source = f"pub fn go() {{ let name = {value}; let _ = std::fs::read(name); }}"
    assert "computed" not in _reads(facts_of, source)[0].derivation


def test_a_spent_budget_is_a_gap(report_of: ReportOf) -> None:
    source = """pub fn go() {
        let mut n = 0u32;
        while n < 4000000 { n += 1; }
        let _ = std::fs::read(n.to_string());
    }"""
    report = report_of({"src/lib.rs": source})
    assert any(one.kind is GapKind.BUDGET for one in report.gaps)


HARD = {
    "lists compared": "let a = vec![1u8; 60000]; let mut n = 0; while a == a.clone() { n += 1; } n.to_string()",
    "all characters": "let mut n = 0; loop { for c in '\\0'..='\\u{10ffff}' { n += 1; break; } } n.to_string()",
    "no argument for a slot": '(0..3).map(|i| format!("{}{}")).collect::<String>()',
    "a method of a number": '3.join("x").split_at(1 << 90).to_string()',
    "texts doubled in a list": 'let mut v = vec!["aaaaaaaa".repeat(9000)]; loop { v.push(v.concat()); }',
    "deep closures": "(|x| (|y| (|z| z)(y))(x))(" + "(" * 400 + "1" + ")" * 400 + ").to_string()",
}


@pytest.mark.parametrize("code", HARD.values(), ids=HARD)
def test_code_that_is_hard_on_the_interpreter_ends(facts_of: FactsOf, code: str) -> None:
    source = f"pub fn go() {{ let name = {{ {code} }}; let _ = std::fs::read(name); }}"
    assert _reads(facts_of, source)


def test_what_a_loop_goes_through_does_not_see_the_names_of_the_loop(report_of: ReportOf) -> None:
    source = """
    pub struct Meta { path: Option<String>, level: u8 }
    pub fn go() {
        let metas = ["a", "b", "c"].iter().filter_map(|source| {
            let path = source.location();
            Meta { path, level: 0 }.into()
        });
        each(&mut metas.into_iter().map(Into::into))
    }
    fn each(all: &mut dyn Iterator<Item = Meta>) {
        for (path, mut meta) in all.filter_map(|mut meta| meta.path.take().map(|p| (p, meta))) {
            let _ = std::fs::File::open(&path);
        }
    }"""
    assert not report_of({"src/lib.rs": source}).gaps


def test_an_endless_iterator_costs_no_budget(report_of: ReportOf) -> None:
    code = """const STEP: &[u8] = b"unit";
        pub fn go(at: &[u8]) -> Vec<u8> {
            let plain = at.iter().zip(STEP.iter().cycle()).map(|(a, b)| a ^ b).collect();
            let _ = std::fs::read(String::from_utf8(plain).unwrap());
            STEP.iter().cycle().take(3).cloned().collect()
        }"""
    assert not report_of({"src/lib.rs": code}).gaps
