"""Whose containers are removed: those of processes of this machine that have ended, no others."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox import engine
from sandbox.engine import Boxes, Session, reap
from sandbox.errors import SandboxError
from sandbox.guest import wire


@dataclass
class Container:
    """What the engine says of one, and whether it was removed."""

    labels: Mapping[str, str]
    is_removed: bool = False

    def remove(self, *, force: bool, v: bool) -> None:
        assert force
        assert v
        self.is_removed = True


@dataclass
class Client:
    """As much of an engine's client as lists containers; filters are the engine's own matter."""

    rows: list[Container] = field(default_factory=list)
    asked: list[object] = field(default_factory=list)

    @property
    def containers(self) -> Any:
        return self

    def list(self, **options: Any) -> list[Container]:
        self.asked.append(options["filters"])
        return [one for one in self.rows if not one.is_removed]


def owned(owner: str) -> Container:
    return Container({"cratescope.run": "x", "cratescope.owner": owner})


def reaped(*rows: Container) -> list[bool]:
    client: Any = Client(list(rows))
    reap(client)
    return [one.is_removed for one in rows]


HOST = socket.gethostname()


def test_containers_of_the_living_stay() -> None:
    assert reaped(owned(engine._me())) == [False]


def test_containers_of_an_ended_process_go() -> None:
    process = os.fork()
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)
    assert reaped(owned(f"{HOST} {process} 12345")) == [True]


def test_a_process_number_given_again_is_another_process() -> None:
    assert reaped(owned(f"{HOST} {os.getpid()} 1")) == [True]


@pytest.mark.parametrize("owner", ["", "elsewhere 4194304 1", f"{HOST}", f"{HOST} x 1"])
def test_containers_of_other_machines_and_of_nobody_known_stay(owner: str) -> None:
    assert reaped(owned(owner)) == [False]


def test_only_containers_with_our_label_are_asked_for() -> None:
    client: Any = Client()
    reap(client)
    assert client.asked == [{"label": "cratescope.run"}]


def test_leaving_removes_the_containers_of_this_run_whatever_happened() -> None:
    client: Any = Client([owned(engine._me())])
    with pytest.raises(RuntimeError), Boxes(client) as boxes:
        raise RuntimeError
    assert client.rows[0].is_removed
    assert client.asked == [{"label": f"cratescope.run={boxes.run}"}]


def test_two_runs_have_different_names() -> None:
    client: Any = Client()
    assert Boxes(client).run != Boxes(client).run


# What a container says ----------------------------------------------------------------------------


@dataclass
class Speaker:
    """A container at the other end of a session, which says parts: stream number and bytes."""

    session: Session
    far: socket.socket

    def says(self, *parts: tuple[int, bytes]) -> Session:
        for stream, data in parts:
            self.far.sendall(struct.pack(">BxxxI", stream, len(data)) + data)
        return self.session


@pytest.fixture
def speaker() -> Iterator[Speaker]:
    near, far = socket.socketpair()
    client: Any = SimpleNamespace(api=SimpleNamespace(attach_socket=lambda *_, **__: near))
    container: Any = SimpleNamespace(id="x")
    made = Session(container, client)
    yield Speaker(made, far)
    made.end()
    far.close()


def said(channel: bytes, data: bytes) -> bytes:
    return b"".join(wire.frames(channel, data))


DONE = said(wire.EVENT, b'{"event": "done", "do": "run", "code": 0}')


def test_frames_in_any_pieces_reach_their_ears(speaker: Speaker) -> None:
    data = said(wire.TRACE, b"line\n") + said(wire.OUTPUT, b"words") + DONE
    made = speaker.says(*((1, data[at : at + 3]) for at in range(0, len(data), 3)))
    heard: list[bytes] = []
    made.on_trace, made.on_output = heard.append, heard.append
    assert made.call({"do": "run"}, timeout_s=5)["code"] == 0
    assert heard == [b"line\n", b"words"]


def test_complaints_are_kept_apart_and_told_at_the_end(speaker: Speaker) -> None:
    made = speaker.says((2, b"Traceback: no room"))
    speaker.far.shutdown(socket.SHUT_WR)
    with pytest.raises(SandboxError, match="has ended Traceback: no room"):
        made.call({"do": "run"}, timeout_s=5)


def test_complaints_have_an_end(speaker: Speaker) -> None:
    made = speaker.says(*[(2, b"x" * 4096)] * 40, (1, DONE))
    made.call({"do": "run"}, timeout_s=5)
    assert len(made.complaints) <= 65_536


def test_silence_is_an_error_in_its_time(speaker: Speaker) -> None:
    made = speaker.says()
    with pytest.raises(SandboxError, match="does not answer"):
        made.call({"do": "run"}, timeout_s=0.2)


def test_nonsense_is_an_error(speaker: Speaker) -> None:
    made = speaker.says((1, b"nonsense and more of it"))
    with pytest.raises(SandboxError, match="is lost"):
        made.call({"do": "run"}, timeout_s=5)


def test_a_failure_inside_is_an_error_with_its_words(speaker: Speaker) -> None:
    text = b'{"event": "done", "do": "run", "failure": "OSError: no room"}'
    made = speaker.says((1, said(wire.EVENT, text)))
    with pytest.raises(SandboxError, match="could not run: OSError: no room"):
        made.call({"do": "run"}, timeout_s=5)
