"""Native code that lies in the package and is linked by name."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import SourceFile

_AR = b"!<arch>\n"
_HEADER = 60
_NATIVE = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ")
_COFF = (b"\x64\x86", b"\x4c\x01", b"\x64\xaa")
_MEMBERS = 64
_ENDINGS = (".o", ".obj", ".a", ".so", ".lib", ".dylib", ".dll")


def linked_file(directive: str, searched: str, files: tuple[SourceFile, ...]) -> str:
    """The packaged file with native code that a `rustc-link-lib` or `rustc-link-arg` line links;
    empty if it links none.

    `directive` is what follows `cargo::`, `searched` all folders that the script names for the
    linker. Archives of WebAssembly and import libraries, which hold
    no code of this machine, do not count.
    """
    key, _, value = directive.partition("=")
    if not key.startswith("rustc-link-"):
        return ""
    name = value.rpartition("=")[2].partition(":")[0] if key == "rustc-link-lib" else value
    for file in files:
        base = file.path.rpartition("/")[2]
        if key == "rustc-link-lib":
            folder = file.path.rpartition("/")[0] or "{manifest}"
            is_meant = bool(name) and base in _names(name) and folder in searched
        else:
            is_meant = base.endswith(_ENDINGS) and value.endswith(base)
        if is_meant and _has_code(file.data):
            return file.path
    return ""


def _names(name: str) -> set[str]:
    return {f"lib{name}.a", f"lib{name}.so", f"lib{name}.dylib", f"{name}.lib", f"{name}.dll", name}


def _has_code(data: bytes) -> bool:
    parts = _members(data) if data.startswith(_AR) else (data,)
    return any(one.startswith((*_NATIVE, *_COFF)) for one in parts)


def _members(data: bytes) -> Iterator[bytes]:
    """The first bytes of an `ar` archive's members."""
    at = len(_AR)
    for _ in range(_MEMBERS):
        header = data[at : at + _HEADER]
        size = header[48:58].strip()
        if len(header) < _HEADER or not size.isdigit():
            return
        yield data[at + _HEADER : at + _HEADER + 8]
        at += _HEADER + int(size) + int(size) % 2
