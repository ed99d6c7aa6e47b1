"""How a child interpreter is started: its parent's modules, nothing else of its surroundings."""

from __future__ import annotations

import json
import os
import subprocess
import sys

_PROGRAM = "import json, sys; sys.path[:] = json.loads(sys.argv[1])\n"
_KEPT = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # an interpreter may need them


def command(program: str, *arguments: str) -> tuple[str, ...]:
    """The command line that runs `program`, which finds `arguments` from `sys.argv[2]` on.

    `-I -S` keep the working folder, PYTHON* variables and site start-up code out; the module
    path is handed over as the parent has it, without entries that depend on where a process stands.
    """
    path = [one for one in sys.path if os.path.isabs(one)]  # noqa: PTH117  # texts, as Python has them
    flags = ("-I", "-S", "-X", "utf8", *(("-B",) if sys.dont_write_bytecode else ()))
    return (sys.executable, *flags, "-c", _PROGRAM + program, json.dumps(path), *arguments)


def environment() -> dict[str, str]:
    """Nothing of the caller's environment but what an interpreter needs to find itself."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


def output_of(program: str, *arguments: str) -> bytes:
    """What a child prints, empty when it cannot be started or fails."""
    try:
        done = subprocess.run(
            command(program, *arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            env=environment(),
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout if done.returncode == 0 else b""
