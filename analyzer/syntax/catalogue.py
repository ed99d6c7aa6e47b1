"""The API catalogue as the questions about code need it: worked out once, not for each crate."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from analyzer.signatures import Api, Signatures

_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*_\w+")


class Catalogue(dict[str, Api]):
    """Entries by canonical path, and what follows from all of them together."""

    @functools.cached_property
    def prefixes(self) -> frozenset[tuple[str, ...]]:
        """Paths of entries and everything they stand below, as segments."""
        paths = {tuple(one.rstrip("!").split("::")) for one in self}
        return frozenset(one[:n] for one in paths for n in range(1, len(one) + 1))

    @functools.cached_property
    def last_names(self) -> frozenset[str]:
        """What a call or a mention of an entry says last."""
        return frozenset(one.rpartition("::")[2] for one in self)

    @functools.cached_property
    def constants(self) -> frozenset[str]:
        """Names of constants that say something by being named: `PROT_EXEC`."""
        return frozenset(
            one.rpartition("::")[2]
            for one, api in self.items()
            if api.facts and not api.is_method and _CONSTANT.fullmatch(one.rpartition("::")[2])
        )

    @functools.cached_property
    def methods(self) -> Mapping[str, tuple[Api, ...]]:
        """Methods by name, whatever their type."""
        table: dict[str, list[Api]] = {}
        for api in self.values():
            if api.is_method:
                table.setdefault(api.path.rpartition("::")[2], []).append(api)
        return {name: tuple(rows) for name, rows in table.items()}

    @functools.cached_property
    def symbols(self) -> Mapping[str, tuple[str, ...]]:
        """Functions of the system by the name that a linker knows, to their catalogued path."""
        table: dict[str, tuple[str, ...]] = {}
        for full in self:
            path = tuple(full.split("::"))
            if path[0] in ("libc", "windows_sys", "winapi"):
                table.setdefault(path[-1], path)
        return table


@functools.lru_cache(maxsize=4)
def catalogue(signatures: Signatures) -> Catalogue:
    """The catalogue of a set of signatures."""
    return Catalogue(signatures.apis)
