"""What makes a project's cargo go past the gate: its own configuration, `[patch]`, vendored trees.

Only the project's files are looked at; the configuration in a person's home is where the gate is
named, and what egress rules do not allow needs no list (threat model G11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from analyzer.limits import Limits
from analyzer.project.supply import manifest_at

_CONFIGS = (".cargo/config.toml", ".cargo/config")
_MAX_PARENTS = 16
_PUBLIC = "crates-io"


def ways_around(root: Path, gates: tuple[str, ...], limits: Limits) -> Iterator[tuple[str, str]]:
    """(file, how) for each way past the gate that files of a project at `root` open.

    `gates`: how the addresses of the gate's indexes begin.
    """
    root = root.resolve()
    manifest = manifest_at(root / "Cargo.toml", limits) or {}
    yield from (("Cargo.toml", how) for how in _patches(manifest))
    for folder in (root, *root.parents[:_MAX_PARENTS]):
        for name in _CONFIGS:
            document = manifest_at(folder / name, limits) or {}
            place = name if folder == root else str(folder / name)
            yield from ((place, how) for how in _of_config(document, gates))


def _patches(document: Mapping[str, object]) -> Iterator[str]:
    for key in ("patch", "replace"):
        if _table(document, key):
            yield f"[{key}]: what it names comes from elsewhere"


def _of_config(document: Mapping[str, object], gates: tuple[str, ...]) -> Iterator[str]:
    yield from _patches(document)
    if document.get("paths"):
        yield "paths: folders stand in for what the lock file names"
    sources, registries = _table(document, "source"), _table(document, "registries")
    name, seen = _PUBLIC, set()
    while name not in seen:
        seen.add(name)
        row = _table(sources, name)
        following = row.get("replace-with")
        if isinstance(following, str):
            name = following
            continue
        kind = next((one for one in ("directory", "local-registry", "git") if row.get(one)), "")
        index = row.get("registry") or row.get("index") or _table(registries, name).get("index")
        if kind:
            yield f"source {name}: a {kind} in place of the registry"
        elif isinstance(index, str) and not index.removeprefix("sparse+").startswith(gates):
            yield f"source {name}: {index} in place of the registry"


def _table(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}
