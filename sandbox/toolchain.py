"""The real cargo and rustc of this machine: never a proxy that a folder's files could turn."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError

_TIME_S = 60


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A sysroot with `bin/cargo` and `bin/rustc`, and what rustc says it is."""

    root: Path
    version: str

    @property
    def cargo(self) -> str:
        """The program."""
        return str(self.root / "bin/cargo")


def find_toolchain() -> Toolchain:
    """The toolchain that the user's `rustc` stands for. Raises SandboxError if there is none."""
    program = shutil.which("rustc")
    if program is None:
        raise SandboxError(
            "there is no rustc on this machine", remedy="install Rust, with cargo beside rustc"
        )
    root = Path(_says([program, "--print", "sysroot"]))
    if not (root / "bin/cargo").exists():
        raise SandboxError(f"there is no cargo beside the rustc in {root}")
    return Toolchain(root, _says([str(root / "bin/rustc"), "-V"]))


def _says(argv: list[str]) -> str:
    try:
        done = subprocess.run(
            argv, cwd="/", capture_output=True, timeout=_TIME_S, check=True, encoding="utf-8"
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SandboxError(f"{argv[0]} does not answer: {error}") from None
    return done.stdout.strip()


def clean_environment(toolchain: Toolchain, home: Path) -> Mapping[str, str]:
    """An environment in which cargo hears of nobody's settings."""
    kept = ("PATH", "LANG", "TMPDIR", "HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "NO_PROXY")
    environment = {one: os.environ[one] for one in kept if one in os.environ}
    for one in ("CARGO_HTTP_CAINFO", "CARGO_HTTP_PROXY"):
        if one in os.environ:
            environment[one] = os.environ[one]
    return environment | {
        "HOME": str(home),
        "CARGO_HOME": str(home),
        "RUSTC": str(toolchain.root / "bin/rustc"),
        "CARGO_TERM_COLOR": "never",
        "CARGO_NET_GIT_FETCH_WITH_CLI": "false",
        "RUSTUP_AUTO_INSTALL": "0",
    }
