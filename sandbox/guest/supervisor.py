"""The first process of a build container: takes orders from the host, runs stages, tells of them.

It is root, with the few capabilities that a tracer needs; what it starts is not.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from sandbox.guest import wire
from sandbox.guest.stage import Order, Stage, end_all

_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 4, 36
_ETC_KEPT = "/usr/share/base-files/etc"
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


_THE_ENGINES = {"resolv.conf", "hostname", "hosts", "mtab"}
"""Files that the engine puts there itself."""


class _Limited:
    """The next bytes of a stream, as a file of their own."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._left = stream, size

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._stream.read(wanted)
        self._left -= len(data)
        return data


class Supervisor:
    """Answers one host until it says `end` or is gone."""

    def __init__(self, orders: BinaryIO, answers: BinaryIO, entry: str) -> None:
        self._orders, self._answers, self._entry = orders, answers, entry
        self._lock = threading.Lock()
        self._user = 0

    def serve(self) -> None:
        """Carry out orders, one after the other; each is answered by a `done` event."""
        while (order := wire.read_command(self._orders)) is not None:
            if order["do"] == "end":
                break
            try:
                told = getattr(self, f"_{order['do']}")(order)
            except (OSError, ValueError, tarfile.TarError) as error:
                told = {"failure": f"{type(error).__name__}: {error}"}
            self._send(wire.EVENT, wire.as_json({"event": "done", "do": order["do"], **told}))

    def _send(self, channel: bytes, data: bytes) -> None:
        with self._lock:
            for one in wire.frames(channel, data):
                self._answers.write(one)
            self._answers.flush()

    def _unpack(self, order: dict[str, Any]) -> dict[str, object]:
        """The body is a tar with owners and times, made by the host."""
        body = _Limited(self._orders, order["size"])
        try:
            with tarfile.open(fileobj=body, mode="r|") as archive:  # type: ignore[call-overload]
                # Newer Pythons would take owners and modes away; older ones know no such argument.
                archive.extraction_filter = lambda member, _: member
                folders = []
                for member in archive:
                    archive.extract(member, "/", numeric_owner=True)
                    folders += [member] if member.isdir() else []
                for member in folders:  # a folder is as old as what is in it, not as we are
                    with contextlib.suppress(OSError):  # those of the system are not ours to date
                        os.utime(f"/{member.name}", (member.mtime, member.mtime))
        finally:
            while body.read(1 << 20):
                pass
        return {}

    def _settle(self, order: dict[str, Any]) -> dict[str, object]:
        """Make /etc from the image's own, with the payload's user, and trust one more authority."""
        shutil.copytree(
            _ETC_KEPT, "/etc", symlinks=True, dirs_exist_ok=True, ignore=lambda *_: _THE_ENGINES
        )
        self._user = order["user"]
        with Path("/etc/passwd").open("a", encoding="utf-8") as file:
            file.write(order["passwd"] + "\n")
        with Path("/etc/group").open("a", encoding="utf-8") as file:
            file.write(order["group"] + "\n")
        if order.get("authority"):
            with Path(_BUNDLE).open("a", encoding="ascii") as file:
                file.write(order["authority"])
        return {}

    def _trust(self, order: dict[str, Any]) -> dict[str, object]:
        """Add the authority to what crates bring along as roots."""
        from sandbox.guest import trust

        lets_all = bool(order.get("lets_all"))
        told: list[str] = []
        for registry in sorted(one for one in Path(order["sources"]).iterdir() if one.is_dir()):
            told += trust.trust(registry, order["authority"], is_verifier_patched=lets_all)
        return {"altered": told}

    def _run(self, order: dict[str, Any]) -> dict[str, object]:
        fields = {key: value for key, value in order.items() if key not in ("do", "size")}
        for key in ("argv", "quiet", "watched"):
            fields[key] = tuple(fields[key])
        return Stage(Order(**fields), self._send, self._entry).run()

    def _collect(self, order: dict[str, Any]) -> dict[str, object]:
        """Send regular files below `roots` that changed after `since`, the smallest first, so that
        libraries keep nothing small out. Those there was no room for are counted.
        """
        left, unsent = order["room_bytes"], 0
        changed = _changed(order["roots"], order["since"], tuple(order["without"]))
        for size, path in sorted(changed):
            if not path.name.endswith(tuple(order["endings"])):
                continue
            try:
                if size > left or size > order["file_bytes"]:
                    unsent += 1
                    continue
                data = _regular(path, size)
            except OSError:
                continue
            left -= len(data)
            self._send(wire.FILE, os.fsencode(path) + b"\0" + data)
        return {"unsent": unsent}

    def _remove(self, order: dict[str, Any]) -> dict[str, object]:
        """Remove folders or files of the payload's, links not followed."""
        for one in order["paths"]:
            if Path(one).is_dir() and not Path(one).is_symlink():
                shutil.rmtree(one)
            else:
                Path(one).unlink(missing_ok=True)
        return {}


def _regular(path: Path, size: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(min(size, wire.FRAME_MAX_BYTES - 4096))


def _changed(
    roots: list[str], since: float, without: tuple[str, ...]
) -> Iterator[tuple[int, Path]]:
    """Sizes in bytes, and files."""
    for root in roots:
        for folder, folders, files in os.walk(root):
            folders[:] = [one for one in folders if f"{folder}/{one}" not in without]
            for name in files:
                path = Path(folder, name)
                try:
                    status = path.lstat()
                except OSError:
                    continue
                if max(status.st_ctime, status.st_mtime) >= since and path.is_file():
                    yield status.st_size, path


def main(entry: str) -> None:
    """Serve on standard input and output; both are taken away from whatever is started."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    supervisor = Supervisor(sys.stdin.buffer, sys.stdout.buffer, entry)
    try:
        supervisor.serve()
    finally:
        if supervisor._user:
            end_all(supervisor._user)
