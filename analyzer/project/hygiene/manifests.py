"""Locks and manifests: is Cargo.lock there and committed, do git dependencies name a commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analyzer.errors import TomlError
from analyzer.model import Severity
from analyzer.project.hygiene.model import HygieneRow
from analyzer.project.hygiene.table import Knowledge
from analyzer.project.hygiene.tree import Tree
from analyzer.project.hygiene.version_control import Tracked, is_ignored
from analyzer.project.locks import MANIFEST
from analyzer.toml import TomlTable, key_lines, read_toml

_KINDS = ("dependencies", "dev-dependencies", "build-dependencies")
_MAX_NAMED = 200


def lock_rows(
    tree: Tree,
    locks: Sequence[str],
    manifests: Sequence[str],
    tracked: Tracked | None,
    knowledge: Knowledge,
) -> Iterator[HygieneRow]:
    """Locks that are missing, ignored, or not committed. For a library alone it weighs less."""
    folders = {_folder(one) for one in locks}
    without: list[str] = []
    for path in sorted(manifests, key=lambda one: (one.count("/"), one)):
        above = _above(_folder(path))
        if folders.isdisjoint(above) and not any(_folder(one) in above for one in without):
            without.append(path)
    for path in without:
        yield _row(tree, knowledge, "lock-missing", path, "no lock file for this manifest")
    for path in locks:
        if tracked is None or tracked.holds(path):
            continue
        if is_ignored(tree, path):
            yield _row(tree, knowledge, "lock-ignored", path, "an ignore file leaves it out")
        else:
            yield _row(tree, knowledge, "lock-untracked", path, "it is not in git's index")


def _row(tree: Tree, knowledge: Knowledge, check: str, path: str, text: str) -> HygieneRow:
    severity = knowledge.checks[check].severity
    folder = _folder(path)
    if _is_library(tree, folder):
        severity = min(severity, Severity.LOW, key=list(Severity).index)
        text += " (a library: its users resolve for themselves, its own pipeline does, too)"
    return HygieneRow(path, 0, check, severity, text)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _above(folder: str) -> set[str]:
    parts = folder.split("/")
    return {"", *("/".join(parts[:i]) for i in range(1, len(parts) + 1))}


def _is_library(tree: Tree, folder: str) -> bool:
    """A package without programs; a workspace may hold any."""
    prefix = f"{folder}/" if folder else ""
    table = _table(tree, prefix + MANIFEST)
    if table is None or "workspace" in table or "bin" in table:
        return False
    return (
        not (tree.root / prefix / "src/main.rs").exists()
        and not (tree.root / prefix / "src/bin").exists()
    )


def _table(tree: Tree, path: str) -> TomlTable | None:
    data = tree.read(path)
    if data is None:
        return None
    try:
        return read_toml(data, name=path)
    except TomlError as error:
        tree.gap(str(error), path)
        return None


def git_rows(tree: Tree, manifests: Sequence[str], knowledge: Knowledge) -> Iterator[HygieneRow]:
    """Git dependencies that follow a branch or tag."""
    check = knowledge.checks["git-unpinned"]
    for path in manifests:
        table = _table(tree, path)
        if table is None:
            continue
        lines = key_lines((tree.text(path) or "").removeprefix("\ufeff"))
        found = [x for keys, part in _sections(table) for x in _unpinned(keys, part)]
        for keys, name, follows in found[:_MAX_NAMED]:
            line = lines.get((*keys, name, "git")) or lines.get((*keys, name)) or 0
            text = f"{name} follows {follows} of a git repository"
            yield HygieneRow(path, line, check.id, check.severity, text)
        if len(found) > _MAX_NAMED:
            tree.gap(f"{len(found) - _MAX_NAMED} git dependencies more are not listed", path)


def _sections(table: TomlTable) -> Iterator[tuple[tuple[str, ...], Mapping[str, object]]]:
    """Every table of dependencies with its path of keys."""
    roots: list[tuple[tuple[str, ...], object]] = [((), table)]
    roots.append((("workspace",), table.get("workspace")))
    targets = table.get("target")
    roots += [(("target", k), v) for k, v in targets.items()] if isinstance(targets, dict) else []
    for keys, root in roots:
        for kind in _KINDS if isinstance(root, dict) else ():
            part = root.get(kind) if isinstance(root, dict) else None
            if isinstance(part, dict):
                yield (*keys, kind), part
    patches = table.get("patch")
    for source, part in patches.items() if isinstance(patches, dict) else ():
        if isinstance(part, dict):
            yield ("patch", source), part


def _unpinned(
    keys: tuple[str, ...], part: Mapping[str, object]
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    for name, entry in part.items():
        if isinstance(entry, dict) and "git" in entry and "rev" not in entry:
            sort = next((one for one in ("tag", "branch") if one in entry), "")
            yield keys, name, f"{sort} {entry[sort]}" if sort else "the default branch"
