"""The door to the container engine: connections, containers, and their removal whatever happens."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sandbox.errors import SandboxError, first_line
from sandbox.guest import wire

if TYPE_CHECKING:
    from docker.client import DockerClient
    from docker.models.containers import Container

_RUN, _OWNER = "cratescope.run", "cratescope.owner"
_MUX = struct.Struct(">BxxxI")
_SUPERVISOR = (
    *("SETUID", "SETGID", "SETPCAP", "SYS_PTRACE"),
    *("KILL", "CHOWN", "FOWNER", "DAC_OVERRIDE"),
)
"""What the supervisor of a build needs; the payload has none of it."""


def connect() -> DockerClient:
    """A client of the engine that the environment names, or the local one. Raises SandboxError."""
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env(timeout=120)
        client.ping()
    except (DockerException, OSError) as error:
        raise SandboxError(
            f"no container engine answers ({first_line(error)})",
            remedy="start Docker, or run without --sandbox",
        ) from None
    return client


@dataclass(frozen=True, slots=True)
class Room:
    """What a build may use. Its disk is memory: a payload that fills it fills that alone."""

    memory_bytes: int
    processors: float
    processes: int
    home_bytes: int
    temporary_bytes: int


class Session:
    """A conversation with the supervisor of a container.

    `on_output`, `on_event`, `on_trace` and `on_file` hear what it says; all of it is hostile.
    """

    def __init__(self, container: Container, client: DockerClient) -> None:
        self._container = container
        params = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        held = client.api.attach_socket(container.id, params=params)
        self._held = held
        self._socket: socket.socket = getattr(held, "_sock", held)
        self._pending = bytearray()
        self.on_output: Callable[[bytes], None] = _unheard
        self.on_trace: Callable[[bytes], None] = _unheard
        self.on_file: Callable[[bytes], None] = _unheard
        self.on_event: Callable[[bytes], None] = _unheard
        self.complaints = bytearray()

    def call(self, order: dict[str, object], body: bytes = b"", *, timeout_s: float) -> Any:
        """Send an order and listen until it is done. Raises SandboxError."""
        import json

        try:
            self._socket.settimeout(timeout_s)
            self._socket.sendall(wire.command(order, body))
            ears = {
                wire.OUTPUT: self.on_output,
                wire.TRACE: self.on_trace,
                wire.FILE: self.on_file,
                wire.EVENT: self.on_event,
            }
            until = time.monotonic() + timeout_s
            while (frame := wire.read_frame(self._exactly)) is not None:
                channel, data = frame
                if channel == wire.EVENT and b'"event": "done"' in data:
                    told = json.loads(data)
                    if told.get("event") == "done":
                        return _sound(told)
                ears[channel](data)
                self._socket.settimeout(max(0.1, until - time.monotonic()))
        except TimeoutError:
            raise SandboxError("the supervisor of the build does not answer") from None
        except (OSError, ValueError) as error:
            raise SandboxError(f"the supervisor of the build is lost: {error}") from None
        said = bytes(self.complaints[-300:]).decode("utf-8", "replace").strip()
        raise SandboxError(f"the supervisor of the build has ended {said}".strip())

    def end(self) -> None:
        """Let the supervisor go."""
        with contextlib.suppress(OSError):
            self._socket.sendall(wire.command({"do": "end"}))
        with contextlib.suppress(OSError):
            self._held.close()
            self._socket.close()

    def _exactly(self, size: int) -> bytes:
        """That many bytes of standard output; what comes on standard error is kept aside."""
        while len(self._pending) < size:
            head = self._raw(_MUX.size)
            if len(head) < _MUX.size:
                break
            stream, length = _MUX.unpack(head)
            data = self._raw(length)
            if stream == 1:
                self._pending += data
            else:
                self.complaints += data[:4096]
                del self.complaints[:-65_536]
        found = bytes(self._pending[:size])
        del self._pending[:size]
        return found

    def _raw(self, size: int) -> bytes:
        parts, left = [], size
        while left:
            data = self._socket.recv(min(left, 1 << 18))
            if not data:
                break
            parts.append(data)
            left -= len(data)
        return b"".join(parts)


def _unheard(_: bytes) -> None:
    """Nobody listens."""


def _sound(told: dict[str, Any]) -> dict[str, Any]:
    if "failure" in told:
        raise SandboxError(f"the supervisor could not {told.get('do')}: {told['failure']}")
    return told


class Boxes:
    """The containers of one run. Leaving the `with` removes them, whatever happened."""

    def __init__(self, client: DockerClient) -> None:
        self._client = client
        self.run = secrets.token_hex(8)
        self._labels = {_RUN: self.run, _OWNER: _me()}

    def __enter__(self) -> Boxes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        remove(self._client, {"label": f"{_RUN}={self.run}"})

    def sinkhole(self, image: str, argv: list[str], hostname: str) -> Container:
        """A container that is the network of the build: no interface leads out of it."""
        return self._create(
            image,
            argv,
            network_mode="none",
            hostname=hostname,
            cap_add=["NET_ADMIN", "NET_BIND_SERVICE", "SETUID", "SETGID"],
            sysctls={"net.ipv6.conf.all.disable_ipv6": "0"},
            tmpfs={"/tmp": "size=64m", "/run": "size=8m"},  # noqa: S108  # inside the container
            mem_limit="512m",
            memswap_limit="512m",
            pids_limit=600,
        )

    def build(
        self, image: str, network: Container, home: str, room: Room, mounts: Mapping[str, str]
    ) -> Container:
        """A container for the payload, in the sinkhole's network; `mounts` are read-only."""
        return self._create(
            image,
            [],
            network_mode=f"container:{network.id}",
            cap_add=list(_SUPERVISOR),
            tmpfs={
                home: f"exec,size={room.home_bytes},mode=0755",
                "/tmp": f"exec,size={room.temporary_bytes},mode=1777",  # noqa: S108
                "/var/tmp": "exec,size=64m,mode=1777",  # noqa: S108
                "/etc": "size=16m,mode=0755",
                "/run": "size=8m,mode=0755",
            },
            mounts=[_mount(host, inside) for inside, host in mounts.items()],
            mem_limit=room.memory_bytes,
            memswap_limit=room.memory_bytes,
            nano_cpus=int(room.processors * 1e9),
            pids_limit=room.processes,
            stdin_open=True,
        )

    def session(self, container: Container) -> Session:
        """Attach to a container of this run and start it. Raises SandboxError."""
        from docker.errors import APIError

        try:
            session = Session(container, self._client)
            container.start()
        except (APIError, OSError) as error:
            raise SandboxError(f"a container could not be started: {first_line(error)}") from None
        return session

    def _create(self, image: str, argv: list[str], **options: Any) -> Container:
        from docker.errors import APIError
        from docker.types import LogConfig

        try:
            return self._client.containers.create(
                image,
                argv,
                name=f"box-{self.run}-{secrets.token_hex(3)}",
                labels=self._labels,
                read_only=True,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                log_config=LogConfig(type="none"),
                ipc_mode="private",
                oom_score_adj=200,
                **options,
            )
        except APIError as error:
            raise SandboxError(f"a container could not be made: {first_line(error)}") from None


def _mount(host: str, inside: str) -> Any:
    from docker.types import Mount

    return Mount(inside, host, type="bind", read_only=True)


def _me() -> str:
    """What tells another process whether this one still lives."""
    return f"{socket.gethostname()} {os.getpid()} {_started(os.getpid())}"


def _started(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty if there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]


def reap(client: DockerClient) -> int:
    """Remove containers whose owner on this machine is gone (killed, or the power failed)."""
    gone = 0
    for one in client.containers.list(all=True, filters={"label": _RUN}, ignore_removed=True):
        host, _, rest = str(one.labels.get(_OWNER, "")).partition(" ")
        pid, _, began = rest.partition(" ")
        if host == socket.gethostname() and pid.isdigit() and _started(int(pid)) != began:
            _remove(one)
            gone += 1
    return gone


def remove(client: DockerClient, filters: Mapping[str, str]) -> None:
    """Remove containers with all they left, running or not."""
    for one in client.containers.list(all=True, filters=dict(filters), ignore_removed=True):
        _remove(one)


def _remove(container: Container) -> None:
    from docker.errors import APIError, NotFound

    for _ in range(3):
        try:
            container.remove(force=True, v=True)
        except NotFound:
            return
        except APIError:
            time.sleep(0.2)  # being removed already, or busy
        else:
            return


def lines_of(container: Container, client: DockerClient) -> Iterator[bytes]:
    """What a container writes to its standard output, from its start, line by line."""
    held = client.api.attach_socket(container.id, params={"stdout": 1, "stream": 1})
    held_socket: socket.socket = getattr(held, "_sock", held)
    held_socket.settimeout(None)
    pending = b""
    try:
        with held_socket.makefile("rb") as stream:
            while len(head := stream.read(_MUX.size)) == _MUX.size:
                data = stream.read(_MUX.unpack(head)[1])
                *whole, pending = (pending + data).split(b"\n")
                yield from whole
                if len(pending) > 32 << 20:
                    return
    except OSError:
        return  # the container is gone
    finally:
        held.close()
        held_socket.close()
