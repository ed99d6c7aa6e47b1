"""What is unpacked into a container: whose it is, and how old."""

from __future__ import annotations

import io
import tarfile

from sandbox.packing import Packing


def test_folders_of_the_system_are_not_given_to_the_user() -> None:
    packing = Packing(21_007, 1_000_000.0)
    for path in ("/var/run/secrets/token", "/etc/ssl/private/a.key", "/home/a/.ssh/id", "/tmp/0/x"):
        packing.add(path, b"x", age_s=50)
    with tarfile.open(fileobj=io.BytesIO(packing.done())) as archive:
        members = archive.getmembers()
    assert [one.name for one in members if one.isdir()] == ["home/a", "home/a/.ssh", "tmp/0"]
    assert {(one.uid, one.mtime) for one in members} == {(21_007, 999_950)}
