"""`macro_rules!` written out on tokens."""

from __future__ import annotations

import pytest

from analyzer.syntax.macro_rules import TooMuch, Tree, read, rules, text_of, written_out


def _out(definition: str, given: str) -> str | None:
    tree = read(definition.encode())[0]
    assert isinstance(tree, Tree)
    found = written_out(rules(tree), read(given.encode()))
    return "".join(text_of(found).decode().split()) if found is not None else None


CASES = {
    "a path": ("{($a:ident . $b:ident) => {::std::$a::$b}}", "fs.read", "::std::fs::read"),
    "the second rule": ("{($a:literal) => {a($a)}; ($b:ident) => {b($b)}}", "x", "b(x)"),
    "token trees": ("{($($t:tt)+) => {f!($($t)+)}}", "a.b(c, d)", "f!(a.b(c,d))"),
    "pairs": (
        "{($($a:expr => $b:expr),* $(,)?) => {$(s($a, $b);)*}}",
        "1 => 2, 3 => 4,",
        "s(1,2);s(3,4);",
    ),
    "separated": ("{($($a:expr),*) => {[$($a),*]}}", "1, 2 + 3, f(4)", "[1,2+3,f(4)]"),
    "without a separator": ("{($($a:literal)*) => {[$($a),*]}}", "1 -2 3", "[1,-2,3]"),
    "nested": (
        "{($($a:ident [$($b:expr),*]);*) => {$($($a($b);)*)*}}",
        "x [1, 2]; y [3]",
        "x(1);x(2);y(3);",
    ),
    "outer in inner": (
        "{($k:expr; $($a:expr),*) => {$(f($a, $k);)*}}",
        "9; 1, 2",
        "f(1,9);f(2,9);",
    ),
    "optional": ("{($a:expr $(, $b:expr)?) => {f($a $(, $b)?)}}", "1, 2", "f(1,2)"),
    "optional left out": ("{($a:expr $(, $b:expr)?) => {f($a $(, $b)?)}}", "1", "f(1)"),
    "literal words": (
        "{(read $a:expr) => {r($a)}; (send $a:expr) => {s($a)}}",
        "send x.y",
        "s(x.y)",
    ),
    "types": ("{($a:ty = $b:expr) => {<$a>::new($b)}}", "Vec<u8, A> = 1", "<Vec<u8,A>>::new(1)"),
    "its crate": ("{($a:ident) => {$crate::m::$a}}", "f", "crate::m::f"),
    "a block": ("{($a:block) => {f($a)}}", "{ 1; 2 }", "f({1;2})"),
    "visibility": (
        "{($v:vis fn $n:ident) => {$v fn $n() {}}}",
        "pub(crate) fn x",
        "pub(crate)fnx(){}",
    ),
    "no rule": ("{($a:ident) => {$a}}", "1", None),
}


@pytest.mark.parametrize(("definition", "given", "wanted"), CASES.values(), ids=CASES)
def test_an_invocation_is_written_out(definition: str, given: str, wanted: str | None) -> None:
    assert _out(definition, given) == wanted


def test_what_grows_without_an_end_is_given_up() -> None:
    doubling = "{($($a:tt)*) => {" + "$($a)* " * 64 + "}}"
    with pytest.raises(TooMuch):
        _out(doubling, "x " * 1000)


def test_brackets_that_are_never_closed_end_with_the_text() -> None:
    assert text_of(read(b"f(a[b")).split() == [b"f", b"(a", b"[b", b"]", b")"]
