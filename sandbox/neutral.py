"""A manifest that tells cargo what to fetch, and nothing that makes it run or read anything else.

What tools obey (workspaces, patches, profiles, paths, other sources) is left out and told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tomli_w

from analyzer.errors import TomlError
from analyzer.toml import read_toml

SET_ASIDE = (
    *(".cargo/config", ".cargo/config.toml", "rust-toolchain", "rust-toolchain.toml"),
    *("clippy.toml", ".clippy.toml", "rustfmt.toml", ".rustfmt.toml", "Cargo.lock"),
)
"""Files that tools obey, anywhere in a package."""
_DROPPED = ("workspace", "patch", "replace", "profile", "cargo-features", "lints", "badges")
_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")
_OLD_TABLES = {
    "dev_dependencies": "dev-dependencies",
    "build_dependencies": "build-dependencies",
}
_SOURCES = ("path", "git", "branch", "rev", "tag", "registry", "registry-index", "base")


@dataclass(frozen=True, slots=True)
class Neutral:
    """A manifest's text, and what was taken out of it."""

    text: str
    dropped: tuple[str, ...]


def neutral(data: bytes, *, has_dev: bool) -> Neutral:
    """The manifest without what tools obey; raises TomlError for what is none."""
    document: dict[str, Any] = dict(read_toml(data, name="Cargo.toml"))
    dropped = [one for one in _DROPPED if document.pop(one, None) is not None]
    package = document.get("package")
    if not isinstance(package, dict):
        raise TomlError("Cargo.toml: no [package]")
    if package.pop("workspace", None) is not None:
        dropped.append("package.workspace")
    inherited = [key for key, value in package.items() if _is_inherited(value)]
    for key in inherited:
        del package[key]
        dropped.append(f"package.{key}")
    package.setdefault("version", "0.0.0")
    for table in _tables_of(document):
        dropped += _without_sources(table)
        if not has_dev:
            table.pop("dev-dependencies", None)
    return Neutral(tomli_w.dumps(document), tuple(dropped))


def _is_inherited(value: object) -> bool:
    return isinstance(value, Mapping) and value.get("workspace") is True


def _tables_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield document
    targets = document.get("target")
    for one in targets.values() if isinstance(targets, dict) else ():
        if isinstance(one, dict):
            yield one


def _without_sources(table: dict[str, Any]) -> Iterator[str]:
    """Take away where dependencies come from; one that then says nothing is taken away whole."""
    for old, new in _OLD_TABLES.items():
        if old in table:
            table.setdefault(new, table.pop(old))
    for kind in _TABLES:
        rows = table.get(kind)
        if not isinstance(rows, dict):
            continue
        for name, row in list(rows.items()):
            if not isinstance(row, dict):
                continue
            for key in _SOURCES:
                if row.pop(key, None) is not None:
                    yield f"{kind}.{name}.{key}"
            if "version" not in row:
                del rows[name]
                yield f"{kind}.{name}"
