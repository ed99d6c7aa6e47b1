"""A lock between processes that ends with its holder, however that ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lock(handle: int) -> Iterator[None]:
    """Hold an open file exclusively; others wait. Does nothing where the system has no such lock:
    files are replaced as a whole, so the worst is that the last writer wins.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)
