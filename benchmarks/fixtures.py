"""Reads the fixtures: small crates of our own with the truth about them.

Marks (`//~ source`, `#~ sink`) stand at the end of lines and are taken out before anything scans.
A third of our own fixtures, chosen by the digest of their names, is held out: no rule is tuned on
it. Those below `blind/` were written without sight of the rules, and counted before any rule saw
them; since then they are development like the rest.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.model import CrateRef, CrateSource, Origin
from analyzer.toml import read_toml

FOLDER = Path(__file__).parent / "fixtures"
_MARK = re.compile(r"[ \t]*(?://|#)~[ \t]*(?:source|sink)[^\n]*")
_HELD_OUT = 3


@dataclass(frozen=True)
class Fixture:
    """One crate. `lines` are the true ones by file; `expect` the verdict a fair reader gives."""

    id: str
    is_hostile: bool
    title: str
    expect: str
    needs: str
    techniques: tuple[str, ...]
    crate: str
    files: Mapping[str, bytes]
    lines: Mapping[str, tuple[int, ...]]
    is_foreign: bool = False

    @property
    def part(self) -> str:
        """The part of the fixtures that it is counted in."""
        if self.is_foreign:
            return "written without sight of the rules"
        return "held-out third" if self.is_held_out else "tuned two thirds"

    @property
    def is_held_out(self) -> bool:
        """Whether rules must not be tuned on it; decided by the id alone."""
        return not self.is_foreign and hashlib.sha256(self.id.encode()).digest()[0] % _HELD_OUT == 0

    def source(self) -> CrateSource:
        """The crate as the analysis takes it."""
        return packed(self.crate, self.files)


def load(folder: Path = FOLDER) -> list[Fixture]:
    """All fixtures, hostile before honest, by name."""
    return [
        *_read(folder / "hostile", is_hostile=True),
        *_read(folder / "honest", is_hostile=False),
        *_read(folder / "blind" / "hostile", is_hostile=True),
        *_read(folder / "blind" / "honest", is_hostile=False),
    ]


def packed(crate: str, files: Mapping[str, bytes]) -> CrateSource:
    """Files as a crate archive in memory."""
    name, _, version = crate.partition("@")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(files):
            info = tarfile.TarInfo(f"{name}-{version}/{path}")
            info.size = len(files[path])
            archive.addfile(info, io.BytesIO(files[path]))
    data = buffer.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    return CrateSource(CrateRef(name, version), digest, data, Origin.FOLDER)


def _read(folder: Path, *, is_hostile: bool) -> Iterator[Fixture]:
    for path in sorted(folder.glob("*.toml")):
        table = read_toml(path.read_bytes(), name=path.name)
        marked = {one: str(text) for one, text in _dict(table, "files").items()}
        files = {one: _MARK.sub("", text).encode() for one, text in marked.items()}
        files |= {one: base64.b64decode(str(text)) for one, text in _dict(table, "base64").items()}
        lines = {one: marks(text) for one, text in marked.items() if marks(text)}
        lines |= {one: tuple(_list(rows)) for one, rows in _dict(table, "lines").items()}
        yield Fixture(
            id=path.stem,
            is_hostile=is_hostile,
            title=str(table["title"]),
            expect=str(table["expect"]),
            needs=str(table["needs"]),
            techniques=tuple(_list(table["techniques"])),
            crate=str(table["crate"]),
            files=files,
            lines=lines,
            is_foreign=folder.parent.name == "blind",
        )


def marks(text: str) -> tuple[int, ...]:
    """Lines of a text that carry a mark."""
    return tuple(n for n, line in enumerate(text.split("\n"), 1) if _MARK.search(line))


def _dict(table: Mapping[str, object], key: str) -> dict[str, object]:
    found = table.get(key, {})
    return dict(found) if isinstance(found, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
