"""The image that builds run in: made once, named by what it is made from."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.errors import SandboxError
from sandbox.image.bootstrap import PACKAGES, bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from docker.client import DockerClient

_LAYER = ("Dockerfile", "shim.c", "clock.c")
REPOSITORY = "cratescope-sandbox"
LABEL = "cratescope.sandbox"
_HERE = Path(__file__).parent
_GUEST = _HERE.parent / "guest"
_MAIN = "import sys\nfrom sandbox.guest.start import main\nmain(sys.argv)\n"
_RUST = "rust:1-slim"


@dataclass(frozen=True, slots=True)
class Image:
    """An image that is there. `digest` is the engine's id of it; `has_toolchain`: cargo and rustc
    are inside, else the host's are mounted.
    """

    tag: str
    digest: str
    has_toolchain: bool


def guest_file() -> bytes:
    """Everything of `sandbox.guest` as one program, the same bytes for the same sources."""
    out = io.BytesIO(b"")
    out.write(b"#!/usr/bin/python3 -IS\n")
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        rows = {"__main__.py": _MAIN.encode(), "sandbox/__init__.py": b""}
        for path in sorted(one for kind in ("*.py", "*.toml") for one in _GUEST.rglob(kind)):
            rows[f"sandbox/guest/{path.relative_to(_GUEST)}"] = path.read_bytes()
        for name, data in rows.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, compresslevel=9)
    return out.getvalue()


def tag() -> str:
    """The name under which an image of these sources is found."""
    digest = hashlib.sha256(guest_file())
    for name in (*_LAYER, "Dockerfile.registry"):
        digest.update((_HERE / name).read_bytes())
    digest.update(" ".join(PACKAGES).encode())
    return f"{REPOSITORY}:{digest.hexdigest()[:12]}"


def find_image(client: DockerClient) -> Image | None:
    """The image of these sources, if it was built here."""
    from docker.errors import ImageNotFound

    try:
        found = client.images.get(tag())
    except ImageNotFound:
        return None
    return Image(tag(), str(found.id), found.labels.get(LABEL) == "rust")


def build_image(
    client: DockerClient, tell: Callable[[str], None], *, is_anew: bool = False
) -> Image:
    """Build what is missing, and tell of each step. Raises SandboxError."""
    from docker.errors import APIError, BuildError

    found = None if is_anew else find_image(client)
    if found is not None:
        return found
    base, kind = _base(client, tell, is_anew=is_anew)
    tell("adding what supervises a build")
    try:
        client.images.build(
            fileobj=_context(),
            custom_context=True,
            tag=tag(),
            buildargs={"BASE": base},
            labels={LABEL: kind},
            network_mode="none",
            rm=True,
            forcerm=True,
        )
    except (APIError, BuildError) as error:
        raise SandboxError(f"the image could not be built: {error}") from None
    made = find_image(client)
    assert made is not None
    return made


def _base(client: DockerClient, tell: Callable[[str], None], *, is_anew: bool) -> tuple[str, str]:
    """The first layer's name, and whether it holds a toolchain (`rust`) or not (`debian`)."""
    from docker.errors import APIError, BuildError, ImageNotFound

    words = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:12]
    for kind in ("rust", "debian"):
        name = f"{REPOSITORY}-base:{kind}-{words}"
        try:
            if not is_anew:
                client.images.get(name)
                return name, kind
        except ImageNotFound:
            pass
    tell(f"asking for {_RUST}")
    text = (_HERE / "Dockerfile.registry").read_text("utf-8")
    file = io.BytesIO(text.replace("PACKAGES", " ".join(PACKAGES)).encode())
    name = f"{REPOSITORY}-base:rust-{words}"
    try:
        client.images.build(fileobj=file, tag=name, pull=True, rm=True, forcerm=True)
    except (APIError, BuildError) as error:
        tell(f"no {_RUST} ({str(error).splitlines()[0][:120]}); making a Debian of our own")
    else:
        return name, "rust"
    name = f"{REPOSITORY}-base:debian-{words}"
    bootstrap(client, name, tell)
    return name, "debian"


def _context() -> io.BytesIO:
    out = io.BytesIO()
    rows = {name: (_HERE / name).read_bytes() for name in _LAYER}
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in {**rows, "init": guest_file()}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755
            archive.addfile(member, io.BytesIO(data))
    out.seek(0)
    return out
