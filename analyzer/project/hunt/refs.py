"""The commits from which a repository's history is reached: branches, tags, stashes, reflogs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SHA = re.compile(rb"\b[0-9a-f]{40}\b")
_LONG = re.compile(rb"\b[0-9a-f]{64}\b")
_MAX_BYTES = 64 << 20
_ZERO = b"0" * 40
_PRESENT = ("refs/heads", "refs/remotes")
_HEADS = ("HEAD", "ORIG_HEAD", "FETCH_HEAD", "MERGE_HEAD")


@dataclass(frozen=True, slots=True)
class Tips:
    """`every` commit named anywhere; `present`: those a branch or a work tree stands at; `shallow`:
    where a clone was cut off. `problems` say what was not read.
    """

    every: tuple[bytes, ...]
    present: frozenset[bytes]
    shallow: frozenset[bytes]
    problems: tuple[str, ...]


def read_tips(folder: Path, objects: Path) -> Tips:
    """All tips of a repository whose objects lie at `objects`. Raises OSError."""
    shared = objects.parent
    found: dict[bytes, bool] = {}
    problems: list[str] = []
    for path in _files(shared, folder):
        try:
            size = path.stat().st_size
            data = path.read_bytes() if size <= _MAX_BYTES else b""
        except OSError as error:
            problems.append(f"{path.name}: {error.strerror}")
            continue
        if size > _MAX_BYTES:
            problems.append(f"{path.name}: too large")
        where = path.relative_to(shared).as_posix() if path.is_relative_to(shared) else path.name
        is_log = where.startswith("logs/") or "/logs/" in where
        for line in data.splitlines():
            if _LONG.match(line):
                problems.append("a repository of SHA-256 objects, which are not read")
                break
            here = where if where != "packed-refs" else line[41:].decode("utf-8", "replace")
            is_present = not is_log and (here.startswith(_PRESENT) or here.endswith("HEAD"))
            is_present = is_present and here not in _HEADS[1:]
            for sha in _SHA.findall(line[:82]):
                if sha != _ZERO:
                    found[sha] = found.get(sha, False) or is_present
    if (shared / "reftable").is_dir():
        problems.append("its refs are kept in a table, which is not read")
    shallow = _shallow(shared)
    if shallow:
        problems.append("a clone that was cut off: older commits are not here (fetch --unshallow)")
    present = frozenset(sha for sha, is_present in found.items() if is_present)
    return Tips(tuple(found), present, shallow, tuple(dict.fromkeys(problems)))


def _shallow(shared: Path) -> frozenset[bytes]:
    path = shared / "shallow"
    try:
        data = path.read_bytes() if path.stat().st_size <= _MAX_BYTES else b""
    except OSError:
        return frozenset()
    return frozenset(_SHA.findall(data))


def _files(shared: Path, folder: Path) -> Iterator[Path]:
    """Every file that names commits; links are not followed."""
    heads = [shared / one for one in (*_HEADS, "packed-refs")]
    pointer = folder / ".git"
    if pointer.is_file():
        text = pointer.read_text("utf-8", "replace")[:4096].removeprefix("gitdir:").strip()
        heads += [folder / text / "HEAD", folder / text / "logs" / "HEAD"]
    yield from (one for one in heads if one.is_file() and not one.is_symlink())
    for top in ("refs", "logs", "worktrees"):
        for where, folders, names in os.walk(shared / top):
            folders.sort()
            for name in sorted(names):
                path = Path(where) / name
                is_wanted = top != "worktrees" or name == "HEAD"
                if is_wanted and path.is_file() and not path.is_symlink():
                    yield path
