"""What `quote!` makes of words: identifiers, paths and texts that are put into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import FactKind, Report, Span

ReportOf = Callable[[Mapping[str, str]], Report]
MANIFEST = """
[package]
name = "sample-crate"
version = "0.1.0"
edition = "2021"
[lib]
proc-macro = true
[dependencies]
syn = "2"
quote = "1"
proc-macro2 = "1"
"""
HEAD = """
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
#[proc_macro] pub fn x(_: proc_macro::TokenStream) -> proc_macro::TokenStream { made().into() }
"""
WAYS = {
    "identifiers": """fn made() -> TokenStream {
        let a = Ident::new("process", Span::call_site());
        let b = format_ident!("Com{}", "mand");
        let tool = "curl";
        quote! { fn z() { ::std::#a::#b::new(#tool).spawn(); } } }""",
    "a path joined of words": """const WORDS: [&str; 4] = ["std", "process", "Command", "curl"];
        fn path(parts: &[&str]) -> TokenStream { parts.join("::").parse().unwrap() }
        fn made() -> TokenStream {
            let [a, b, c, tool] = WORDS;
            let start = path(&[a, b, c, "new"]);
            quote! { fn z() { ::#start(#tool).spawn(); } } }""",
    "identifiers that are repeated": """fn made() -> TokenStream {
        let way: Vec<Ident> = ["std", "process", "Command", "new"].iter()
            .map(|w| Ident::new(w, Span::call_site())).collect();
        quote! { fn z() { #(#way)::*("curl").spawn(); } } }""",
    "a quote in a quote": """fn made() -> TokenStream {
        let outer = quote!(::std::process);
        let inner = quote!(Command::new);
        quote_spanned! { Span::call_site()=> fn z() { #outer::#inner("curl").spawn(); } } }""",
    "a path that syn parses": """fn made() -> TokenStream {
        let way: syn::Path = syn::parse_str(&format!("{}::process::Command", "std")).unwrap();
        quote! { fn z() { #way::new("curl").spawn(); } } }""",
    "a helper that gives tokens": """
        fn way() -> TokenStream { quote!(std::process::Command) }
        fn made() -> TokenStream {
            let way = way();
            quote! { fn z() { #way::new("curl").spawn(); } } }""",
}


def _started(report: Report) -> list[tuple[str, int]]:
    return [
        (one.subject, one.where.line if isinstance(one.where, Span) else 0)
        for one in report.facts
        if one.kind is FactKind.PROCESS_SPAWN
    ]


@pytest.mark.parametrize("code", WAYS.values(), ids=WAYS)
def test_words_are_read_as_the_code_that_they_become(report_of: ReportOf, code: str) -> None:
    text = HEAD + code
    line = next(at for at, one in enumerate(text.splitlines(), 1) if "fn z()" in one)
    found = _started(report_of({"Cargo.toml": MANIFEST, "src/lib.rs": text}))
    assert ("curl", line) in found


def test_a_text_that_is_put_in_stays_a_text(report_of: ReportOf) -> None:
    code = (
        HEAD
        + r"""fn made() -> TokenStream {
        let help = "use \"std::process::Command::new(\"curl\").spawn()\" here";
        let doc = format!("{help}: {}", 5);
        quote! { fn z() -> &'static str { let _ = std::env::var("PATH"); #doc } } }"""
    )
    found = _started(report_of({"Cargo.toml": MANIFEST, "src/lib.rs": code}))
    assert [one for one in found if one[1] > 7] == []


def test_what_nobody_can_tell_is_a_name_without_meaning(report_of: ReportOf) -> None:
    code = (
        HEAD
        + """fn made() -> TokenStream {
        let way = given();
        let tool = "curl";
        quote! { fn z() { ::std::process::#way::new(#tool).spawn(); } } }
        fn given() -> TokenStream { std::env::args().next().unwrap().parse().unwrap() }"""
    )
    assert _started(report_of({"Cargo.toml": MANIFEST, "src/lib.rs": code})) == []
