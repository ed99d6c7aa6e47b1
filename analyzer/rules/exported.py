"""Functions of dependencies as entries of the API catalogue."""

from __future__ import annotations

from analyzer.model import Export, Exports, FactKind
from analyzer.signatures import Api


def entries(exports: Exports) -> dict[str, Api]:
    """Entries by canonical path: as it stands in its crate, and as the crate may export it anew."""
    grouped: dict[str, list[Export]] = {}
    for one in exports.rows:
        grouped.setdefault(one.path, []).append(one)
    found: dict[str, Api] = {}
    for path, rows in grouped.items():
        for name in _names(path, is_nested=rows[0].is_method or bool(rows[0].returns)):
            found.setdefault(f"{exports.crate}::{name}", _api(exports.crate, name, rows))
    return found


def _names(path: str, *, is_nested: bool) -> list[str]:
    """The path and what is left of it when modules on the way export it: always its last names."""
    parts = path.split("::")
    last = 2 if is_nested else 1
    return ["::".join((*parts[:kept], *parts[-last:])) for kept in range(len(parts) - last + 1)]


def _api(crate: str, name: str, rows: list[Export]) -> Api:
    kinds = {kind: one for one in rows for kind in one.kinds}
    facts: tuple[FactKind, ...] = tuple(kinds)
    owner = name.rpartition("::")[0]
    return Api(
        path=f"{crate}::{name}",
        is_method=rows[0].is_method,
        facts=facts,
        subjects=tuple(f"'{one.subject}'" for one in kinds.values()),
        data=tuple(sorted({at for one in rows for at in one.data})),
        returns=f"{crate}::{owner}" if rows[0].returns else "",
    )
