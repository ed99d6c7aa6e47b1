"""Any text as a Rust file: the engine never raises, never hangs, and always says the same."""

from __future__ import annotations

import hashlib
import io
import tarfile

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model import CrateRef, CrateSource, FactKind, Origin, Report
from analyzer.pipeline import analyze
from analyzer.report import human, json_v1
from analyzer.rules.ruleset import load_ruleset

RULES = load_ruleset()
TOKENS = st.sampled_from(
    "fn main ( ) { } [ ] :: . , ; use std fs read env var as crate self super mod { } ! # $ x & 'a"
    ' "a" r#"b"# b"c" \'d\' 1 0x2f /* */ // \n match => if let = + impl for struct enum const static'
    " macro_rules extern unsafe Command new curl arg | \u202e \u2028 \x00 \x1b[2J [red] format concat".split(
        " "
    )
)
SOUP = st.lists(TOKENS, max_size=120).map(" ".join)


def _report(code: str) -> Report:
    buffer = io.BytesIO()
    manifest = '[package]\nname = "x"\nversion = "0.1.0"\nedition = "2021"\n'
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path, text in (("Cargo.toml", manifest), ("src/lib.rs", ""), ("build.rs", code)):
            data = text.encode("utf-8", "replace")
            info = tarfile.TarInfo(f"x-0.1.0/{path}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    data = buffer.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    return analyze(CrateSource(CrateRef("x", "0.1.0"), digest, data, Origin.FOLDER), ruleset=RULES)


@settings(max_examples=150, deadline=None)
@given(SOUP)
def test_token_soup_gives_a_report_and_the_same_one_twice(code: str) -> None:
    assert _report(code) == _report(code)


@settings(max_examples=60, deadline=None)
@given(SOUP)
def test_a_sink_after_any_soup_in_a_comment_or_text_is_seen(code: str) -> None:
    hidden = code.replace("*/", "").replace("/*", "").replace("#", "")
    sink = 'fn main() { std::net::TcpStream::connect("192.0.2.1:9"); }'
    report = _report(f'/* {hidden} */ const A: &str = r##"{hidden}"##;\n{sink}')
    assert [one for one in report.facts if one.kind is FactKind.NET_CONNECT]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_in_a_report_reaches_no_terminal_raw(text: str) -> None:
    literal = text.replace("\\", "").replace('"', "").replace("\r", "")
    report = _report(f'fn main() {{ std::fs::read("{literal}/.ssh/id_rsa"); }}')
    shown = human.render((report,))
    assert all(one.isprintable() or one == "\n" for one in shown)
    assert json_v1.render((report,)).isascii()
