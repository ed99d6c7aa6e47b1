"""Packaged files from which a build script may make Rust: it names them, and they read like it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from analyzer.model import SourceFile
from analyzer.syntax.vocabulary import compiled

_RUST = compiled(
    rb"\bfn[\s\x0b]+[a-z_]\w*[\s\x0b]*[(<]|\bmacro_rules![\s\x0b]*\w|\bimpl\b[^;{}]*\{"
)
_LARGEST = 256 * 1024
_MOST = 32
"""Files of a folder that is named, and files in all, beyond which no more are taken."""
_OTHERS = (".md", ".toml", ".lock", ".c", ".h", ".cc", ".cpp", ".hpp", ".js", ".ts", ".py", ".go")
"""Endings of what may look like Rust here and there, and is something else."""


def templates(files: Mapping[str, SourceFile], texts: Iterable[str]) -> list[str]:
    """Files that one of the texts names, or that lie in a folder which one names; in order."""
    named: set[str] = set()
    below = _by_folder(files)
    for text in texts:
        path = posixpath.normpath(text.replace("\\", "/").lstrip("/") or ".")
        if path in files:
            named.add(path)
        elif path not in (".", "src") and len(path) > 1:
            named.update(below.get(path, ()))
    return [one for one in sorted(named) if _is_rust(files[one])][:_MOST]


def _by_folder(files: Iterable[str]) -> dict[str, list[str]]:
    """The first files at any depth of each folder."""
    table: dict[str, list[str]] = {}
    for one in files:
        end = one.find("/")
        while end >= 0:
            rows = table.setdefault(one[:end], [])
            if len(rows) < _MOST:
                rows.append(one)
            end = one.find("/", end + 1)
    return table


def _is_rust(file: SourceFile) -> bool:
    is_other = file.path.lower().endswith(_OTHERS) or len(file.data) > _LARGEST
    return not is_other and b"\0" not in file.data and _RUST.search(file.data) is not None
