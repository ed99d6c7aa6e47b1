"""The project that takes a crate as anybody would."""

from __future__ import annotations

import hashlib
import io
import tarfile

from analyzer.limits import DEFAULT_LIMITS
from analyzer.manifest import read_manifest
from analyzer.model import CrateRef, CrateSource, Origin
from analyzer.unpack import unpack
from sandbox.consumer import more_programs, programs

_PACKAGE = '[package]\nname = "some-crate"\nversion = "1.0.0"\nedition = "2021"\n'


def made(text: str, manifest: str = "", *, is_more: bool = False) -> dict[str, str]:
    """The programs for a crate whose library is this text; `is_more`: those with other uses."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, words in (("Cargo.toml", _PACKAGE + manifest), ("src/lib.rs", text)):
            member = tarfile.TarInfo(f"some-crate-1.0.0/{name}")
            member.size = len(words.encode())
            archive.addfile(member, io.BytesIO(words.encode()))
    data = out.getvalue()
    ref = CrateRef("some-crate", "1.0.0")
    crate = CrateSource(ref, hashlib.sha256(data).hexdigest(), data, Origin.ARCHIVE)
    tree = unpack(crate, limits=DEFAULT_LIMITS)
    make = more_programs if is_more else programs
    rows = make(tree, read_manifest(tree, limits=DEFAULT_LIMITS))
    return {name: one.decode() for name, one in rows.items()}


MACROS = "[lib]\nproc-macro = true\n"


def test_a_library_is_named_so_that_it_is_linked() -> None:
    assert made("pub fn one() {}\n").keys() == {"src/main.rs"}
    assert "use some_crate as _;" in made("")["src/main.rs"]


def test_a_name_of_the_librarys_own_is_used() -> None:
    assert "use other as _;" in made("", '[lib]\nname = "other"\n')["src/main.rs"]


def test_a_derive_macro_is_derived_by_its_own_name_for_every_shape() -> None:
    text = "#[proc_macro_derive(Named, attributes(x))]\npub fn function(i: T) -> T { i }\n"
    first = made(text, MACROS)["src/bin/step0.rs"]
    (more,) = made(text, MACROS, is_more=True).values()
    assert "#[derive(some_crate::Named)]\nstruct Row {" in first
    assert "enum" not in first
    assert all(f"\n{one} Row" in more for one in ("enum", "union", "struct"))
    assert all(f" Row{one}" in more for one in (";", "(u32", "<'a"))


def test_an_attribute_and_a_function_like_macro_are_used() -> None:
    text = (
        "#[proc_macro_attribute]\n/// Words.\n#[inline]\npub fn marks(a: T, i: T) -> T { i }\n"
        "# [ proc_macro ]\npub fn calls(i: T) -> T { i }\n"
    )
    found, more = ("\n".join(made(text, MACROS, is_more=one).values()) for one in (False, True))
    assert "#[some_crate::marks]\nfn step" in found
    assert "some_crate::calls!()" in found
    assert "#[some_crate::marks]\nstruct Row" in more
    assert '#[some_crate::marks(a = "b")]\nimpl Row' in more
    assert 'some_crate::calls!("SELECT 1")' in more
    assert "some_crate::calls! { fn f() {} }" in more


def test_exported_rules_are_called() -> None:
    text = "#[macro_export]\nmacro_rules! steal { () => {} }\nmacro_rules! own { () => {} }\n"
    found = "\n".join(made(text).values())
    assert "some_crate::steal!()" in found
    assert "own" not in found


def test_many_macros_are_no_endless_build() -> None:
    text = "".join(f"#[proc_macro]\npub fn m{n}(i: T) -> T {{ i }}\n" for n in range(500))
    assert len(made(text, MACROS)) <= 25


def test_names_that_are_no_identifiers_are_never_written() -> None:
    text = '#[proc_macro]\npub fn x"}; include!("/etc/passwd (i: T) -> T { i }\n'
    assert not any("passwd" in one for one in made(text, MACROS).values())
