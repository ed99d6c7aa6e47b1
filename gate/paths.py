"""Routes, read strictly: one spelling for each thing, all others are nothing (threat model G15).

A front server and this program must never disagree on what a path means, so nothing is decoded,
folded or joined: the raw path either is one of these, or 404.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer.registry.index import index_path
from analyzer.registry.semver import precedence

_NAME = r"[A-Za-z_][A-Za-z0-9_-]{0,63}"
_INDEX = re.compile(
    r"(?:1/[a-z_]|2/[a-z_][a-z0-9_-]|3/[a-z_]/[a-z0-9_-]{3}|[a-z0-9_-]{2}/[a-z0-9_-]{2}/"
    r"[a-z_][a-z0-9_-]{3,63})",
    re.ASCII,
)
_ARCHIVE = re.compile(rf"({_NAME})/([0-9A-Za-z.+-]{{5,200}})/([0-9a-f]{{64}})\.crate", re.ASCII)
MOUNT = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """The archive that a download path names."""

    name: str
    version: str
    sha256: str


def name_of(path: str) -> str | None:
    """The lower-cased name behind a path below an index; None if it is not its one spelling."""
    if len(path) > 80 or not _INDEX.fullmatch(path):
        return None
    name = path.rpartition("/")[2]
    return name if index_path(name) == path else None


def archive_of(path: str) -> Asked | None:
    """What a path below the archives names; None if it is not its one spelling."""
    found = _ARCHIVE.fullmatch(path) if len(path) <= 350 else None
    if found is None or precedence(found[2]) is None:
        return None
    return Asked(found[1], found[2], found[3])


def archive_template(base_url: str) -> str:
    """The `dl` of config.json: a digest in the address makes an answer good for ever."""
    return f"{base_url}{{crate}}/{{version}}/{{sha256-checksum}}.crate"
