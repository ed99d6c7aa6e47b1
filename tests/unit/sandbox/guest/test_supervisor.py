"""What the supervisor hands out of a container."""

from __future__ import annotations

import io
import json
from pathlib import Path

from sandbox.guest import wire
from sandbox.guest.supervisor import Supervisor


def collected(root: Path, **more: object) -> tuple[dict[str, bytes], dict[str, object]]:
    """Files by name, and the answer, of one order to collect."""
    order = {"do": "collect", "roots": [str(root)], "without": [], "endings": [""], "since": 0.0}
    order |= {"room_bytes": 100, "file_bytes": 50} | more
    answers = io.BytesIO()
    orders = io.BytesIO(wire.command(order))
    Supervisor(orders, answers, "").serve()
    answers.seek(0)
    files, told = {}, {}
    while (frame := wire.read_frame(answers.read)) is not None:
        channel, data = frame
        if channel == wire.FILE:
            path, _, content = data.partition(b"\0")
            files[Path(path.decode()).name] = content
        else:
            told = json.loads(data)
    return files, told


def test_what_is_too_large_is_not_sent_and_counted(tmp_path: Path) -> None:
    for name, size in (("a", 40), ("b", 51), ("c", 50), ("d", 11)):
        (tmp_path / name).write_bytes(b"x" * size)
    files, told = collected(tmp_path)
    assert told["unsent"] == 2
    assert {name: len(data) for name, data in files.items()} in (
        {"a": 40, "c": 50},
        {"a": 40, "d": 11},
        {"c": 50, "d": 11},
    )


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    files, told = collected(tmp_path)
    assert (files, told["unsent"]) == ({}, 0)
