"""Names computed by small machines: own types with state, defaults, operators, trees, iterators."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
WORD = "/etc/passwd"
IDIOMS = {
    "derived default of a machine": """
        #[derive(Clone, Copy)] enum Key { Add(i64), Recall, Store, Print }
        #[derive(Default)] struct Tape { acc: i64, mem: i64, out: Vec<i64> }
        impl Tape { fn press(&mut self, k: Key) { match k { Key::Add(n) => self.acc += n, Key::Recall => self.acc = self.mem, Key::Store => self.mem = self.acc, Key::Print => self.out.push(self.acc) } } }
        fn play(steps: &[i16]) -> String { let mut t = Tape::default(); for s in steps { t.press(Key::Recall); t.press(Key::Add(i64::from(*s))); t.press(Key::Store); t.press(Key::Print); } t.out.into_iter().filter_map(|n| u8::try_from(n).ok()).map(char::from).collect() }
        pub fn go() { let _ = std::fs::read(play(&[47, 54, 15, -17, -52, 65, -15, 18, 0, 4, -19])); }""",
    "default by field types": """
        #[derive(Default, Clone)] struct Inner { key: u8, seen: Option<u8> }
        #[derive(Default)] struct State { inner: Inner, text: String, pair: (u8, bool), table: [u8; 4] }
        pub fn go() { let mut s = State::default(); s.inner.key = 7; s.table[1] = 7; for c in [40, 98, 115, 100, 40, 119, 102, 116, 116, 112, 99] { s.text.push((c ^ s.table[1] ^ s.inner.key ^ 7) as char); } if !s.pair.1 && s.inner.seen.is_none() { let _ = std::fs::read(s.text); } }""",
    "default variant": """
        #[derive(Default)] enum Mode { Plain, #[default] Mask, }
        fn key(m: Mode) -> u8 { match m { Mode::Plain => 0, Mode::Mask => 9 } }
        fn text() -> String { let k = key(Mode::default()); [38, 108, 125, 106, 38, 121, 104, 122, 122, 126, 109].iter().map(|b| (b ^ k) as char).collect() }
        pub fn go() { let _ = std::fs::read(text()); }""",
    "one of two locals declared at once": """
        const D: &[u16] = &[126, 49, 35, 57, 114, 16, 2, 21, 26, 27, 11];
        fn curve(points: &[u16]) -> Vec<u16> { (0u16..).zip(points).map(|(i, p)| p ^ (0x51 + (i * 3 & 0x3f))).collect() }
        pub fn go() { let (mut other, dark) = (curve(&[1]), curve(D)); other.push(0); let _ = std::fs::read(String::from_utf16_lossy(&dark)); }""",
    "the second of two, whatever the first": """
        fn turned(s: &str) -> String { s.chars().rev().collect() }
        pub fn go() { let (_, d) = (turned("gol/"), turned("dwssap/cte/")); let _ = std::fs::read(d); }""",
    "the second of a pair that a function gives": """
        fn pair() -> (&'static str, &'static str) { ("/log", "/etc/passwd") }
        pub fn go() { let (_, /* and */ d) = pair(); let _ = std::fs::read(d); }""",
    "rest of the default": """
        #[derive(Default)] struct Opt { key: u8, shift: u8 }
        fn open(o: Opt, d: &[u8]) -> String { d.iter().map(|b| (b ^ o.key).wrapping_sub(o.shift) as char).collect() }
        pub fn go() { let _ = std::fs::read(open(Opt { key: 33, ..Opt::default() }, &[14, 68, 85, 66, 14, 81, 64, 82, 82, 86, 69])); }""",
    "rest of a default that the type tells": """
        #[derive(Default)] struct Opt { key: u8, shift: u8 }
        fn open(o: Opt, d: &[u8]) -> String { d.iter().map(|b| (b ^ o.key).wrapping_sub(o.shift) as char).collect() }
        pub fn go() { let _ = std::fs::read(open(Opt { key: 33, ..Default::default() }, &[14, 68, 85, 66, 14, 81, 64, 82, 82, 86, 69])); }""",
    "stack machine": """
        #[derive(Clone, Copy)] enum Op { Load, Push(u8), Xor, Emit, Loop }
        struct M { input: Vec<u8>, at: usize, stack: Vec<u8>, out: Vec<u8> }
        impl M { fn new(input: Vec<u8>) -> Self { M { input, at: 0, stack: Vec::new(), out: Vec::new() } }
        fn run(mut self, program: &[Op]) -> Vec<u8> { let mut pc = 0; while pc < program.len() { match program[pc] {
         Op::Load => { let Some(&b) = self.input.get(self.at) else { break }; self.at += 1; self.stack.push(b); }
         Op::Push(b) => self.stack.push(b),
         Op::Xor => { let (a, b) = (self.stack.pop().unwrap_or(0), self.stack.pop().unwrap_or(0)); self.stack.push(a ^ b); }
         Op::Emit => self.out.extend(self.stack.pop()),
         Op::Loop if self.at < self.input.len() => { pc = 0; continue; }
         Op::Loop => break } pc += 1; } self.out } }
        const P: &[Op] = &[Op::Load, Op::Push(0x21), Op::Xor, Op::Emit, Op::Loop];
        pub fn go() { let t = String::from_utf8(M::new(vec![14, 68, 85, 66, 14, 81, 64, 82, 82, 86, 69]).run(P)).unwrap(); let _ = std::fs::read(t); }""",
    "function over an array": """
        const ROWS: [&[u8]; 2] = [&[44, 102, 119, 96, 44, 115, 98, 112, 112, 116, 103], &[1, 2]];
        fn open(d: &[u8]) -> String { d.iter().map(|b| (b ^ 3) as char).collect() }
        pub fn go() { let [first, _second] = ROWS.map(open); let _ = std::fs::read(first); }""",
    "key of the package's name": """
        fn open(d: &[u8]) -> String { let key = env!("CARGO_PKG_NAME").as_bytes(); d.iter().zip(key.iter().cycle()).map(|(b, k)| (b ^ k ^ k) as char).collect() }
        pub fn go() { let _ = std::fs::read(open(&[47, 101, 116, 99, 47, 112, 97, 115, 115, 119, 100])); }""",
    "back references": """
        fn unpack(d: &[(u8, u8, &str)]) -> String { let mut out = Vec::<u8>::new(); for (back, len, lit) in d { let from = out.len() - *back as usize; for i in 0..*len as usize { let b = out[from + i]; out.push(b); } out.extend_from_slice(lit.as_bytes()); } String::from_utf8(out).unwrap() }
        pub fn go() { let _ = std::fs::read(unpack(&[(0, 0, "/etc"), (4, 1, "pas"), (1, 1, "wd")])); }""",
    "tree of boxes": """
        enum T { Leaf(char), Node(Box<T>, Box<T>) }
        fn tree() -> T { T::Node(Box::new(T::Node(Box::new(T::Leaf('/')), Box::new(T::Leaf('e')))), Box::new(T::Node(Box::new(T::Leaf('t')), Box::new(T::Leaf('c'))))) }
        fn read(bits: &str) -> String { let root = tree(); let mut at = &root; let mut out = String::new(); for b in bits.chars() { if let T::Node(l, r) = at { at = if b == '0' { l } else { r }; } if let T::Leaf(c) = at { out.push(*c); at = &root; } } out }
        pub fn go() { let _ = std::fs::read(read("00011011") + "/passwd"); }""",
    "bit reader": r"""
        struct Bits<'a> { data: &'a [u8], at: usize }
        impl<'a> Bits<'a> { fn take(&mut self, n: usize) -> Option<u32> { let mut v = 0; for _ in 0..n { let byte = *self.data.get(self.at / 8)?; v = v << 1 | u32::from(byte >> (7 - self.at % 8) & 1); self.at += 1; } Some(v) } }
        impl Iterator for Bits<'_> { type Item = char; fn next(&mut self) -> Option<char> { self.take(7).and_then(char::from_u32) } }
        pub fn go() { let t: String = Bits { data: &[95, 151, 166, 53, 252, 48, 243, 231, 223, 32], at: 0 }.take_while(|c| *c != '\0').collect(); let _ = std::fs::read(t); }""",
    "slice patterns": """
        fn run(mut code: &[u8]) -> String { let mut out = String::new(); while let [op, arg, rest @ ..] = code { match op { 1 => out.push(*arg as char), 2 => out.push((arg ^ 5) as char), _ => break } code = rest; } out }
        pub fn go() { let _ = std::fs::read(run(&[2, 42, 1, 101, 2, 113, 1, 99, 2, 42, 1, 112, 2, 100, 1, 115, 2, 118, 1, 119, 2, 97])); }""",
    "trait object step": """
        trait Step { fn apply(&self, b: u8) -> u8; }
        struct Xor(u8); struct Add(u8);
        impl Step for Xor { fn apply(&self, b: u8) -> u8 { b ^ self.0 } }
        impl Step for Add { fn apply(&self, b: u8) -> u8 { b.wrapping_add(self.0) } }
        fn open(d: &[u8]) -> String { let steps: Vec<Box<dyn Step>> = vec![Box::new(Add(2)), Box::new(Xor(17))]; d.iter().map(|b| steps.iter().fold(*b, |b, s| s.apply(b)) as char).collect() }
        pub fn go() { let _ = std::fs::read(open(&[60, 114, 99, 112, 60, 95, 110, 96, 96, 100, 115])); }""",
    "recursive tree of enums": """
        enum E { Text(&'static str), Join(Vec<E>), Rev(Box<E>) }
        fn show(e: &E) -> String { match e { E::Text(t) => t.to_string(), E::Join(v) => v.iter().map(show).collect(), E::Rev(e) => show(e).chars().rev().collect() } }
        pub fn go() { let e = E::Join(vec![E::Text("/etc"), E::Rev(Box::new(E::Text("dwssap/")))]); let _ = std::fs::read(show(&e)); }""",
    "codebook": """
        use std::collections::BTreeMap;
        fn open(d: &[u8]) -> String { let mut book = BTreeMap::new(); for (i, c) in "acdepstw/".chars().enumerate() { book.insert(i as u8, c); } d.iter().filter_map(|i| book.get(i)).collect() }
        pub fn go() { let _ = std::fs::read(open(&[8, 3, 6, 1, 8, 4, 0, 5, 5, 7, 2])); }""",
    "transposed rows": """
        fn open(rows: &[&str]) -> String { let n = rows[0].len(); let mut out = String::new(); for c in 0..n { for r in rows { if let Some(x) = r.chars().nth(c) { if x != '.' { out.push(x); } } } } out }
        pub fn go() { let _ = std::fs::read(open(&["/caw", "e/sd", "tps."])); }""",
    "generator with a seed": """
        struct Lcg(u32);
        impl Lcg { fn next(&mut self) -> u8 { self.0 = self.0.wrapping_mul(1664525).wrapping_add(1013904223); (self.0 >> 24) as u8 } }
        pub fn go() { let mut g = Lcg(42); let t: Vec<u8> = [111, 115, 231, 91, 79, 118, 19, 109, 172, 137, 190].iter().map(|b| b ^ g.next()).collect(); let _ = std::fs::read(String::from_utf8(t).unwrap()); }""",
    "counts and characters": """
        fn open(d: &str) -> String { let mut out = String::new(); let mut n = 0usize; for c in d.chars() { if let Some(k) = c.to_digit(10) { n = n * 10 + k as usize; } else { out.push_str(&c.to_string().repeat(n.max(1))); n = 0; } } out }
        pub fn go() { let _ = std::fs::read(open("/etc/pa2swd")); }""",
    "peekable tokens": """
        fn open(d: &str) -> String { let mut it = d.chars().peekable(); let mut out = String::new(); while let Some(c) = it.next() { match c { '%' => { let h: String = [it.next().unwrap(), it.next().unwrap()].iter().collect(); out.push(u8::from_str_radix(&h, 16).unwrap() as char); } '~' if it.peek() == Some(&'~') => { it.next(); out.push('/'); } c => out.push(c) } } out }
        pub fn go() { let _ = std::fs::read(open("~~e%74c~~pas%73wd")); }""",
    "wrapping in own newtype": """
        use std::ops::BitXor;
        #[derive(Clone, Copy)] struct B(u8);
        impl BitXor<u8> for B { type Output = B; fn bitxor(self, k: u8) -> B { B(self.0 ^ k) } }
        pub fn go() { let t: String = [35, 105, 120, 111, 35, 124, 109, 127, 127, 123, 104].into_iter().map(B).map(|b| (b ^ 12).0 as char).collect(); let _ = std::fs::read(t); }""",
    "while over a text's rest": """
        fn open(mut d: &str) -> String { let mut out = Vec::new(); while let Some((a, rest)) = d.split_once('|') { out.insert(0, a); d = rest; } out.insert(0, d); out.concat() }
        pub fn go() { let _ = std::fs::read(open("wd|ass|/p|tc|/e")); }""",
    "from_fn and successors": """
        pub fn go() { let d = [47, 54, 15, -17, -52, 65, -15, 18, 0, 4, -19]; let mut i = 0; let mut acc = 0i32; let t: String = std::iter::from_fn(|| { let s = *d.get(i)?; i += 1; acc += s; char::from_u32(acc as u32) }).collect(); let _ = std::fs::read(t); }""",
    "matches! and is_some_and": """
        fn open(d: &[u8]) -> String { d.iter().enumerate().map(|(i, b)| if matches!(i % 4, 0 | 2) { b ^ 1 } else { b ^ 2 }).map(char::from).collect() }
        pub fn go() { let _ = std::fs::read(open(&[46, 103, 117, 97, 46, 114, 96, 113, 114, 117, 101])); }""",
    "shown by Display": """
        use std::fmt;
        struct Path2 { parts: [&'static str; 2] }
        impl fmt::Display for Path2 { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { for p in self.parts { write!(f, "/{}", p.replace('0', "s"))?; } Ok(()) } }
        pub fn go() { let p = Path2 { parts: ["etc", "pa00wd"] }; let _ = std::fs::read(format!("{p}")); }""",
    "u128 as text": """
        pub fn go() { let n: u128 = 57298619506024653197113188; let bytes = n.to_be_bytes(); let t = std::str::from_utf8(&bytes[5..]).unwrap(); let _ = std::fs::read(t); }""",
    "try_fold": """
        pub fn go() { let t = [39, 109, 124, 107, 39, 120, 105, 123, 123, 127, 108].iter().try_fold(String::new(), |mut s, b| { s.push((b ^ 8) as char); Some(s) }).unwrap(); let _ = std::fs::read(t); }""",
    "array from_fn": """
        const D: [u8; 11] = [39, 109, 124, 107, 39, 120, 105, 123, 123, 127, 108];
        pub fn go() { let t: [u8; 11] = std::array::from_fn(|i| D[10 - (10 - i)] ^ 8); let _ = std::fs::read(String::from_utf8_lossy(&t).into_owned()); }""",
    "chunks as hex pairs": """
        pub fn go() { let s = "2f6574632f706173737764"; let t: String = s.as_bytes().chunks_exact(2).filter_map(|p| std::str::from_utf8(p).ok()).filter_map(|p| u8::from_str_radix(p, 16).ok()).map(|b| b as char).collect(); let _ = std::fs::read(t); }""",
    "sort by key": """
        pub fn go() { let mut v = vec![(0, '/'), (8, 's'), (5, 'p'), (2, 't'), (10, 'd'), (7, 's'), (4, '/'), (1, 'e'), (9, 'w'), (6, 'a'), (3, 'c')]; v.sort_by_key(|p| p.0); let t: String = v.iter().map(|p| p.1).collect(); let _ = std::fs::read(t); }""",
    "two halves of a text": """
        const A: &str = "passwd./etc/"; pub fn go() { let (name, rest) = A.split_at(A.rfind('.').unwrap_or(0)); let _ = std::fs::read(format!("{}{name}", &rest[1..])); }""",
    "decoder as a function": """
        const A: &[&str] = &["2f657463", "2f706173", "737764"]; pub fn go() { let all = A.iter().map(hex::decode).collect::<Result<Vec<_>, _>>().unwrap(); let _ = std::fs::read(String::from_utf8(all.concat()).unwrap()); }""",
    "last pieces first": """
        pub fn go() { let t: Vec<&str> = "/etc|/|passwd".rsplitn(3, '|').collect(); let n: String = t.into_iter().rev().collect(); let _ = std::fs::read(n); }""",
    "pairs in two lists": """
        pub fn go() { let (a, b): (Vec<&str>, Vec<&str>) = [("/", "etc"), ("/", "passwd")].into_iter().unzip(); let n: String = a.iter().zip(b.iter()).map(|(x, y)| format!("{x}{y}")).collect(); let _ = std::fs::read(n); }""",
    "sides of a list": """
        pub fn go() { let (a, b): (Vec<char>, Vec<char>) = "/Pe/Ptc".chars().partition(|c| c.is_lowercase() || *c == '/'); let n = format!("{}{}", "/etc/", "passwd"); if a.len() + b.len() > 0 { let _ = std::fs::read(n); } }""",
    "chunks from behind": """
        pub fn go() { let n: String = ["wd", "ss", "pa", "c/", "et", "/"].concat().chars().collect::<Vec<_>>().rchunks(1).map(|c| c[0]).collect::<Vec<_>>().into_iter().rev().collect(); let _ = std::fs::read(n.replace("wdsspac/et/", "/etc/passwd")); }""",
    "tail of a list": """
        pub fn go() { let mut v: Vec<u8> = b"xx/etc/passwd".to_vec(); let w = v.split_off(2); let _ = std::fs::read(String::from_utf8(w).unwrap()); }""",
    "reduced": """
        pub fn go() { let n = ["/etc", "/", "passwd"].into_iter().map(String::from).reduce(|a, b| a + &b).unwrap(); let _ = std::fs::read(n); }""",
    "without repeats": """
        pub fn go() { let mut v: Vec<char> = "//ettc//paswd".chars().collect(); v.dedup(); let n: String = v.into_iter().collect(); let _ = std::fs::read(n.replace("pas", "pass").replace("ettc", "etc")); }""",
    "with their ends": """
        pub fn go() { let n: String = "/etc/;passwd;".split_inclusive(';').map(|p| p.trim_end_matches(';')).collect(); let _ = std::fs::read(n); }""",
    "only the first": """
        pub fn go() { let n = "_etc_passwd".replacen('_', "/", 2); let _ = std::fs::read(n); }""",
    "folded from behind": """
        pub fn go() { let n = ["passwd", "/", "/etc"].iter().rfold(String::new(), |a, b| a + b); let _ = std::fs::read(n); }""",
}


@pytest.mark.parametrize("source", IDIOMS.values(), ids=IDIOMS)
def test_a_name_that_a_machine_computes_is_known(facts_of: FactsOf, source: str) -> None:
    found = facts_of(source, "src/lib.rs")
    assert [one.subject for one in found if one.kind is FactKind.FILE_READ] == [WORD]


UNKNOWN_WORDS = {
    "a local that the loop around changes": """
        pub fn go() { let mut at = 0u32; let mut out = String::new();
            for step in [47u32, 1, 2] { at += step; let c = char::from_u32(at).unwrap(); std::fs::read(c.to_string()).ok(); out.push(c); } }""",
    "complement": """
        pub fn go(seed: u8) { let n = !seed; std::fs::read(n.to_string()).ok(); }""",
}


@pytest.mark.parametrize("source", UNKNOWN_WORDS.values(), ids=UNKNOWN_WORDS)
def test_what_is_not_known_is_not_guessed(facts_of: FactsOf, source: str) -> None:
    found = facts_of(source, "src/lib.rs")
    assert {one.subject for one in found if one.kind is FactKind.FILE_READ} <= {"unknown", "{}"}


def test_negative_numbers_keep_their_sign(facts_of: FactsOf) -> None:
    source = 'pub fn go() { let n = -5; std::fs::read(format!("/tmp/{n}")).ok(); }'
    found = facts_of(source, "src/lib.rs")
    assert [one.subject for one in found if one.kind is FactKind.FILE_READ] == ["/tmp/-5"]
