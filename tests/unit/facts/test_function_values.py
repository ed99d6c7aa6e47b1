"""Functions by whatever name or value: each of these reads the same file."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
WAYS = {
    "taken out of a constant": """
        struct Plan { load: fn(&str)->std::io::Result<Vec<u8>>, n: u8 } const PLAN: Plan = Plan { load: std::fs::read::<&str>, n: 1 };
        pub fn go(){ let Plan { load, .. } = PLAN; let _=load("/etc/passwd"); }""",
    "taken out under another name": """
        struct Plan { load: fn(&str)->std::io::Result<Vec<u8>>, n: u8 } const PLAN: Plan = Plan { load: std::fs::read::<&str>, n: 1 };
        pub fn go(){ let Plan { load: get, n: _ } = &PLAN; let _=get("/etc/passwd"); }""",
    "taken out of a parameter": """
        struct Plan { load: fn(&str)->std::io::Result<Vec<u8>>, n: u8 }
        fn run(p: &Plan){ let Plan { load, .. } = p; let _=load("/etc/passwd"); }
        pub fn go(){ run(&Plan { load: |p| std::fs::read(p), n: 0 }); run(&Plan { load: std::fs::read, n: 0 }); }""",
    "taken out of what a function makes": """
        struct Plan { load: fn(&str)->std::io::Result<Vec<u8>>, n: u8 } fn made()->Plan { Plan { load: std::fs::read, n: 0 } }
        pub fn go(){ let Plan { load, .. } = made(); let _=load("/etc/passwd"); }""",
    "group alias": """
        use std::{fs::{self as files, read as r}, io}; pub fn go(){ let _=r("/etc/passwd"); }""",
    "self alias": """
        use std::{self as s}; pub fn go(){ let _=s::fs::read("/etc/passwd"); }""",
    "extern crate as": """
        extern crate std as z; pub fn go(){ let _=z::fs::read("/etc/passwd"); }""",
    "raw ident": """
        pub fn go(){ let _=r#std::r#fs::r#read("/etc/passwd"); }""",
    "reexport glob": """
        mod a { pub use std::fs::*; } mod b { pub use super::a::*; } pub fn go(){ let _=b::read("/etc/passwd"); }""",
    "type alias generic": """
        type F=std::fs::File; pub fn go(){ let _=F::open("/etc/passwd"); }""",
    "assoc type": """
        trait H { type C; } struct X; impl H for X { type C=std::fs::File; } pub fn go(){ let _=<X as H>::C::open("/etc/passwd"); }""",
    "Self::C": """
        trait H { type C; fn go(); } struct X; impl H for X { type C=std::fs::File; fn go(){ let _=Self::C::open("/etc/passwd"); } }""",
    "struct field fn path": """
        struct S { f: fn(&'static str)->std::io::Result<Vec<u8>> } pub fn go(){ let s=S{ f: std::fs::read }; let _=(s.f)("/etc/passwd"); }""",
    "fn ptr var": """
        pub fn go(){ let f: fn(&'static str)->std::io::Result<Vec<u8>> = std::fs::read; let _=f("/etc/passwd"); }""",
    "fn ptr tuple": """
        pub fn go(){ let (f,_g)=(std::fs::read::<&str>, 1); let _=f("/etc/passwd"); }""",
    "fn ptr array": """
        pub fn go(){ let t=[std::fs::read::<&str>]; let _=t[0]("/etc/passwd"); }""",
    "fn ptr const": """
        const F: fn(&'static str)->std::io::Result<Vec<u8>> = std::fs::read; pub fn go(){ let _=F("/etc/passwd"); }""",
    "fn returned": """
        fn pick()->fn(&'static str)->std::io::Result<Vec<u8>> { std::fs::read } pub fn go(){ let _=pick()("/etc/passwd"); }""",
    "fn returned var": """
        fn pick()->fn(&'static str)->std::io::Result<Vec<u8>> { std::fs::read } pub fn go(){ let f=pick(); let _=f("/etc/passwd"); }""",
    "fn arg": """
        fn run<F: Fn(&str)->std::io::Result<Vec<u8>>>(f:F) { let _=f("/etc/passwd"); } pub fn go(){ run(|p| std::fs::read(p)); }""",
    "fn arg path": """
        fn run(f:fn(&'static str)->std::io::Result<Vec<u8>>) { let _=f("/etc/passwd"); } pub fn go(){ run(std::fs::read); }""",
    "map path": """
        pub fn go(){ let _=Some("/etc/passwd").map(std::fs::read); }""",
    "and_then path": """
        pub fn go(){ let _=Some("/etc/passwd").and_then(|p| std::fs::read(p).ok()); }""",
    "trait method dyn": """
        trait L { fn load(&self,p:&str)->Vec<u8>; } struct D; impl L for D { fn load(&self,p:&str)->Vec<u8> { std::fs::read(p).unwrap() } } pub fn go(){ let d:Box<dyn L>=Box::new(D); d.load("/etc/passwd"); }""",
    "ext trait": """
        trait E { fn slurp(&self)->Vec<u8>; } impl E for str { fn slurp(&self)->Vec<u8> { std::fs::read(self).unwrap() } } pub fn go(){ "/etc/passwd".slurp(); }""",
    "ext trait asref": """
        trait E { fn slurp(&self)->Vec<u8>; } impl<T:AsRef<std::path::Path>> E for T { fn slurp(&self)->Vec<u8> { std::fs::read(self.as_ref()).unwrap() } } pub fn go(){ "/etc/passwd".slurp(); }""",
    "open chain": """
        pub fn go(){ use std::io::Read; let mut s=String::new(); std::fs::OpenOptions::new().read(true).open("/etc/passwd").unwrap().read_to_string(&mut s).unwrap(); }""",
    "OpenOptions ufcs": """
        pub fn go(){ let o=std::fs::OpenOptions::new(); let _=std::fs::OpenOptions::open(&o,"/etc/passwd"); }""",
    "closure var": """
        pub fn go(){ let f=|p:&str| std::fs::read(p); let _=f("/etc/passwd"); }""",
    "wrapper modules": """
        mod a { pub(crate) fn w(p:&str)->Vec<u8> { super::b::v(p) } } mod b { pub fn v(p:&str)->Vec<u8> { std::fs::read(p).unwrap() } } use a::w as load; pub fn go(){ load("/etc/passwd"); }""",
    "method wrapper": """
        struct S(String); impl S { fn new(p:&str)->S { S(p.into()) } fn go(&self) { let _=std::fs::read(&self.0); } } pub fn go(){ S::new("/etc/passwd").go(); }""",
    "builder own": """
        #[derive(Default)] struct B { p:String } impl B { fn path(mut self,p:&str)->Self { self.p=p.to_string(); self } fn run(self) { let _=std::fs::read(self.p); } } pub fn go(){ B::default().path("/etc/passwd").run(); }""",
    "fn_traits call": """
        use std::fs; pub fn go(){ let t=(fs::read as fn(&'static str)->std::io::Result<Vec<u8>>,); let _=(t.0)("/etc/passwd"); }""",
    "const in trait": """
        trait N { const P:&'static str; fn go(){ let _=std::fs::read(Self::P); } } struct A; impl N for A { const P:&'static str="/etc/passwd"; } pub fn go(){ A::go(); }""",
    "const generic str array": """
        const PS:[&str;1]=["/etc/passwd"]; fn at<const I:usize>()->&'static str { PS[I] } pub fn go(){ let _=std::fs::read(at::<0>()); }""",
    "enum dispatch": """
        enum Op { Read(&'static str), No } impl Op { fn run(&self) { match self { Op::Read(p)=>{ let _=std::fs::read(p); } Op::No=>{} } } } pub fn go(){ Op::Read("/etc/passwd").run(); }""",
    "match fn": """
        pub fn go(x:u8){ let f=match x { 0=>std::fs::read::<&str>, _=>std::fs::read::<&str> }; let _=f("/etc/passwd"); }""",
    "from_fn pointer generic T": """
        fn call<A,R>(f: impl Fn(A)->R, a:A)->R { f(a) } pub fn go(){ let _=call(std::fs::read, "/etc/passwd"); }""",
    "cfg_if": """
        cfg_if::cfg_if! { if #[cfg(unix)] { pub fn go(){ let _=std::fs::read("/etc/passwd"); } } else { } }""",
    "include! tokens in macro": """
        macro_rules! m { ($($t:tt)*) => { $($t)* }; } m! { pub fn go(){ let _=std::fs::read("/etc/passwd"); } }""",
    "shadow module": """
        mod fs { pub use std::fs::read as load; } pub fn go(){ let _=fs::load("/etc/passwd"); }""",
    "assoc type nested": """
        trait H { type C; } struct X; impl H for X { type C=std::fs::File; } pub fn go(){ let _=<<X as H>::C>::open("/etc/passwd"); }""",
    "trait generic": """
        trait L { fn load(p:&str)->Vec<u8>; } struct D; impl L for D { fn load(p:&str)->Vec<u8> { std::fs::read(p).unwrap() } } fn run<T:L>(){ T::load("/etc/passwd"); } pub fn go(){ run::<D>(); }""",
}
BLIND = {
    "fn ptr static table name": """
        static T: &[(&str, fn(&'static str)->std::io::Result<Vec<u8>>)] = &[("a", std::fs::read)]; pub fn go(){ for (_n,f) in T { let _=f("/etc/passwd"); } }""",
    "hashmap of fns": """
        use std::collections::HashMap; pub fn go(){ let mut m:HashMap<&str,fn(&'static str)->std::io::Result<Vec<u8>>>=HashMap::new(); m.insert("r",std::fs::read); let _=m["r"]("/etc/passwd"); }""",
}


def _reads(facts_of: FactsOf, source: str) -> list[str]:
    found = facts_of(source, "src/lib.rs")
    return [one.subject for one in found if one.kind is FactKind.FILE_READ]


@pytest.mark.parametrize("source", WAYS.values(), ids=WAYS)
def test_what_is_called_is_known(facts_of: FactsOf, source: str) -> None:
    assert "/etc/passwd" in _reads(facts_of, source)


@pytest.mark.xfail(strict=True, reason="stated in docs/detection.md")
@pytest.mark.parametrize("source", BLIND.values(), ids=BLIND)
def test_what_stays_blind_is_known(facts_of: FactsOf, source: str) -> None:
    assert "/etc/passwd" in _reads(facts_of, source)


def test_a_path_that_is_none_is_passed_over(facts_of: FactsOf) -> None:
    source = "pub fn go() { let x = vec![f(<[u8]>::LEN, <(u8, u8) as T>::N, <_>::default)]; }"
    assert facts_of(source, "src/lib.rs") is not None
