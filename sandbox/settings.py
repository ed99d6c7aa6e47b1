"""What a run of the sandbox is told: whose machine it plays, what it may use, how far it goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sandbox.bait import Profile
from sandbox.engine import Room

GIB = 1 << 30


def default_room() -> Room:
    """Half of this machine's memory, at most 8 GiB, of which most may be files."""
    import os

    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    memory = max(2 * GIB, min(8 * GIB, whole // 2))
    return Room(
        memory_bytes=memory,
        processors=float(os.cpu_count() or 1),
        processes=1024,
        home_bytes=memory * 3 // 4,
        temporary_bytes=memory // 4,
    )


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """`environment`: more variables for the build; `features`: those of the crate to use beside its
    defaults; `project`: name of the project that takes it, made up if empty. `is_required`: not
    built is INCOMPLETE.

    `build_s`, `test_s` and `program_s` are the most that one build, all tests, and one program of
    the crate may take. `seed` makes the bait; empty: drawn for this run. Raw recordings go to
    `artifacts`, if it is given.
    """

    profile: Profile = Profile.BOTH
    environment: tuple[tuple[str, str], ...] = ()
    features: tuple[str, ...] = ()
    project: str = ""
    is_required: bool = False
    runs_tests: bool = True
    build_s: float = 900.0
    test_s: float = 180.0
    program_s: float = 15.0
    room: Room = field(default_factory=default_room)
    seed: bytes = b""
    artifacts: Path | None = None
