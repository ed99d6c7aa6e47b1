"""The files of a policy, read. What decides is told with its digest: runs can be compared."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Protocol

from analyzer.errors import UsageError
from analyzer.model import Waiver
from analyzer.policy.known import read_known
from analyzer.policy.read import read_policy
from analyzer.policy.terms import KnownCrate, Policy
from analyzer.policy.vet import AUDITS, CONFIG, IMPORTS, read_store

POLICY_SIZE_BYTES = 2 << 20
FILE_SIZE_BYTES = 32 << 20
"""For a baseline, what was learned, and each file of a cargo-vet store."""
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whoever answers for a build: the policy and waivers in force, and the day they are asked."""

    policy: Policy
    waivers: tuple[Waiver, ...]
    today: date


class Shelf(Protocol):
    """Where the files of a policy are: a folder, or a commit."""

    def read(self, path: Path, most: int) -> bytes:
        """A file of at most `most` bytes. Raises UsageError."""

    def has(self, path: Path) -> bool:
        """Whether there is such a file."""


class Disk:
    """Files as they lie in folders."""

    def read(self, path: Path, most: int) -> bytes:
        """A regular file of at most `most` bytes. Raises UsageError for anything else."""
        return read_file(path, most)

    def has(self, path: Path) -> bool:
        """Whether there is such a file."""
        return path.exists()


def load_owner(path: Path, today: date, shelf: Shelf | None = None, *, name: str = "") -> Owner:
    """Policy, waivers and all files that the policy names, which are relative to its folder.

    `name` stands in reports and errors. Raises UsageError for a file that cannot be read, TomlError
    for one that says anything odd.
    """
    shelf = shelf or Disk()
    data = shelf.read(path, POLICY_SIZE_BYTES)
    policy, waivers = read_policy(data, name=name or str(path))
    folder, files = path.parent, policy.files
    sources: list[str] = []

    def named(place: Path, label: str) -> bytes:
        try:
            content = shelf.read(place, FILE_SIZE_BYTES)
        except UsageError as error:
            raise UsageError(f"{error} ({policy.name} names it)", remedy=error.remedy) from None
        sources.append(f"{label} {hashlib.sha256(content).hexdigest()}")
        return content

    known: list[KnownCrate] = []
    for label in filter(None, (files.baseline, files.learned)):
        is_baseline = label == files.baseline
        content = named(folder / label, label)
        known += read_known(content, name=str(folder / label), is_baseline=is_baseline)
    audits = policy.audits
    if files.cargo_vet:
        at = folder / files.cargo_vet
        store = {
            one: named(at / one, f"{files.cargo_vet}/{one}")
            for one in (AUDITS, CONFIG, IMPORTS)
            if one == AUDITS or shelf.has(at / one)
        }
        audits = read_store(store, folder=str(folder / files.cargo_vet))
    policy = replace(policy, known=tuple(known), audits=audits, sources=tuple(sources))
    return Owner(policy, waivers, today)


def read_file(path: Path, most: int) -> bytes:
    """A regular file of at most `most` bytes. Raises UsageError for anything else."""
    try:
        handle = os.open(path, _FLAGS)
        with open(handle, "rb") as opened:  # noqa: PTH123  # a descriptor, opened without waiting
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise UsageError(f"{path}: no regular file")
            data = opened.read(most + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if len(data) > most:
        raise UsageError(f"{path}: over {most:,} bytes", remedy="is this the right file?")
    return data
