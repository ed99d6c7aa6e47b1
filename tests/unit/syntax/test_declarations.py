"""What one file declares, whatever its declarations are wrapped in."""

from __future__ import annotations

import pytest

from analyzer.syntax.declarations import PASTED, Base, Declarations
from analyzer.syntax.declarations import declarations as read


def declarations(source: bytes) -> Declarations:
    return read(source, limit=1000)


@pytest.mark.parametrize(
    "source",
    [
        b"mod a;",
        b"pub(in crate::x) mod a;",
        b"mod/* x */a // y\n;",
        "mod\u2028a\u0085;".encode(),
        b"mod r#a;",
        b"fn f() { if x { mod a; } }",
        b"const _: () = { mod a; };",
        b"cfg_if! { if #[cfg(unix)] { mod a; } else { } }",
        b"m!(mod a)",
        b"impl X { fn f() { struct Y; mod a ; } }",
    ],
)
def test_a_module_is_seen_in_any_spelling(source: bytes) -> None:
    assert [one.name for one in declarations(source).modules] == ["a"]


@pytest.mark.parametrize(
    "source",
    [
        b"// mod a;\n/* mod a; */",
        b'const A: &str = "mod a;"; const B: &str = r#"mod a;"#;',
        b"mod a { fn f() {} }",
        b"quote! { mod #name { } }",
        b"macro_rules! m { ($n:ident) => { mod $n { } } }",
        b"paste! { mod [<a b>] { } }",
    ],
)
def test_what_only_looks_like_a_module_is_none(source: bytes) -> None:
    assert not declarations(source).modules


def test_names_made_by_macros_are_told_apart() -> None:
    found = declarations(b"macro_rules! m { ($n:ident) => { mod $n; } } paste! { mod [<a b>]; }")
    assert [(one.name, one.macro, one.is_certain) for one in found.modules] == [
        ("", "m", False),
        (PASTED, "", False),
    ]


@pytest.mark.parametrize(
    ("attributes", "paths", "is_default_possible"),
    [
        (b'#[path = "x.rs"]', ("x.rs",), False),
        (b'#[path = "x.rs"] #[path = "y.rs"]', ("x.rs",), False),
        (b'#[r#path = r"x.rs"]\n/// doc\n#[doc(hidden)]', ("x.rs",), False),
        (rb'#[path = "\x78.rs"]', ("x.rs",), False),
        (b'#[cfg_attr(all(), path = "x.rs")]', ("x.rs",), True),
        (b'#[cfg_attr(a, cfg_attr(b, path = "x.rs"))] #[path = "y.rs"]', ("x.rs", "y.rs"), False),
        (b'#[doc = "x.rs"]', (), True),
        (b'#[path = "x.rs"] fn f() {}', (), True),
    ],
)
def test_the_path_attribute_is_read_as_rustc_reads_it(
    attributes: bytes, paths: tuple[str, ...], *, is_default_possible: bool
) -> None:
    (found,) = declarations(attributes + b" pub(crate) mod a;").modules
    assert (found.paths, found.is_default_possible) == (paths, is_default_possible)


def test_inline_modules_around_a_declaration_are_kept() -> None:
    source = b'mod a { #[path = "p"] mod b { mod c; } mod d { #![path = "q"] mod e; } } mod f;'
    found = declarations(source).modules
    around = [one.inside.from_outside() if one.inside is not None else [] for one in found]
    assert [[(one.name, one.path) for one in inside] for inside in around] == [
        [("a", None), ("b", "p")],
        [("a", None), ("d", "q")],
        [],
    ]


def test_conditions_are_those_of_everything_around() -> None:
    source = b'#![cfg(feature = "z")] #[cfg(test)] mod a { #[cfg(all(unix, x))] mod b; } mod c;'
    found = declarations(source).modules
    assert [one.cfg for one in found] == [
        ('feature = "z"', "test", "all(unix, x)"),
        ('feature = "z"',),
    ]


@pytest.mark.parametrize(
    ("source", "base", "path"),
    [
        (b'include!("x.txt");', Base.FILE, "x.txt"),
        (b'std :: include ! { r#"x"# }', Base.FILE, "x"),
        (b'let a = include!["x",];', Base.FILE, "x"),
        (
            b'include!(concat!(env!("CARGO_MANIFEST_DIR"), "/a/", 1, "/b"));',
            Base.MANIFEST,
            "/a/1/b",
        ),
        (b'include!(concat!("a", concat!("b", \'c\')));', Base.FILE, "abc"),
        (b'include!(concat!(env!("OUT_DIR"), "/x.rs"));', Base.OUT, "/x.rs"),
        (b'include!(concat!(env!("HOME"), "/x.rs"));', Base.UNKNOWN, "/x.rs"),
        (b"include!($path);", Base.UNKNOWN, ""),
        (b"include!(path!());", Base.UNKNOWN, ""),
        (b'use std::include as inc; inc!("x");', Base.FILE, "x"),
        (b'use {std::include as r#inc}; r#inc!("x");', Base.FILE, "x"),
        (b"m!(include);", Base.UNKNOWN, ""),
    ],
)
def test_an_include_is_read_in_any_spelling(source: bytes, base: Base, path: str) -> None:
    (found,) = declarations(source).inclusions
    assert (found.base, found.path) == (base, path)


@pytest.mark.parametrize(
    "source", [b'include_str!("x")', b'// include!("x")', b'f("include!(x)")', b"self.include(x)"]
)
def test_what_only_looks_like_an_include_is_none(source: bytes) -> None:
    assert not declarations(source).inclusions


def test_lines_are_those_of_the_declarations() -> None:
    found = declarations(b'mod a;\n\n#[x]\nmod\nb;\ninclude!("c");')
    assert [one.line for one in found.modules] == [1, 4]
    assert [one.line for one in found.inclusions] == [6]


def test_more_declarations_than_the_limit_are_cut_and_said() -> None:
    found = read(b"mod a;" * 50, limit=10)
    assert found.is_cut
    assert len(found.modules) == 11


@pytest.mark.parametrize("part", [b"mod a{", b"#[path=", b"mod ", b"#", b"include!(", b"mod [<"])
def test_unfinished_input_ends_quietly(part: bytes) -> None:
    declarations(part * 10_000)
