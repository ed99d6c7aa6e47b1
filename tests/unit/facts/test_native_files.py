"""Native code in the package: which directive links it, and what counts as code."""

from __future__ import annotations

import pytest

from analyzer.facts.native_files import linked_file
from analyzer.model import SourceFile

ELF = b"\x7fELF\x02\x01\x01\0"
SEARCHED = "rustc-link-search=native={manifest}/native rustc-link-search={manifest}/lib"
WASM = b"\0asm\x01\0\0\0"


def _archive(*members: bytes) -> bytes:
    data = b"!<arch>\n"
    for one in members:
        data += b"x.o/".ljust(48) + str(len(one)).encode().ljust(10) + b"`\n" + one
        data += b"\n" * (len(one) % 2)
    return data


@pytest.mark.parametrize(
    ("directive", "path", "data"),
    [
        ("rustc-link-lib=static=shim", "native/libshim.a", _archive(ELF)),
        ("rustc-link-lib=static:+whole-archive=shim", "libshim.a", _archive(b"/\0\0", ELF)),
        ("rustc-link-lib=shim", "lib/libshim.so", ELF),
        ("rustc-link-lib=shim", "lib/shim.lib", _archive(b"\x64\x86\x03\0")),
        ("rustc-link-arg={manifest}/native/shim.o", "native/shim.o", ELF),
        ("rustc-link-arg=-Wl,native/shim.o", "native/shim.o", ELF),
    ],
)
def test_packaged_code_is_linked(directive: str, path: str, data: bytes) -> None:
    assert linked_file(directive, SEARCHED, (SourceFile(path, data),)) == path


@pytest.mark.parametrize(
    ("directive", "path", "data"),
    [
        ("rustc-link-lib=z", "native/libshim.a", _archive(ELF)),
        ("rustc-link-lib=shim", "bindings/vb6/shim.lib", _archive(ELF)),
        ("rustc-link-lib=shim", "libshim.a", _archive(WASM)),
        ("rustc-link-lib=shim", "libshim.a", b""),
        ("rustc-link-lib=shim", "libshim.a", b"!<arch>\n" + b" " * 60),
        ("rustc-link-search=native", "native/libshim.a", _archive(ELF)),
        ("rustc-env=A=shim", "libshim.a", _archive(ELF)),
    ],
)
def test_other_files_and_directives_link_none(directive: str, path: str, data: bytes) -> None:
    assert linked_file(directive, SEARCHED, (SourceFile(path, data),)) == ""
