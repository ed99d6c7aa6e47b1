"""Whether sources use a dependency by its name: one that none does is only taken along."""

from __future__ import annotations

import re
from collections.abc import Mapping

from analyzer.model import QUIET, DependencyKind, Manifest, Phase, SourceTree

_WORD_START = re.compile(rb"[A-Za-z0-9_]")
_WORD_END = re.compile(rb"[A-Za-z0-9_]\Z")
_TAKING = re.compile(rb"(?:use\s+(?:::)?|extern\s+crate\s+)\Z")
_ENDING = re.compile(rb"(?:\s+as\s+_)?\s*;")
_NEAR = 80
Phases = Mapping[str, tuple[Phase, ...]]


class Sources:
    """The code of a crate that ships or builds, without its comments."""

    def __init__(self, tree: SourceTree, phases: Phases) -> None:
        self._files = [
            one.data
            for one in tree.files
            if one.path in phases and not QUIET.issuperset(phases[one.path])
        ]

    def names(self, key: str) -> bool:
        """Whether code uses a crate of this name; `use x as _;` alone uses nothing."""
        plain = key.replace("-", "_").encode()
        return any(plain in data and _uses(data, plain) for data in self._files)


def _uses(data: bytes, name: bytes) -> bool:
    """Whether a file names a crate outside of comments, and for more than to take it along."""
    at = data.find(name)
    while at >= 0:
        end = at + len(name)
        line = data[data.rfind(b"\n", 0, at) + 1 : at]
        is_word = not (_WORD_END.search(line) or _WORD_START.match(data, end))
        if is_word and b"//" not in line:
            before = data[max(0, at - _NEAR) : at]
            if not (_TAKING.search(before) and _ENDING.match(data, end)):
                return True
        at = data.find(name, end)
    return False


def unnamed(manifest: Manifest, tree: SourceTree, phases: Phases) -> tuple[str, ...]:
    """Keys of dependencies, other than those for development, that no code uses."""
    sources = Sources(tree, phases)
    keys = {one.key for one in manifest.dependencies if one.kind is not DependencyKind.DEV}
    return tuple(one for one in sorted(keys) if not sources.names(one))
