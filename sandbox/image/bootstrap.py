"""A Debian made here, for machines that reach no container registry: needs root and debootstrap."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sandbox.errors import SandboxError
from sandbox.scratch import Scratch, reap_folders

if TYPE_CHECKING:
    from docker.client import DockerClient

PACKAGES = (
    *("ca-certificates", "gcc", "g++", "make", "cmake", "libc6-dev", "pkg-config", "perl"),
    *("git", "curl", "openssl", "libssl-dev", "protobuf-compiler", "clang", "libclang-dev"),
    *("strace", "python3-minimal", "libpython3-stdlib", "iproute2", "nftables"),
    *("wget", "openssh-client", "netcat-openbsd", "socat", "bind9-dnsutils", "rsync"),
    *("xxd", "zip", "unzip", "gpg", "busybox"),
)
"""What crates usually need to build, what the sandbox needs itself, and what a payload would find
on a developer's machine: without it, it would show less.
"""
_SUITE = "bookworm"
_DROPPED = ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TIME_S = 1800
_CHUNK_BYTES = 1 << 20


def bootstrap(client: DockerClient, tag: str, tell: Callable[[str], None]) -> None:
    """Make a root file system with `debootstrap` and hand it to the engine. Raises SandboxError."""
    program = shutil.which("debootstrap") or shutil.which("debootstrap", path="/usr/sbin")
    if program is None or os.geteuid() != 0:
        raise SandboxError(
            "no container registry answers, and there is no debootstrap that root may run",
            remedy="apt-get install debootstrap, and run `cratescope sandbox build-image` as root",
        )
    reap_folders()
    with Scratch() as folder:
        root = folder.path / "root"
        tell(f"debootstrap {_SUITE} with {len(PACKAGES)} packages (a minute or two)")
        argv = [program, "--variant=minbase", f"--include={','.join(PACKAGES)}", _SUITE, str(root)]
        try:
            done = subprocess.run(
                argv, capture_output=True, timeout=_TIME_S, check=False, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            raise SandboxError(f"debootstrap did not end within {_TIME_S} s") from None
        if done.returncode:
            last = (done.stdout + done.stderr).decode("utf-8", "replace").strip().splitlines()
            raise SandboxError(f"debootstrap failed: {last[-1] if last else done.returncode}")
        for one in _DROPPED:
            shutil.rmtree(root / one)
            (root / one).mkdir()
        tell("handing it to the engine")
        with subprocess.Popen(["/bin/tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as tar:
            assert tar.stdout is not None
            stream = tar.stdout

            def chunks() -> Iterator[bytes]:
                while data := stream.read(_CHUNK_BYTES):
                    yield data

            repository, _, version = tag.partition(":")
            client.api.import_image_from_data(
                chunks(), repository=repository, tag=version, changes=[f"ENV PATH={_PATH}"]
            )
        if tar.returncode:
            raise SandboxError("the file system could not be packed")
