"""Files for a container, as one tar with the owners, modes and times that a lived-in home has."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePosixPath

_THEIRS = ("/home/", "/tmp/")  # noqa: S108  # inside the container


class Packing:
    """Collects files for `/`; folders come by themselves, the user's as old as what is in them:
    those of the system stay the system's.
    """

    def __init__(self, user: int, now_s: float) -> None:
        self._user, self._now_s = user, now_s
        self._out = io.BytesIO()
        self._archive = tarfile.open(fileobj=self._out, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._folders: set[str] = {"", ".", "/", "/home", "/tmp"}  # noqa: S108

    def add(self, path: str, data: bytes, *, mode: int = 0o644, age_s: float = 0) -> None:
        """One file at an absolute path, `age_s` seconds old."""
        for parent in reversed(PurePosixPath(path).parents):
            if str(parent) not in self._folders and str(parent).startswith(_THEIRS):
                self._folders.add(str(parent))
                folder = self._member(str(parent), 0o755 if mode & 0o044 else 0o700, age_s)
                folder.type = tarfile.DIRTYPE
                self._archive.addfile(folder)
        member = self._member(path, mode, age_s)
        member.size = len(data)
        self._archive.addfile(member, io.BytesIO(data))

    def add_file(self, path: str, source: Path, *, age_s: float = 0) -> None:
        """A file of this machine."""
        self.add(path, source.read_bytes(), age_s=age_s)

    def done(self) -> bytes:
        """The archive."""
        self._archive.close()
        return self._out.getvalue()

    def _member(self, path: str, mode: int, age_s: float) -> tarfile.TarInfo:
        member = tarfile.TarInfo(path.lstrip("/"))
        member.mode, member.mtime = mode, int(self._now_s - age_s)
        member.uid = member.gid = self._user
        return member
