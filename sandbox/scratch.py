"""Folders for the length of one run, which the next run removes when this one could not.

Each is locked by the process that made it; the kernel lets go of the lock when that process ends,
however it ends. No process number is trusted: numbers are given again, and differ by container.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

_PREFIX = "cratescope-run-"
_NEW_S = 60.0


class Scratch:
    """A new folder. Leaving the `with`, or `cleanup`, removes it."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *_: object) -> None:
        self.cleanup()

    def cleanup(self) -> None:
        """Remove it with all that is in it; again is no error."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def reap_folders() -> int:
    """Remove folders of runs that were killed; how many were removed."""
    return sum(_reap(one) for one in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"))


def _reap(path: Path) -> bool:
    with contextlib.suppress(OSError):
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_left(os.fstat(lock), path):
                shutil.rmtree(path, ignore_errors=True)
                return not path.exists()
        finally:
            os.close(lock)
    return False


def _is_left(status: os.stat_result, path: Path) -> bool:
    """Whether it is ours to remove: not another user's, and not made this moment: between the
    making of a folder and its lock there is a time, in which it is empty.
    """
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        return False
    return time.time() - status.st_mtime > _NEW_S or any(path.iterdir())
