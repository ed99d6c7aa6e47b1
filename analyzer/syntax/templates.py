"""Packaged files from which a build script may make Rust: it names them, and they read like it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from analyzer.model import SourceFile

_RUST = re.compile(rb"\bfn\s+[a-z_]\w*\s*[(<]|\bmacro_rules!\s*\w|\bimpl\b[^;{}]*\{")
_LARGEST = 256 * 1024
_MOST = 32
"""Files of a folder that is named, and files in all, beyond which no more are taken."""
_OTHERS = (".md", ".toml", ".lock", ".c", ".h", ".cc", ".cpp", ".hpp", ".js", ".ts", ".py", ".go")
"""Endings of what may look like Rust here and there, and is something else."""


def templates(files: Mapping[str, SourceFile], texts: Iterable[str]) -> list[str]:
    """Files that one of the texts names, or that lie in a folder which one names; in order."""
    named: set[str] = set()
    for text in texts:
        path = posixpath.normpath(text.replace("\\", "/").lstrip("/") or ".")
        if path in files:
            named.add(path)
        elif path not in (".", "src") and len(path) > 1:
            named.update(_below(files, path))
    return [one for one in sorted(named) if _is_rust(files[one])][:_MOST]


def _below(files: Mapping[str, SourceFile], folder: str) -> Iterator[str]:
    rows = (one for one in files if one.startswith(f"{folder}/"))
    yield from (one for one, _ in zip(rows, range(_MOST), strict=False))


def _is_rust(file: SourceFile) -> bool:
    is_other = file.path.lower().endswith(_OTHERS) or len(file.data) > _LARGEST
    return not is_other and b"\0" not in file.data and _RUST.search(file.data) is not None
