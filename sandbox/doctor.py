"""What this machine has of what a run needs, tried out rather than read up."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from analyzer.check import Check
from sandbox.engine import Boxes, connect
from sandbox.errors import SandboxError, first_line
from sandbox.image import Image, find_image
from sandbox.toolchain import find_toolchain

if TYPE_CHECKING:
    from docker.client import DockerClient


def checks() -> Iterator[Check]:
    """One after the other, since most need those before them."""
    try:
        toolchain = find_toolchain()
        yield Check("toolchain", works=True, word=toolchain.version)
    except SandboxError as error:
        yield Check("toolchain", works=False, word=str(error), remedy=error.remedy)
    try:
        client = connect()
    except SandboxError as error:
        yield Check("engine", works=False, word=str(error), remedy=error.remedy)
        return
    told = client.info()
    yield Check("engine", works=True, word=f"{told.get('ServerVersion')} on {told.get('OSType')}")
    yield from _engine(told)
    image = find_image(client)
    if image is None:
        remedy = "cratescope sandbox build-image"
        yield Check("image", works=False, word="not built yet", remedy=remedy, is_needed=False)
        program = shutil.which("debootstrap", path="/usr/sbin:/usr/bin")
        yield Check(
            "debootstrap",
            works=program is not None,
            word=program or "not here",
            remedy="needed only where no container registry answers",
            is_needed=False,
        )
        return
    yield Check("image", works=True, word=f"{image.tag} {image.digest}")
    yield from _tried(client, image)


def _engine(told: dict[str, Any]) -> Iterator[Check]:
    options = " ".join(told.get("SecurityOptions") or [])
    has_filter = "seccomp" in options
    yield Check("seccomp", works=has_filter, word=options or "none", is_needed=True)
    version = told.get("CgroupVersion", "1")
    has_limits = bool(told.get("MemoryLimit")) and bool(told.get("PidsLimit", True))
    yield Check("cgroups", works=has_limits, word=f"version {version}, memory and process limits")
    runtimes = sorted(told.get("Runtimes") or {})
    yield Check(
        "gVisor",
        works="runsc" in runtimes,
        word=f"runtimes: {', '.join(runtimes)}",
        remedy="a second wall around hostile builds, not used unless the engine's default",
        is_needed=False,
    )
    rootless = "rootless" in options
    yield Check("rootless", works=rootless, word="yes" if rootless else "no", is_needed=False)


def _tried(client: DockerClient, image: Image) -> Iterator[Check]:
    """Whether the kernel lets a container trace, and redirect its own packets."""
    from docker.errors import DockerException

    for what, words, capabilities in (
        ("ptrace", ["strace", "-f", "-o", "/dev/null", "--seccomp-bpf", "true"], ["SYS_PTRACE"]),
        ("nft", ["nft", "add", "table", "inet", "doctor"], ["NET_ADMIN"]),
    ):
        with Boxes(client):
            try:
                client.containers.run(
                    image.tag,
                    words[1:],
                    entrypoint=words[:1],
                    name=f"box-doctor-{secrets.token_hex(4)}",
                    network_mode="none",
                    read_only=True,
                    cap_drop=["ALL"],
                    cap_add=capabilities,
                    security_opt=["no-new-privileges"],
                    mem_limit="256m",
                    pids_limit=64,
                    remove=True,
                )
            except DockerException as error:
                yield Check(what, works=False, word=first_line(error))
            else:
                yield Check(what, works=True, word="works in a container")
