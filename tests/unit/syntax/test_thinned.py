"""A thinned file declares the same files on the same lines."""

from __future__ import annotations

import pytest

from analyzer.syntax.declarations import declarations
from analyzer.syntax.thinned import without_bodies

QUIET = "impl A {\n  fn f(&self) { g(); { h() } }\n}\n" * 100


@pytest.mark.parametrize(
    "named",
    [
        "mod a;",
        "pub mod inner {\n  fn f() {}\n  mod b;\n}",
        "fn f() {\n  { g() }\n  mod c;\n}",
        'macro_rules! m {\n  () => { mod d; }\n}\nm! { mod e { } }\ninclude!("f.rs");',
    ],
)
def test_what_is_left_out_declares_no_file(named: str) -> None:
    whole = f"{QUIET}/* mod x; */ {named}\n{QUIET}".encode()
    thinned = without_bodies(whole)
    assert len(thinned) < len(whole) / 4
    assert thinned.count(b"\n") == whole.count(b"\n")
    assert declarations(thinned, limit=99) == declarations(whole, limit=99)
    assert b"mod x" not in thinned


def test_braces_that_do_not_pair_keep_all() -> None:
    assert without_bodies(b"fn f() { } } fn g() { }") == b"fn f() { } } fn g() { }"
    assert without_bodies(b"fn f() { } { fn g() { }") == b"fn f() { } { fn g() { }"
