"""Whether sources use a dependency by its name: one that none does is only taken along."""

from __future__ import annotations

import re
from collections.abc import Mapping

from analyzer.model import QUIET, DependencyKind, Manifest, Phase, SourceTree

_COMMENT = re.compile(rb"//[^\n]*")
Phases = Mapping[str, tuple[Phase, ...]]


class Sources:
    """The code of a crate that ships or builds, without its comments."""

    def __init__(self, tree: SourceTree, phases: Phases) -> None:
        self._files = [
            one.data
            for one in tree.files
            if one.path in phases and not QUIET.issuperset(phases[one.path])
        ]
        self._code: dict[int, bytes] = {}

    def names(self, key: str) -> bool:
        """Whether code uses a crate of this name; `use x as _;` alone uses nothing."""
        plain = key.replace("-", "_").encode()
        name = re.escape(plain)
        word = re.compile(rb"(?<![A-Za-z0-9_])" + name + rb"(?![A-Za-z0-9_])")
        idle = re.compile(rb"(?:use\s+(?:::)?|extern\s+crate\s+)" + name + rb"(?:\s+as\s+_)?\s*;")
        for number, data in enumerate(self._files):
            if plain not in data:
                continue
            if number not in self._code:
                self._code[number] = _COMMENT.sub(b"", data)
            code = self._code[number]
            if len(word.findall(code)) > len(idle.findall(code)):
                return True
        return False


def unnamed(manifest: Manifest, tree: SourceTree, phases: Phases) -> tuple[str, ...]:
    """Keys of dependencies, other than those for development, that no code uses."""
    sources = Sources(tree, phases)
    keys = {one.key for one in manifest.dependencies if one.kind is not DependencyKind.DEV}
    return tuple(one for one in sorted(keys) if not sources.names(one))
